// park.c - lists of packets that wait for their session's rules. The primary's loop; allocates at start and never again.
#include "primary/loop/park.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/plane/verdict.h"

#define PARK_AGE_SHIFT 24 // of park_told: ns >> 24 in 24 bits, three days

// What other threads see of a cell: shard, slot, packets, when the oldest came.
_Static_assert(SHARD_BITS + SHARD_SLOT_BITS_MAX + 16 + 24 == 64, "a word");

int park_init(struct park *park, struct hold *hold, const struct park_limits *limits)
{
	memset(park, 0, sizeof(*park));
	park->hold = hold;
	park->limits = *limits;
	park->cells = limits->packets + PARK_SPARE;
	for (park->buckets = 1; park->buckets < park->cells; park->buckets *= 2)
		;
	park->bucket = malloc(park->buckets * sizeof(*park->bucket));
	park->cell = calloc(park->cells, sizeof(*park->cell));
	park->told = calloc(park->cells, sizeof(*park->told));
	if (!park->bucket || !park->cell || !park->told)
		return -ENOMEM;
	memset(park->bucket, 0xff, park->buckets * sizeof(*park->bucket)); // PARK_NONE
	memset(park->first, 0xff, sizeof(park->first));
	for (uint32_t i = 0; i < park->cells; i++)
		park->cell[i].next = i + 1 < park->cells ? i + 1 : PARK_NONE;
	return 0;
}

void park_fini(struct park *park)
{
	free(park->bucket);
	free(park->cell);
	free(park->told);
}

static uint32_t *park_bucket(const struct park *park, uint8_t shard, uint16_t slot)
{
	uint32_t key = (uint32_t)slot << SHARD_BITS | shard;

	return &park->bucket[(key * 0x9e3779b1u) >> 7 & (park->buckets - 1)];
}

static uint32_t park_find(const struct park *park, uint8_t shard, uint16_t slot)
{
	uint32_t i = *park_bucket(park, shard, slot);

	while (i != PARK_NONE && (park->cell[i].shard != shard || park->cell[i].slot != slot))
		i = park->cell[i].next;
	return i;
}

// The cell, found or made; PARK_NONE: all are in use.
static uint32_t park_cell(struct park *park, uint8_t shard, uint16_t slot)
{
	uint32_t i = park_find(park, shard, slot), *bucket = park_bucket(park, shard, slot);

	if (i != PARK_NONE || park->free == PARK_NONE)
		return i;
	i = park->free;
	park->free = park->cell[i].next;
	park->cell[i] = (struct park_cell){ .shard = shard, .slot = slot, .next = *bucket };
	*bucket = i;
	return i;
}

static void park_drop(struct park *park, uint32_t i)
{
	struct park_cell *cell = &park->cell[i];
	uint32_t *link = park_bucket(park, cell->shard, cell->slot);

	if (cell->count > 0 || cell->state != PARK_STAYS)
		return;
	while (*link != i)
		link = &park->cell[*link].next;
	*link = cell->next;
	cell->next = park->free;
	park->free = i;
}

static void park_tell(struct park *park, uint32_t i)
{
	const struct park_cell *cell = &park->cell[i];
	uint32_t count = cell->count < UINT16_MAX ? cell->count : UINT16_MAX;
	uint64_t word = (uint64_t)cell->shard << 56 | (uint64_t)cell->slot << 40 | (uint64_t)count << 24;

	if (count > 0)
		word |= park->hold->cell[cell->first].since_ns >> PARK_AGE_SHIFT & 0xffffff;
	atomic_store_explicit(&park->told[i], count > 0 ? word : 0, memory_order_relaxed);
}

bool park_told(const struct park *park, uint32_t cell, uint64_t now_ns, struct park_news *news)
{
	uint64_t word = atomic_load_explicit(&park->told[cell], memory_order_relaxed);

	*news = (struct park_news){
		.shard = (uint8_t)(word >> 56),
		.slot = (uint16_t)(word >> 40),
		.packets = (uint16_t)(word >> 24),
		.age_ns = ((now_ns >> PARK_AGE_SHIFT) - word) % (1u << 24) << PARK_AGE_SHIFT,
	};
	return word != 0;
}

// What was released and has not been lent yet still has its room.
static bool park_full(const struct park *park)
{
	return park->total + park->hold->freed_total >= park->limits.packets;
}

unsigned park_keep(struct park *park, const struct lane_handle *lent, struct park_whose whose, uint64_t now_ns)
{
	uint32_t most = whose.most < park->limits.session ? whose.most : park->limits.session;
	uint32_t i = park_full(park) || !most ? PARK_NONE : park_cell(park, (uint8_t)lent->hint, whose.slot);
	uint32_t at = hold_index(park->hold, lent->room);
	struct park_cell *cell;

	if (i == PARK_NONE || park->cell[i].count >= most)
		return VERDICT_BUFFER_FULL;
	cell = &park->cell[i];
	cell->lasts = whose.lasts;
	park->hold->cell[at].handle = *lent;
	park->hold->cell[at].since_ns = now_ns;
	if (cell->count > 0)
		park->hold->cell[cell->last].next = at;
	else
		cell->first = at;
	cell->last = at;
	cell->count++;
	park->total++;
	park->ever++;
	park_tell(park, i);
	return VERDICT_BUFFER;
}

static bool park_is_older(const struct park *park, uint32_t i, uint64_t than_ns)
{
	const struct park_cell *cell = &park->cell[i];

	return cell->count > 0 && park->hold->cell[cell->first].since_ns < than_ns;
}

// The cell's oldest packet; it has one.
static void park_pop(struct park *park, uint32_t i, struct park_out *out)
{
	struct park_cell *cell = &park->cell[i];
	const struct hold_cell *oldest = &park->hold->cell[cell->first];

	*out = (struct park_out){ oldest->handle.room, cell->slot };
	cell->first = oldest->next;
	cell->count--;
	park->total--;
	park_tell(park, i);
	park_drop(park, i);
}

bool park_take(struct park *park, uint8_t shard, uint16_t slot, uint64_t before_ns, struct park_out *out)
{
	uint32_t i = park_find(park, shard, slot);

	if (i == PARK_NONE || !park_is_older(park, i, before_ns))
		return false;
	park_pop(park, i, out);
	return true;
}

bool park_old(struct park *park, uint64_t now_ns, unsigned *cells, struct park_out *out)
{
	for (; *cells > 0 && park->total > 0; (*cells)--) {
		uint64_t ns = park->cell[park->walk].lasts ? park->limits.long_ns : park->limits.ns;

		if (park_is_older(park, park->walk, now_ns < ns ? 0 : now_ns - ns + 1)) {
			park_pop(park, park->walk, out);
			return true; // perhaps not its only one
		}
		park->walk = park->walk + 1 < park->cells ? park->walk + 1 : 0;
	}
	return false;
}

// Behind the other releases of its shard.
static void park_queue(struct park *park, uint32_t i)
{
	struct park_cell *cell = &park->cell[i];
	bool first = park->first[cell->shard] == PARK_NONE;

	cell->behind = PARK_NONE;
	cell->before = first ? PARK_NONE : park->last[cell->shard];
	if (first)
		park->first[cell->shard] = i;
	else
		park->cell[cell->before].behind = i;
	park->last[cell->shard] = i;
	cell->state = PARK_ASKED;
	bits_set(&park->asked, cell->shard);
}

// Out of them again.
static void park_settle(struct park *park, struct park_cell *cell)
{
	if (cell->before != PARK_NONE)
		park->cell[cell->before].behind = cell->behind;
	else
		park->first[cell->shard] = cell->behind;
	if (cell->behind != PARK_NONE)
		park->cell[cell->behind].before = cell->before;
	else
		park->last[cell->shard] = cell->before;
	cell->state = PARK_STAYS;
}

bool park_ask(struct park *park, uint8_t shard, uint16_t slot)
{
	uint32_t i = park_cell(park, shard, slot);

	if (i == PARK_NONE)
		return false;
	if (park->cell[i].state == PARK_STAYS)
		park_queue(park, i);
	else
		park->cell[i].again =
		    park->cell[i].state == PARK_SENT; // what is under way may have passed what this order is about
	return true;
}

uint32_t park_asks(const struct park *park, unsigned shard)
{
	uint32_t i = park->first[shard];

	while (i != PARK_NONE && park->cell[i].state == PARK_SENT)
		i = park->cell[i].behind;
	return i;
}

void park_send(struct park *park, uint32_t cell)
{
	unsigned shard = park->cell[cell].shard;

	park->cell[cell].state = PARK_SENT;
	park->sent[shard]++;
	if (park_asks(park, shard) == PARK_NONE)
		bits_clear(&park->asked, shard);
}

uint32_t park_free(struct park *park, uint8_t shard, uint16_t slot)
{
	uint32_t i = park_find(park, shard, slot), n;
	struct park_cell *cell;

	if (i == PARK_NONE || park->cell[i].state != PARK_SENT)
		return 0;
	cell = &park->cell[i];
	n = cell->count;
	if (n > 0)
		hold_join(park->hold, shard, cell->first, cell->last, n);
	cell->count = 0;
	park->total -= n;
	park->sent[shard]--;
	park_settle(park, cell);
	if (cell->again)
		park_queue(park, i);
	cell->again = false;
	park_tell(park, i);
	park_drop(park, i);
	return n;
}

void park_lost(struct park *park, unsigned shard)
{
	for (uint32_t i = park->first[shard]; i != PARK_NONE; i = park->cell[i].behind) {
		park->cell[i].state = PARK_ASKED;
		bits_set(&park->asked, shard);
	}
	park->sent[shard] = 0;
}
