// loop.h - the packet loop of one worker: packets through lanes, changes from the change ring, nothing else.
//
// One thread, private state, plain memory: it runs as well on pages a test has made. A turn is: peek a burst of lane.in, work,
// publish lane.out, then give lane.in back; apply some changes; now and then keep house. No lock, no allocation, no log; system
// calls only to sleep and, once a second, to see whether the primary lives.
#pragma once
#include "shared/base/offer.h"
#include "workers/loop/anew.h"
#include "workers/loop/apply.h"
#include "workers/loop/audit.h"
#include "workers/loop/awake.h"
#include "workers/pipe/ruled_pieces.h"
#include "workers/pipe/ruled_tell.h"

// Turns n <= LANE_BURST handles from what was lent into what comes back (pipe_burst, slow_burst). Never sees a fence.
typedef void loop_work(void *with, struct lane_handle *handles, unsigned n, uint64_t now);

// Descriptors a loop may touch; -1 = none, as in tests.
struct loop_wires {
	int bell;          // ours
	int bell_primary;  // rung when we posted and the primary sleeps
	int bell_courier;  // rung when we reported and the courier sleeps
	int primary_pidfd; // readable when the primary is gone
};

struct loop {
	const struct plane_view *view;
	struct seat seat;
	struct loop_wires wires;
	struct pipe pipe;
	struct tenure tenure;
	struct reports reports;
	struct anew anew;
	struct apply apply;
	struct audit audit;
	struct ruled_pieces pieces;
	struct ruled_tells tells; // of the packets that were worked last
	loop_work *work;
	void *with;
	struct lane_handle burst[2][LANE_BURST]; // in hand, and the next one
	unsigned hand;                           // which is in hand, or will be
	bool peeked;                             // its handles have been taken from the lane already
	uint32_t in_tail, out_head;              // ours; the pages hold their published copies
	uint32_t out_space;                      // handles that lane.out took when we looked last
	bool owed;                               // results were published, and the primary was not seen to sleep
	struct seat_stats stats;                 // published in housekeeping
	uint64_t worked_at;                      // clock of the last turn that had something to do
	uint64_t turned_at;                      // clock of the last turn
	uint64_t kept_at, stood_at; // clock of the last housekeeping; of the last word on where our shards stand
	uint64_t house_ticks;       // least clock ticks between two housekeepings while there is work
	unsigned idle;              // turns in a row that found nothing
	struct offer offer;
	struct awake awake;
	bool house_left; // something is left to do, so do not sleep
	bool primary_gone;
};

// For seat `number`, with the pipe as its work. A loop is large and never moves.
void loop_open(struct loop *loop, const struct plane_view *view, unsigned number, const struct loop_wires *wires);
void loop_set_work(struct loop *loop, loop_work *work, void *with);

// One turn. Returns what it did: handles returned plus changes; 0 = idle.
unsigned loop_turn(struct loop *loop);

// Publishes statistics, looks through the shards held, reports where shards stand, looks for the primary; cheap if it is too
// soon. `now` is the clock of the turn.
void loop_keep_house(struct loop *loop, uint64_t now);

// Turns until the seat is wanted no more and has nothing left, or the primary is gone.
void loop_run(struct loop *loop);
