// lane.c - lends and takes handles over a seat's rings. The primary's loop only; waits for nobody.
#include "primary/lane/lane.h"

#include <string.h>

#include "shared/base/bell.h"

void lane_init(struct lane *lane, struct seat pages, int bell)
{
	lease_reset(&lane->lease);
	lane->pages = pages;
	lane->bell = bell;
	lane->published = lane->turned = lane->rung = lane->out_tail = 0;
}

int lane_look(const struct lane *lane)
{
	// The receipt follows the results, so it may be a burst late.
	int space = ring_space(lane->lease.head, &lane->pages.worker->in_tail, LANE_SLOTS + LANE_BURST);

	return space < 0 ? space : 0;
}

// A function for itself, as in the worker's loop: what it locks is counted by name (tests/bench/tables/locked.py).
static __attribute__((noinline)) void lane_settle(struct lane *lane)
{
	lane->rung = lane->published;
	bell_ring_if(&lane->pages.worker->sleeping, lane->bell);
}

void lane_publish(struct lane *lane)
{
	if (lane->rung == lane->lease.head)
		return;
	if (lane->turned == lane->lease.head) {
		lane_settle(lane);
		return;
	}
	lane_show(lane);
	lane->turned = lane->published;
	if (bell_dozes(&lane->pages.worker->sleeping))
		lane_settle(lane);
}

int lane_take(struct lane *lane, struct lane_handle *back)
{
	int ready = ring_ready(lane->out_tail, &lane->pages.worker->out_head, LANE_SLOTS);

	if (ready <= 0) {
		// The next handles' line comes along with the index then, not behind it.
		__builtin_prefetch(&lane->pages.worker->out[lane->out_tail % LANE_SLOTS]);
		return ready;
	}
	if (ready > (int)LANE_BURST)
		ready = LANE_BURST;
	lane_get(back, lane->pages.worker->out, lane->out_tail, (unsigned)ready);
	lane->out_tail += (uint32_t)ready;
	ring_publish(&lane->pages.primary->out_tail, lane->out_tail);
	return ready;
}

// A courier or worker goes on from the published index; one that is impossible would stop the ring for ever.
static void ring_mend(struct ring_index *own, const struct ring_index *peer, uint32_t distance, uint32_t slots)
{
	if (distance > slots)
		ring_publish(own, ring_resume(peer));
}

void lane_reset(struct lane *lane)
{
	struct seat_primary_page *primary = lane->pages.primary;
	struct seat_worker_page *worker = lane->pages.worker;
	struct seat_courier_page *courier = lane->pages.courier;

	lane_init(lane, lane->pages, lane->bell);
	ring_publish(&primary->in_head, 0);
	ring_publish(&primary->out_tail, 0);
	ring_publish(&worker->in_tail, 0);
	ring_publish(&worker->out_head, 0);
	ring_mend(&worker->change_tail, &courier->change_head,
		  ring_resume(&courier->change_head) - ring_resume(&worker->change_tail), CHANGE_SLOTS);
	ring_mend(&worker->report_head, &courier->report_tail,
		  ring_resume(&worker->report_head) - ring_resume(&courier->report_tail), REPORT_SLOTS);
	memset(&worker->stats, 0, sizeof(worker->stats));
	atomic_store(&worker->sleeping, 0);
	atomic_store(&worker->crashed, 0);
	atomic_store_explicit(&worker->hinted, 0, memory_order_relaxed);
	atomic_store(&worker->state, SEAT_FREE);
	atomic_store(&primary->generation, atomic_load(&primary->generation) + 1);
	atomic_store(&worker->life, 0); // last: from here on somebody else may sit down
}
