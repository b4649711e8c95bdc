// reap.c - carries out a worker's last will. The primary's loop.
#include "primary/reap.h"

#include "primary/loop.h"
#include "primary/move.h"
#include "primary/tx.h"

// Puts what the seat still held before everything that waits, the newest first, so that the oldest ends up in front. Fences
// are dropped: the map decides again.
static uint64_t reap_park(struct loop *loop, unsigned seat, bool suspects)
{
	struct lane_handle lent;
	uint64_t parked = 0;
	bool in_hand;

	while (lease_pop(&loop->lane[seat].lease, &lent, &in_hand)) {
		if (lease_fence(&lent))
			continue;
		if (suspects && in_hand && (lent.code & LEASE_SUSPECT)) {
			tx_end(loop, lent.room, VERDICT_POISON);
			continue;
		}
		if (suspects && in_hand)
			lent.code |= LEASE_SUSPECT;
		hold_front(&loop->hold, seat == PLANE_SEAT_SLOW ? HOLD_SLOW : (uint8_t)lent.hint, &lent);
		parked++;
	}
	return parked;
}

void reap_seat(struct loop *loop, unsigned seat, bool suspects)
{
	struct crew *crew = &loop->crew[seat];
	bool planned = crew->phase == CREW_LEAVING;
	uint64_t parked;

	crew->phase = CREW_DEAD;
	crew->killing = !crew->exited;
	loop->seated &= ~(1u << seat);
	loop->fed &= ~(1u << seat);
	tx_lane(loop, seat, LANE_SLOTS / LANE_BURST);
	parked = reap_park(loop, seat, suspects);
	if (seat != PLANE_SEAT_SLOW)
		move_lost(loop, seat);
	loop->tally.seat[seat].replayed += parked;
	loop->tally.seat[seat].deaths += !planned;
	loop_tell(loop, (struct post_word){ .verb = planned ? POST_LEFT : POST_DOWN,
					    .seat = seat,
					    .pid = crew->pid,
					    .shard = (uint32_t)parked,
					    .value = crew->blame });
	if (crew->exited)
		reap_reset(loop, seat);
}

// Nobody will come for what waits for a slow lane that is not wanted.
static void reap_refuse_slow(struct loop *loop)
{
	while (!hold_empty(&loop->hold, HOLD_SLOW))
		tx_end(loop, hold_pop(&loop->hold, HOLD_SLOW).room, VERDICT_SLOW_FULL);
}

void reap_reset(struct loop *loop, unsigned seat)
{
	struct crew *crew = &loop->crew[seat];

	watch_sit(loop->part.watch, seat, 0);
	lane_reset(&loop->lane[seat]);
	atomic_store(&loop->lane[seat].pages.primary->wanted, SEAT_REST);
	*crew = (struct crew){ .phase = CREW_FREE, .wanted = crew->wanted };
	if (seat == PLANE_SEAT_SLOW && !crew->wanted)
		reap_refuse_slow(loop);
}
