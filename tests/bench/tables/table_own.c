// table_own.c - the gateway's own way (T4): each reader owns its shards' lines and nobody else touches them; changes come as
// messages through its change ring, and it applies them between bursts.
//
// Readers are worker loops without lanes: same regions, same change ring, same apply_between. The writer is the courier: it
// fills rings, gives the reports' space back, and never sees a line.
#include <stdlib.h>
#include "tests/bench/tables/estate.h"
#include "tests/bench/tables/pages.h"
#include "tests/bench/tables/table.h"
#include "workers/loop/loop.h"

#define TOGETHER 16u // changes published at once, as a courier has them from one message

struct own {
	struct estate estate;
	struct loop *loops[TABLE_READERS];
	unsigned readers;
	_Alignas(128) uint64_t seq[SHARDS]; // w: writer, as the rest
	struct {
		_Alignas(64) uint32_t head, told; // changes written, and published
	} ring[TABLE_READERS];
};

static void *make(const struct table_site *site)
{
	struct own *own = pages_take(sizeof(*own));

	estate_make(&own->estate, site->sessions, 0);
	estate_fill(&own->estate);
	for (unsigned reader = 0; reader < TABLE_READERS; reader++) {
		own->loops[reader] = pages_take(sizeof(struct loop));
		own->estate.view.seats[reader] = seat_at(pages_take(3 * (size_t)PLANE_PAGE));
	}
	return own;
}

// As at the end of a worker's turn with packets. Its fence, which comes with every burst, changes or none, is not a look-up's.
static void changes_apply(struct loop *loop, struct table_tally *tally)
{
	tally->applied += apply_between(&loop->apply);
}

// Before and after a slice: what is left in the ring is not of its account.
static void settle(void *at, unsigned reader)
{
	struct table_tally after = { 0 };
	struct own *own = at;

	while (apply_waiting(&own->loops[reader]->apply))
		changes_apply(own->loops[reader], &after);
}

static void tell(struct own *own, unsigned reader)
{
	struct seat *seat = &own->estate.view.seats[reader];

	ring_publish(&seat->courier->change_head, own->ring[reader].head);
	ring_publish(&seat->courier->report_tail, ring_resume(&seat->worker->report_head));
	own->ring[reader].told = own->ring[reader].head;
}

// First what is in the rings is applied: the writer may have stopped last, and a change that is lost breaks its shard's chain.
static void sit(void *at, unsigned readers)
{
	static const struct loop_wires wires = { -1, -1, -1, -1 };
	struct own *own = at;

	for (unsigned reader = 0; reader < own->readers; reader++) {
		tell(own, reader);
		settle(own, reader);
		for (unsigned shard = 0; shard < SHARDS; shard++)
			tenure_give(&own->loops[reader]->tenure, (uint8_t)shard, false);
	}
	for (unsigned reader = 0; reader < readers; reader++) {
		loop_open(own->loops[reader], &own->estate.view, reader, &wires);
		own->ring[reader].head = own->ring[reader].told =
		    ring_resume(&own->estate.view.seats[reader].courier->change_head);
	}
	for (unsigned shard = 0; shard < SHARDS; shard++)
		tenure_take(&own->loops[shard % readers]->tenure, (uint8_t)shard, false);
	own->readers = readers;
}

static struct line *line_of(const struct own *own, const struct loop *loop, uint32_t address)
{
	const struct region *region = &loop->pipe.shard[shard_of_ipv4(address)];

	return region->downlink + shard_pool_slot4(&own->estate.view.plane->net.pool[0], address);
}

static void read(void *at, unsigned reader, const uint32_t *keys, const uint32_t *next, struct table_tally *tally)
{
	struct own *own = at;
	struct loop *loop = own->loops[reader];

	for (unsigned i = 0; i < TABLE_BATCH; i++) {
		const struct line *line = line_of(own, loop, keys[i]);

		__builtin_prefetch(line_of(own, loop, next[i]), 1);
		if (line->flags & LINE_VALID && line->ue_ipv4 == keys[i])
			tally->torn += !estate_whole(line);
		else
			tally->missed++;
	}
	changes_apply(loop, tally);
}

static bool change(void *at, const struct table_change *wish)
{
	struct own *own = at;
	uint8_t shard = (uint8_t)(wish->number % SHARDS);
	unsigned reader = shard % own->readers;
	struct seat *seat = &own->estate.view.seats[reader];
	struct change *change = &seat->courier->changes[own->ring[reader].head % CHANGE_SLOTS];

	if (ring_space(own->ring[reader].head, &seat->worker->change_tail, CHANGE_SLOTS) < 1) {
		tell(own, reader);
		return false;
	}
	*change = (struct change){ .epoch = 1, .prev = own->seq[shard], .seq = own->seq[shard] + 1, .shard = shard };
	own->seq[shard]++;
	change->slot = wish->number / SHARDS;
	change->verb = wish->verb == TABLE_DELETE ? CHANGE_CLEAR : CHANGE_SET;
	change->bearer = estate_bearer(&own->estate, wish->number, wish->version);
	if (++own->ring[reader].head - own->ring[reader].told >= TOGETHER)
		tell(own, reader);
	return true;
}

static void flush(void *at)
{
	struct own *own = at;

	for (unsigned reader = 0; reader < own->readers; reader++)
		tell(own, reader);
}

const struct table table_own = { .name = "own",
				 .make = make,
				 .sit = sit,
				 .read = read,
				 .begin = settle,
				 .end = settle,
				 .change = change,
				 .flush = flush,
				 .owned = true };
