// feed.h - the conversation with the courier of one nest: push's batches out, hellos and reports in (proto/talk.h).
//
// Nothing blocks: one message may wait for room in the socket, and the rest waits in the chains. The main thread owns it.
#pragma once
#include <poll.h>
#include "ctrl/feed/push.h"
#include "ctrl/feed/hearing.h"
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
	feed_usage_heard *usage;
	feed_gauge_heard *gauge;
	const struct hearing_progress *progress; // how far what was heard is durable
	void *with;
};

// 0, or -errno with a log line.
int feed_open(const struct feed_needs *needs, struct feed **feed);
void feed_close(struct feed *feed);

// Lets the courier in, and hears what it says: when feed_poll has something, or as often as is convenient.
void feed_serve(struct feed *feed);
struct pollfd feed_poll(const struct feed *feed);

// Sends what may be sent; after every change, and every 100 ms.
void feed_pump(struct feed *feed);

// Null, or why this courier is none of ours (in *refuse).
const char *feed_judge(const struct feed_needs *needs, const struct feed_hello *hello, struct feed_refuse *refuse);
