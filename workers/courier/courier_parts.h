// courier_parts.h - what the courier's files share: its state, and the steps of a turn. For them alone.
#pragma once
#include "workers/courier/doubt.h"
#include "workers/courier/feed.h"
#include "workers/courier/pending.h"
#include "workers/courier/unheard.h"
#include "workers/courier/usage.h"
#include "workers/fork/child.h"

struct courier {
	const struct kit *kit;
	const struct plane_view *view;
	struct feed *feed;
	uint32_t greeted; // connection that has had our Hello
	bool welcomed;    // and has answered it
	uint64_t greeted_ns;
	struct pending *pending;
	struct doubt doubt[SHARDS];
	uint32_t seats;                    // set of those that are of our nest
	uint8_t owner[SHARDS];             // courier_place as last seen,
	uint32_t taken[SHARDS];            // and how often the shard had been taken
	uint64_t counted[SHARDS / 64];     // shards that were not elsewhere when the last pass over the counters began
	uint32_t change_head[PLANE_SEATS]; // ours; the pages hold their published copies
	uint32_t report_tail[PLANE_SEATS]; // read up to here; the pages say up to where ctrl has what it needs
	struct unheard unheard;
	struct usage *usage;
	uint64_t usage_at_ns; // when the next pass begins
	uint64_t usage_interval_ns;
	bool scanning;
	bool leaving; // the plane is dead: a last pass over the counters, and no other after it
	struct feed_word heard;
	struct feed_word said;   // reports on their way to the outbox
	struct feed_word usages; // same for usage
};

// courier_turn.c. 0 or -errno, logged where ctrl's socket is at fault. A turn returns how much it did.
int courier_open(struct courier *courier, const struct kit *kit, const char *run_dir);
void courier_close(struct courier *courier);
unsigned courier_turn(struct courier *courier);
void courier_stand(const struct courier *courier, struct feed_stand *stand, unsigned shard); // where a shard stands

// The primary is gone, and this process holds the last of the plane's memory: from now on turns tell what it has counted.
// courier_left: ctrl has confirmed all of it, or is not there.
void courier_leave(struct courier *courier);
bool courier_left(const struct courier *courier);

// courier_changes.c
unsigned courier_receive(struct courier *courier); // words of ctrl
unsigned courier_post(struct courier *courier);    // changes into rings

// courier_seats.c
#define COURIER_ELSEWHERE 254u                     // a seat of another nest: its courier speaks for the shard
void courier_watch_first(struct courier *courier); // which seats are ours, where shards are
void courier_watch(struct courier *courier);       // what has changed since
void courier_choose(struct courier *courier);      // shards for the pass over the counters that begins now
void courier_choose_all(struct courier *courier);  // for a last pass

// The seat of ours the shard belongs to, COURIER_ELSEWHERE, or PLANE_SEAT_NONE.
unsigned courier_place(const struct courier *courier, unsigned shard);

// The seat that may be given the shard's changes now, or PLANE_SEAT_NONE: the map and the region must agree.
unsigned courier_owner(const struct courier *courier, unsigned shard);

static inline bool courier_has(const struct courier *courier, unsigned seat)
{
	return courier->seats >> seat & 1;
}

// courier_reports.c. Only while ctrl listens (welcomed).
unsigned courier_report(struct courier *courier); // reports and gaps to ctrl
unsigned courier_tell_usage(struct courier *courier);
void courier_reports_again(struct courier *courier);      // a connection begins: what was not confirmed is told again
bool courier_reports_wait(const struct courier *courier); // whether there are reports to take
