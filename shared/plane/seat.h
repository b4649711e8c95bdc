// seat.h - the memory of one seat: three 2 MB pages, one per writer.
//
// Memzone "shoal_seat_<n>": page 0 is written by the primary, page 1 by the worker, page 2 by the courier. Each may
// read the others' pages. A worker may map page 0 and 2 read-only. Whoever restarts finds its place from the
// published indices. After a death, and only once the pidfd has spoken, the primary resets both lanes, the four words and
// stats; the change and report rings go on where they are (an impossible index is set to its peer's).
//
// A seat's life, told by two words with one writer each (`wanted` by the primary, `state` by the worker):
//
//   FREE --nursery forks--> STARTING --loop is running--> READY --wanted STOP, shards gone--> LEFT --exit--> FREE
//                              any state --death--> the primary's reaper --> FREE (generation + 1)
#pragma once
#include <stdatomic.h>
#include <stdint.h>
#include "shared/plane/lane.h"
#include "shared/wire/change.h"

enum seat_state { SEAT_FREE, SEAT_STARTING, SEAT_READY, SEAT_LEFT, SEAT_STATES };
enum seat_wanted { SEAT_REST, SEAT_RUN, SEAT_STOP };

// Page 0. w: primary
struct seat_primary_page {
	_Alignas(64) _Atomic uint32_t wanted; // enum seat_wanted
	_Atomic uint32_t generation;          // grows with every worker that sits here
	struct ring_index in_head;
	struct ring_index out_tail;
	_Alignas(64) struct lane_handle in[LANE_SLOTS];
};

// What the loop did since it sat down. Cumulative, relaxed stores by the loop, published in housekeeping.
struct seat_stats {
	uint64_t loops, idle_loops; // turns of the loop; those that found nothing
	uint64_t bursts, packets;   // taken from lane.in
	uint64_t busy_ticks;        // clock ticks spent on bursts
	uint64_t sleeps;            // times it blocked on its doorbell
	uint64_t changes, refused;  // applied; refused by the range check
};

// SEAT_HINTS: reads shard_hint() where it is lent LANE_DOWNLINK. SEAT_FENCES: takes LANE_RELEASE. SEAT_LOSSES: says whose packets wait, and takes LANE_LOST.
enum seat_hinted { SEAT_HINTS = 1, SEAT_FENCES = 2, SEAT_LOSSES = 4 };

// Page 1. w: worker
struct seat_worker_page {
	// Robust futex word (robust_list(2)): the loop thread's TID while it lives; the kernel sets FUTEX_OWNER_DIED
	// when that thread ends. The primary reads it once a loop; a hint only, the pidfd confirms.
	_Alignas(64) _Atomic uint32_t life;
	_Atomic uint32_t state;    // enum seat_state
	_Atomic uint32_t sleeping; // 1 = blocked on its doorbell or about to; whoever posts then rings
	_Atomic uint32_t crashed;  // signal number, set by the fatal-signal handler
	_Atomic uint32_t
	    hinted; // enum seat_hinted: what the build knows; earlier ones leave 0, and want the shard alone in a downlink hint
	struct ring_index in_tail;
	struct ring_index out_head;
	struct ring_index change_tail;
	struct ring_index report_head;
	_Alignas(64) struct seat_stats stats;
	_Alignas(64) struct lane_handle out[LANE_SLOTS];
	_Alignas(64) struct report reports[REPORT_SLOTS];
};

// Page 2. w: courier
struct seat_courier_page {
	struct ring_index change_head;
	struct ring_index report_tail;
	_Alignas(64) _Atomic uint32_t sleeping; // as above, for reports
	_Alignas(64) struct change changes[CHANGE_SLOTS];
};

struct seat {
	struct seat_primary_page *primary;
	struct seat_worker_page *worker;
	struct seat_courier_page *courier;
};

_Static_assert(sizeof(struct seat_primary_page) <= PLANE_PAGE, "a writer has one page");
_Static_assert(sizeof(struct seat_worker_page) <= PLANE_PAGE, "a writer has one page");
_Static_assert(sizeof(struct seat_courier_page) <= PLANE_PAGE, "a writer has one page");

// Finds the three pages in a mapped seat zone of 3 * PLANE_PAGE bytes.
static inline struct seat seat_at(void *zone)
{
	uint8_t *page = zone;

	return (struct seat){ (void *)page, (void *)(page + PLANE_PAGE), (void *)(page + 2 * PLANE_PAGE) };
}

// Sits the calling thread down: registers `life` with the kernel as a robust futex holding this thread's TID.
// Once per process, from the thread that will run the loop. Replaces the C library's robust list: the process must not
// use robust pthread mutexes. Returns 0, -EBUSY if somebody sits here already, or -errno.
int seat_sit(struct seat_worker_page *page);

#define SEAT_LIFE_DIED 0x40000000u // FUTEX_OWNER_DIED
