// push_fill.c - the sending side: walks each shard's chain from its cursor and writes changes that name their predecessors.
#include <string.h>
#include "ctrl/feed/push_inside.h"
#include "ctrl/session/session.h"

#define TURN 64u        // changes of one shard before the next has its turn
#define CELL_CHANGES 4u // one cell makes at most: CLEAR, two RATEs, SET; and the PARTs of its sheet
#define SHEET_PARTS_MAX ((SHEET_BYTES_MAX + CHANGE_PART_BYTES - 1) / CHANGE_PART_BYTES)
_Static_assert(CELL_CHANGES + SHEET_PARTS_MAX <= FEED_WINDOW, "the largest sheet fits a window, and so a batch");

struct filler {
	struct push *push;
	struct push_shard *shard;
	struct feed_batch *batch;
	uint8_t index; // of the shard
};

static struct change *change_add(const struct filler *filler, enum change_verb verb, uint64_t seq)
{
	struct push_shard *shard = filler->shard;
	struct change *change = &filler->batch->change[filler->batch->count++];

	*change = (struct change){ .prev = shard->prev, .seq = seq, .shard = filler->index, .verb = (uint8_t)verb };
	shard->prev = seq;
	shard->sent[shard->head++ % FEED_WINDOW] = seq;
	return change;
}

// The pieces of a sheet, directly before its SET: the shard goes on standing where it stands, and the SET's ACK is theirs.
static void parts_add(const struct filler *filler, const struct cell_was *held, uint32_t slot, uint64_t set)
{
	struct push_shard *shard = filler->shard;
	const uint8_t *bytes = (const uint8_t *)held->sheet;
	uint32_t left = held->bearer.sheet_bytes;

	for (uint32_t offset = 0; left; offset += CHANGE_PART_BYTES) {
		uint32_t piece = left < CHANGE_PART_BYTES ? left : CHANGE_PART_BYTES;
		struct change *change = &filler->batch->change[filler->batch->count++];

		*change = (struct change){ .prev = shard->prev, .seq = shard->prev, .slot = slot };
		change->shard = filler->index;
		change->verb = CHANGE_PART;
		change->part.offset = (uint16_t)offset;
		change->part.bytes = (uint16_t)piece;
		memcpy(change->part.data, bytes + offset, piece);
		shard->sent[shard->head++ % FEED_WINDOW] = set;
		left -= piece;
	}
}

static void rate_add(const struct filler *filler, uint16_t index, uint64_t seq)
{
	struct rates *rates = filler->push->rates;
	struct change *change;

	if (!index || rates_told(rates, index, filler->index))
		return;
	change = change_add(filler, CHANGE_RATE, seq);
	change->rate_index = index;
	change->rate = *rates_at(rates, index);
	rates_tell(rates, index, filler->index);
}

// A cell whose bearer was refused (session, but no digest) counts as empty.
static void cell_add(const struct filler *filler, const struct cell *cell, uint32_t slot)
{
	bool sweep = filler->shard->phase == PUSH_SWEEP;
	uint64_t rate = chain_seq(cell->number, sweep ? CHAIN_SWEEP_RATE : CHAIN_RATE);
	uint64_t set = chain_seq(cell->number, sweep ? CHAIN_SWEEP_SET : CHAIN_CHANGE);
	struct cell_was held;
	struct change *change;

	if (!cell->digest) {
		if (!sweep)
			change_add(filler, CHANGE_CLEAR, chain_seq(cell->number, CHAIN_CHANGE))->slot = slot;
		return;
	}
	held = session_durable(cell);
	if (cell->departed && !sweep) // its last counters are still wanted
		change_add(filler, CHANGE_CLEAR, chain_seq(cell->number, CHAIN_CLEAR))->slot = slot;
	rate_add(filler, held.bearer.uplink.rate, rate);
	rate_add(filler, held.bearer.downlink.rate, rate + 1);
	if (held.sheet)
		parts_add(filler, &held, slot, set);
	change = change_add(filler, CHANGE_SET, set);
	change->slot = slot;
	change->bearer = held.bearer;
	change->life = held.session->usage.life;
}

static uint32_t changes_of(const struct cell *cell)
{
	uint32_t bytes = 0;

	if (cell->digest) {
		struct cell_was held = session_durable(cell);

		bytes = held.sheet ? held.bearer.sheet_bytes : 0;
	}
	return CELL_CHANGES + (bytes + CHANGE_PART_BYTES - 1) / CHANGE_PART_BYTES;
}

static bool batch_has_room(const struct filler *filler, uint32_t changes)
{
	return filler->batch->count + changes <= FEED_BATCH_MAX;
}

// What belongs together goes whole, however narrow the window is after silence.
static bool has_room(const struct filler *filler, uint32_t changes)
{
	const struct push_shard *shard = filler->shard;
	uint32_t sent = shard->head - shard->tail;

	return (!sent || sent + changes <= shard->window) && batch_has_room(filler, changes);
}

// True if what the next cell needs is not left of the batch.
static bool shard_fill(const struct filler *filler)
{
	struct push_shard *shard = filler->shard;
	const struct chains *chains = filler->push->chains;
	uint32_t limit = filler->batch->count + TURN;

	if (shard->phase == PUSH_BEGIN && has_room(filler, CELL_CHANGES)) {
		shard->prev = 0;
		change_add(filler, CHANGE_SWEEP_BEGIN, CHAIN_BEGIN);
		shard->phase = PUSH_SWEEP;
	}
	while (shard->next != CELL_NONE && filler->batch->count < limit) {
		const struct cell *cell = &chains->grid->cells[shard->next];

		if (!has_room(filler, changes_of(cell)))
			return !batch_has_room(filler, changes_of(cell));
		cell_add(filler, cell, cell_slot(chains->grid, shard->next));
		shard->next = cell->newer;
	}
	if (shard->phase == PUSH_SWEEP && shard->next == CELL_NONE && has_room(filler, CELL_CHANGES)) {
		change_add(filler, CHANGE_SWEEP_END, chain_seq(chains->chain[filler->index].number, CHAIN_SWEEP_END));
		shard->phase = PUSH_SWEPT;
	}
	return false;
}

void push_fill(struct push *push, unsigned link, struct feed_batch *batch, uint64_t now_ns)
{
	batch->count = 0;
	for (unsigned i = 0; i < SHARDS && batch->count + CELL_CHANGES <= FEED_BATCH_MAX; i++) {
		uint8_t index = push->turn++;
		struct push_shard *shard = &push->shard[index];
		struct filler filler = { push, shard, batch, index };
		bool idle = shard->head == shard->tail, first;

		if (shard->phase == PUSH_SILENT || shard->link != link)
			continue;
		first = shard_fill(&filler);
		if (idle && shard->head != shard->tail)
			shard->heard_ns = now_ns;
		if (first) { // of the next batch, or a large sheet would wait for luck
			push->turn = index;
			break;
		}
	}
	batch->epoch = push->epoch;
}
