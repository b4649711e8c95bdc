// loop.h - the primary's packet loop: one thread that owns ports, lanes, leases, hold, shard map, next hops and steering.
//
// A turn: ports -> lanes -> ports, moves, deaths; it never waits, allocates, logs or calls the system, but for the ports
// themselves and doorbells. The fleet thread does all that; between the two are posts (post.h) and a board of counters (tally.h).
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/edge/among.h"
#include "primary/edge/neigh.h"
#include "primary/edge/quarantine.h"
#include "primary/edge/steer.h"
#include "primary/lane/lane.h"
#include "primary/loop/crew.h"
#include "primary/loop/hold.h"
#include "primary/loop/join.h"
#include "primary/loop/loss.h"
#include "primary/loop/map.h"
#include "primary/loop/marker.h"
#include "primary/loop/park.h"
#include "primary/loop/record.h"
#include "primary/loop/release.h"
#include "primary/loop/tally.h"
#include "primary/loop/trace.h"
#include "primary/loop/watch.h"
#include "primary/nic/nic.h"
#include "shared/base/offer.h"
#include "shared/plane/nest.h"

struct loop_parts {
	const struct conf *conf;
	const struct plane_view *view;
	struct nic *nic;
	struct post *orders;       // fleet thread -> us
	struct post *facts;        // us -> fleet thread
	struct watch *watch;       // looks at workers in doubt
	struct record *records;    // us -> fleet thread: RECORDS of them, packets that killed
	struct tally_board *board; // us -> fleet thread
	int bell[NEST_BELLS];
};

// Clock ticks to nanoseconds without a division: ns = base_ns + (ticks - base_ticks) * ratio_q24 >> 24.
struct loop_clock {
	uint64_t base_ticks, base_ns;
	uint64_t ratio_q24;
};

struct loop {
	struct loop_parts part;
	struct neigh *neigh;
	struct steer *steer;
	unsigned ports;
	uint32_t devices; // set of the ports that frames are taken from
	struct networks networks;
	uint32_t looks; // set of what is looked for in frames at the door beside where they go: enum look (look.h)
	uint64_t now_ns;
	uint32_t seated;                   // set of seats with somebody whose lanes are read: STARTING to CONDEMNED
	uint32_t fed;                      // of those, READY or DRAINING: may be lent packets
	uint32_t plain;                    // of the seated, those whose build reads but a shard in a downlink hint
	uint32_t fences;                   // of the seated, those whose build takes LANE_RELEASE
	uint32_t alone;                    // of the seated, those with suspects: they are lent nothing else
	uint32_t unsent;                   // set of ports with frames in their transmit buffer
	uint32_t link;                     // set of ports whose link is up
	uint32_t hold_limit;               // packets that may wait for one seat
	uint32_t doubts;                   // number of the last doubt about a worker
	unsigned resume_from[PLANE_SEATS]; // shard at which the hold is looked at next, so that each has its turn
	struct map map;
	uint64_t cut_ns[SHARDS]; // when its CUT was lent, as long as it moves by plan; 0 = it does not
	struct hold hold;
	struct park park;
	struct release_drops drop; // under way
	uint64_t shut_ns[SHARDS];  // when it was shut for a release; 0 = not, or not by it alone
	uint8_t shut_by[SHARDS];   // the seat whose fences it waits for
	struct crew crew[PLANE_SEATS];
	struct tally tally;
	struct quarantine quarantine;
	struct traces traces;
	struct record_death suspicion; // the last death that left suspects
	struct markers markers;
	struct among among;
	struct join join;
	uint32_t cut_id; // of the last packet sent in fragments (cut.h)
	uint32_t
	    own_waiting; // of what waits at next hops: what we send ourselves (own.h), and fragments but the first ones
	uint8_t *
	    fate; // by hold_index: the verdict to count when neigh sends this room; LOOP_OWN and below = ours, not counted
	struct loop_clock clock;
	uint64_t keep_ns, neigh_ns, show_ns; // when housekeeping is due
	uint64_t mute_until_ns;              // until then nobody is told that a tunnel has no session
	uint32_t idle;                       // turns in a row that found nothing
	struct offer offer;
	int epoll;
	uint64_t busy_ns; // when something was found last
	bool blind;       // some port can't wake us
	bool ending, ended;
	uint64_t end_ns;
	struct lane lane[PLANE_SEATS];
	uint32_t losers; // of the seated, those whose build takes LANE_LOST
	struct losses losses;
};

#define LOOP_OWN 255u    // fates that are no verdicts: an answer of neigh's,
#define LOOP_MARKER 254u // and what may wait at a next hop though nobody sent it: an End Marker (own.h),
#define LOOP_PIECE 253u  // a fragment but the first one (cut.h),
#define LOOP_ECHO 252u   // an Echo Request (own.h)

// Allocates everything the loop will ever need. 0, or -errno with a log line. loop_free: after the loop has ended.
int loop_make(const struct loop_parts *parts, struct loop **loop);
void loop_free(struct loop *loop);

// One turn at this time; returns how much it found to do.
unsigned loop_turn(struct loop *loop, uint64_t now_ns);

uint64_t loop_now(struct loop *loop); // ns; never goes back

// Turns and sleeps until POST_END has been carried out.
void loop_run(struct loop *loop);

// Lends fences that are due, and wakes whom they are for: they begin with them while we look after the packets behind. How many.
unsigned loop_fences(struct loop *loop);
bool loop_tell(struct loop *loop, struct post_word fact); // posts; false: no place, it is dropped
