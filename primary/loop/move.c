// move.c - gives shards from seat to seat, as the map wants it. The primary's loop.
#include "primary/loop/move.h"

#include "primary/loop/loop.h"

#define MOVE_FENCES 32u // in one go

// A shard that is being taken has no owner until OWN has been lent.
void move_settle(struct loop *loop)
{
	while (bits_any(&loop->map.changed)) {
		unsigned shard = bits_next(&loop->map.changed, 0);
		unsigned seat = loop->map.shard[shard].seat;

		bits_clear(&loop->map.changed, shard);
		hold_charge(&loop->hold, shard, seat == PLANE_SEAT_NONE ? HOLD_NOBODY : seat);
		atomic_store_explicit(&loop->part.view->plane->owner[shard], PLANE_SEAT_NONE, memory_order_release);
	}
}

static void move_taken(struct loop *loop, unsigned shard, unsigned seat)
{
	loop->tally.moves++;
	atomic_store_explicit(&loop->part.view->plane->owner[shard], (uint8_t)seat, memory_order_release);
	loop_tell(loop, (struct post_word){ .verb = POST_MOVED, .seat = seat, .shard = shard });
}

static void move_fence(struct loop *loop, unsigned shard, bool image)
{
	struct map_shard from = loop->map.shard[shard];
	bool own = from.state == MAP_TAKING;

	lane_put(&loop->lane[from.seat],
		 (struct lane_handle){ .hint = shard | (image ? LANE_IMAGE : 0), .code = own ? LANE_OWN : LANE_CUT });
	map_fenced(&loop->map, shard);
	if (own)
		move_taken(loop, shard, from.seat);
	else if (from.target != PLANE_SEAT_NONE)
		loop->cut_ns[shard] = loop->now_ns;
}

bool move_may_fence(const struct loop *loop, unsigned seat)
{
	uint8_t phase = loop->crew[seat].phase;

	return (phase == CREW_READY || phase == CREW_DRAINING) && lane_space(&loop->lane[seat]) > 0 &&
	       loop->lane[seat].lease.suspects == 0; // a suspect is alone
}

static unsigned fences_lend(struct loop *loop, const struct bits *asks, unsigned most)
{
	unsigned lent = 0;

	for (unsigned i = bits_next(asks, 0); i < BITS_END && lent < most; i = bits_next(asks, i + 1)) {
		enum map_fence fence = map_fence(&loop->map, i);

		if (fence == MAP_WAIT || !move_may_fence(loop, loop->map.shard[i].seat))
			continue;
		move_fence(loop, i, fence == MAP_IMAGE);
		lent++;
	}
	return lent;
}

unsigned move_fences(struct loop *loop)
{
	struct bits asks = bits_both(&loop->map.asks, &loop->hold.waiting);
	unsigned lent = fences_lend(loop, &asks, MOVE_FENCES);

	asks = loop->map.asks;
	return lent + fences_lend(loop, &asks, MOVE_FENCES - lent);
}

static int move_do(struct map *map, const struct post_word *order)
{
	if (order->verb != POST_MOVE)
		return map_stand(map, order->seat, order->verb == POST_GUEST);
	if (order->seat != PLANE_SEAT_NONE)
		return map_move(map, order->shard, order->seat);
	map_unpin(map, order->shard);
	return 0;
}

void move_order(struct loop *loop, const struct post_word *order)
{
	int error = move_do(&loop->map, order);
	struct post_word refused = { .verb = POST_REFUSED,
				     .seat = order->seat,
				     .shard = order->shard,
				     .pid = (int32_t)order->verb,
				     .value = error };

	if (error)
		loop_tell(loop, refused);
}

void move_cut(struct loop *loop, unsigned shard)
{
	map_cut(&loop->map, shard);
}

// From the CUT's leaving to the OWN's return: in between no packet of the shard was worked on.
void move_owned(struct loop *loop, unsigned shard)
{
	uint64_t held_ns = loop->now_ns - loop->cut_ns[shard];

	map_owned(&loop->map, shard);
	if (!loop->cut_ns[shard])
		return;
	loop->cut_ns[shard] = 0;
	loop->tally.plans++;
	loop->tally.plans_ns += held_ns;
	loop->tally.plans_ns_max = held_ns > loop->tally.plans_ns_max ? held_ns : loop->tally.plans_ns_max;
}

void move_lost(struct loop *loop, unsigned seat)
{
	const struct bits *of = &loop->map.of[seat];

	for (unsigned i = bits_next(of, 0); i < BITS_END; i = bits_next(of, i + 1))
		loop->cut_ns[i] = 0;
	map_lost(&loop->map, seat);
}
