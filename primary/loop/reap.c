// reap.c - carries out a worker's last will. The primary's loop.
#include "primary/loop/reap.h"

#include <string.h>

#include "primary/loop/loop.h"
#include "primary/loop/marker.h"
#include "primary/loop/move.h"
#include "primary/loop/release.h"
#include "primary/loop/tx.h"

static struct record_death reap_death(const struct loop *loop, unsigned seat)
{
	uint32_t signal = atomic_load(&loop->lane[seat].pages.worker->crashed);

	return (struct record_death){ seat, loop->crew[seat].blame == POST_CRASHED ? signal & 0x7f : 0 };
}

// Its session is set apart from now on; people, and ctrl, hear of it from the fleet thread.
static void reap_poison(struct loop *loop, unsigned seat, const struct lane_handle *lent)
{
	const uint8_t *packet = room_at(&loop->part.view->rooms, lent->room) + lent->offset;
	struct record *record = record_take(loop->part.records);

	if (record) {
		record->suspect = quarantine_whose(&loop->quarantine, lent, packet);
		record->number = quarantine_add(&loop->quarantine, &record->suspect);
		record->first = loop->suspicion;
		record->second = reap_death(loop, seat);
		record->lent = *lent;
		record->length = lent->length;
		memcpy(record->bytes, packet, lent->length);
		if (!post_put(loop->part.facts,
			      (struct post_word){ .verb = POST_POISON, .seat = seat, .list = record }))
			record_free(record);
	}
	tx_end(loop, lent->room, VERDICT_POISON);
}

// Puts what the seat still held before everything that waits, the newest first, so that the oldest ends up in front. Fences
// are dropped: the map decides again; but not what they tell of losses.
static uint64_t reap_park(struct loop *loop, unsigned seat, bool suspects)
{
	struct lane_handle lent;
	uint64_t parked = 0;
	bool in_hand;

	while (lease_pop(&loop->lane[seat].lease, &lent, &in_hand)) {
		if (lease_fence(&lent)) {
			loss_again(loop, &lent);
			continue;
		}
		if (suspects && in_hand && (lent.code & LEASE_SUSPECT)) {
			reap_poison(loop, seat, &lent);
			continue;
		}
		if (suspects && in_hand)
			lent.code |= LEASE_SUSPECT;
		hold_front(&loop->hold, seat == PLANE_SEAT_SLOW ? HOLD_SLOW : (uint8_t)lent.hint, &lent);
		parked++;
	}
	return parked;
}

// It may have said so and died before we looked.
static bool reap_was_ready(const struct loop *loop, unsigned seat)
{
	return atomic_load_explicit(&loop->lane[seat].pages.worker->state, memory_order_acquire) == SEAT_READY;
}

void reap_seat(struct loop *loop, unsigned seat, bool suspects)
{
	struct crew *crew = &loop->crew[seat];
	bool planned = crew->phase == CREW_LEAVING;
	uint64_t parked;

	if (crew->phase == CREW_STARTING && crew->blame == POST_DIED && !reap_was_ready(loop, seat))
		crew->blame = POST_STILLBORN;
	crew->phase = CREW_DEAD;
	crew->killing = !crew->exited;
	loop->seated &= ~(1u << seat);
	loop->fed &= ~(1u << seat);
	tx_lane(loop, seat, LANE_SLOTS / LANE_BURST);
	marker_lost(loop, seat);
	release_lost(loop, seat);
	parked = reap_park(loop, seat, suspects);
	if (suspects)
		loop->suspicion = reap_death(loop, seat);
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
