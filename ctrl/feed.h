// feed.h - the conversation with the courier of one nest: push's batches out, hellos and reports in, over an NNG PAIR.
//
// Sends never block: a few messages may be on their way, and the rest waits in the chains. The main thread owns it; NNG's
// threads only post.
#pragma once
#include "ctrl/hearing.h"
#include "ctrl/inbox.h"
#include "ctrl/push.h"
#include "shared/base/conf.h"

struct feed;

// Counters of living sessions, cumulative since their TEID was set.
typedef void feed_usage_heard(void *with, const struct feed_usage *usage);

// Likewise of one of its URRs.
typedef void feed_gauge_heard(void *with, const struct feed_gauge *gauge);

struct feed_needs {
	unsigned link; // nest whose courier is meant
	const struct conf *conf;
	const struct place *place;
	const struct grid *grid;
	struct push *push;
	struct inbox *inbox;
	feed_usage_heard *usage;
	feed_gauge_heard *gauge;
	const struct hearing_progress *progress; // how far what was heard is durable
	void *with;
};

// 0, or -errno with a log line. Whoever connects is heard from the next inbox_run on.
int feed_open(const struct feed_needs *needs, struct feed **feed);
void feed_close(struct feed *feed);

void feed_tick(struct feed *feed, uint64_t now_ns); // keeps the door open

// Sends what may be sent; after every change, and every 100 ms.
void feed_pump(struct feed *feed);

// Null, or why this courier is none of ours (in *refuse).
const char *feed_judge(const struct feed_needs *needs, const struct feed_hello *hello, struct feed_refuse *refuse);
