// courier_parts.h - what the courier's three files share: its state, and the steps of a turn. For them alone.
#pragma once
#include "workers/child.h"
#include "workers/doubt.h"
#include "workers/feed.h"
#include "workers/pending.h"
#include "workers/usage.h"

struct courier {
	const struct kit *kit;
	const struct plane_view *view;
	struct feed *feed;
	uint32_t greeted; // connection that has had our Hello
	bool welcomed;    // and has answered it
	struct pending *pending;
	struct doubt doubt[SHARDS];
	uint8_t owner[SHARDS];                                       // as last seen
	uint32_t change_head[PLANE_SEATS], report_tail[PLANE_SEATS]; // ours; the pages hold their published copies
	struct usage *usage;
	uint64_t usage_at_ns; // when the next pass begins
	uint64_t usage_interval_ns;
	bool scanning;
	struct feed_word heard;
	struct feed_word said;   // reports on their way to the outbox
	struct feed_word usages; // same for usage
};

// courier_turn.c. 0 or -errno, logged where ctrl's socket is at fault. A turn returns how much it did.
int courier_open(struct courier *courier, const struct kit *kit, const char *run_dir);
void courier_close(struct courier *courier);
unsigned courier_turn(struct courier *courier);
void courier_stand(const struct courier *courier, struct feed_stand *stand, unsigned shard); // where a shard stands

// courier_changes.c
unsigned courier_receive(struct courier *courier);  // words of ctrl
unsigned courier_post(struct courier *courier);     // changes into rings
void courier_watch_owners(struct courier *courier); // shards that moved

// The seat that may be given the shard's changes now, or PLANE_SEAT_NONE: the map and the region must agree.
unsigned courier_owner(const struct courier *courier, unsigned shard);

// courier_reports.c. Only while ctrl listens (welcomed).
unsigned courier_report(struct courier *courier); // reports and gaps to ctrl
unsigned courier_tell_usage(struct courier *courier);
bool courier_reports_wait(const struct courier *courier); // whether there are reports to take
