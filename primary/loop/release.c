// release.c - asks for fences, lends them, and lets packets go behind them. The primary's loop.
#include "primary/loop/release.h"

#include "primary/loop/loop.h"
#include "primary/loop/move.h"
#include "primary/loop/tx.h"

#define RELEASE_TOGETHER 64u // cells of a shard at once
#define RELEASE_DROPS 1024u  // packets that are dropped at once

static void release_cells(struct loop *loop, const struct post_word *order)
{
	const struct release_cell *cell = order->list;

	for (int64_t i = 0; i < order->value; i++)
		loop->tally.releases_refused += !park_ask(&loop->park, cell[i].shard, cell[i].slot);
	loop_tell(loop, (struct post_word){ .verb = POST_RETURN, .list = order->list });
}

// A trace was told that it waits, and is to hear the end.
void release_end(struct loop *loop, struct park_out out, unsigned verdict)
{
	const struct hold_cell *cell = &loop->hold.cell[hold_index(&loop->hold, out.room)];

	if (cell->handle.code & LEASE_TRACED)
		trace_void(&loop->traces, cell, room_at(&loop->part.view->rooms, out.room) + cell->handle.offset,
			   loop->now_ns);
	loss_note(loop, &(struct loss){ .shard = (uint8_t)cell->handle.hint,
					.slot = out.slot,
					.rule = cell->rule,
					.packets = 1,
					.bytes = cell->bytes });
	tx_end(loop, out.room, verdict);
}

static void release_drop(struct loop *loop, const struct post_word *order)
{
	loop->drop.cell = order->list;
	loop->drop.count = (uint32_t)order->value;
	loop->drop.at = 0;
	release_dropping(loop);
}

void release_dropping(struct loop *loop)
{
	struct park_out out;

	if (!loop->drop.cell)
		return;
	for (unsigned n = 0; loop->drop.at < loop->drop.count; loop->drop.at++) {
		const struct release_drop *drop = &loop->drop.cell[loop->drop.at];

		for (; park_take(&loop->park, drop->shard, drop->slot, drop->before_ns, &out); n++) {
			release_end(loop, out, VERDICT_BUFFER_DROPPED);
			if (n == RELEASE_DROPS)
				return;
		}
	}
	if (loop_tell(loop, (struct post_word){ .verb = POST_RETURN, .list = loop->drop.cell }))
		loop->drop.cell = NULL; // else it is said later: ctrl waits for it
}

void release_order(struct loop *loop, const struct post_word *order)
{
	if (order->verb == POST_DROP)
		release_drop(loop, order);
	else
		release_cells(loop, order);
}

static void release_done(struct loop *loop, unsigned shard)
{
	uint64_t held_ns = loop->now_ns - loop->shut_ns[shard];

	if (loop->park.sent[shard] > 0)
		return;
	map_shut(&loop->map, shard, false);
	if (!loop->shut_ns[shard])
		return;
	loop->shut_ns[shard] = 0;
	loop->tally.release_ns_max = held_ns > loop->tally.release_ns_max ? held_ns : loop->tally.release_ns_max;
}

void release_back(struct loop *loop, uint8_t shard, uint16_t slot)
{
	loop->tally.released += park_free(&loop->park, shard, slot);
	loop->tally.releases++;
	release_done(loop, shard);
}

// A build that knows no fence keeps no packets either: there is nothing to wait for.
static void release_send(struct loop *loop, unsigned shard, unsigned seat)
{
	struct lane *lane = &loop->lane[seat];
	bool fences = loop->fences >> seat & 1;
	uint32_t cell;

	if (fences) {
		loop->shut_ns[shard] = map_fed(&loop->map, shard) ? loop->now_ns : 0;
		loop->shut_by[shard] = (uint8_t)seat;
		map_shut(&loop->map, shard, true);
	}
	for (unsigned n = 0; n < RELEASE_TOGETHER && lane_space(lane) > 0; n++) {
		cell = park_asks(&loop->park, shard);
		if (cell == PARK_NONE)
			return;

		uint16_t slot = loop->park.cell[cell].slot;

		park_send(&loop->park, cell);
		if (fences)
			lane_put(lane,
				 (struct lane_handle){ .hint = shard | (uint32_t)slot << 16, .code = LANE_RELEASE });
		else
			release_back(loop, (uint8_t)shard, slot);
	}
}

// What was let go last goes first, but for a shard whose fences went with their seat.
static bool release_may_send(const struct loop *loop, unsigned shard)
{
	const struct map_shard *now = &loop->map.shard[shard];

	return loop->park.sent[shard] == 0 && (now->state == MAP_SERVED || now->state == MAP_LEAVING) &&
	       (loop->hold.list[shard].freed == 0 || bits_has(&loop->map.shut, shard)) &&
	       move_may_fence(loop, now->seat);
}

void release_fences(struct loop *loop)
{
	struct bits asked = loop->park.asked;

	for (unsigned i = bits_next(&asked, 0); i < BITS_END; i = bits_next(&asked, i + 1))
		if (release_may_send(loop, i))
			release_send(loop, i, loop->map.shard[i].seat);
}

void release_lost(struct loop *loop, unsigned seat)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		if (loop->park.sent[i] == 0 || loop->shut_by[i] != seat)
			continue;
		loop->shut_ns[i] = 0;
		park_lost(&loop->park, i);
	}
}
