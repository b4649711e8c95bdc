// place.c - pools, queues of free cells, and whose cell an address is.
#include "ctrl/session/place.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LENT_IPV4 1u // of a cell's lent
#define LENT_IPV6 2u

// The first pool of its network stands for it.
static uint8_t domain_of(const struct conf *conf, unsigned pool)
{
	unsigned first = 0;

	while (strcmp(conf->pool[first].network, conf->pool[pool].network))
		first++;
	return (uint8_t)first;
}

int place_lay(struct place *place, const struct conf *conf, unsigned *bad)
{
	int slots;

	*place = (struct place){ .pools = conf->pools, .shared = conf_apart(conf) };
	for (unsigned i = 0; i < conf->pools; i++) {
		const struct conf_pool *from = &conf->pool[i];

		place->pool[i] = (struct shard_pool){
			.ipv6 = from->ipv6, .ipv4 = from->ipv4, .ipv4_len = from->ipv4_len, .ipv6_len = from->ipv6_len
		};
		snprintf(place->dnn[i], sizeof(place->dnn[i]), "%s", from->dnn);
		place->networks |= *from->network != 0;
		place->domain[i] = domain_of(conf, i);
	}
	slots = shard_pools_lay(place->pool, place->pools, bad);
	if (slots < 0)
		return slots;
	place->foreign_first = (uint32_t)slots;
	*bad = place->pools;
	if ((uint64_t)slots + conf->foreign_slots > 1u << SHARD_SLOT_BITS_MAX)
		return -E2BIG;
	return slots + (int)conf->foreign_slots;
}

int place_dnn(const struct place *place, const char *dnn)
{
	for (unsigned i = 0; i < place->pools; i++)
		if (!*dnn || !strcmp(place->dnn[i], dnn))
			return (int)i;
	return -1;
}

unsigned place_pool(const struct place *place, uint32_t slot)
{
	unsigned i = 0;

	while (i < place->pools && slot - place->pool[i].first_slot >= place->pool[i].rows)
		i++;
	return i; // pools = foreign
}

// A pool's very first and last IPv4 address are given only to who asks for them: hosts like to take them for something else.
static bool cell_kept(const struct place *place, uint32_t cell)
{
	uint32_t slot = cell_slot(place->grid, cell);
	unsigned i = place_pool(place, slot);
	const struct shard_pool *pool = &place->pool[i];
	uint32_t address;

	if (i == place->pools || !pool->ipv4_len)
		return false;
	address = shard_pool_ipv4(pool, slot - pool->first_slot, cell_shard(place->grid, cell));
	return address == pool->ipv4 || address == (pool->ipv4 | UINT32_MAX >> pool->ipv4_len);
}

static struct place_queue *queue_of(struct place *place, uint32_t cell)
{
	unsigned pool = place_pool(place, cell_slot(place->grid, cell));

	return &place->queue[pool][cell_shard(place->grid, cell)];
}

static void queue_join(struct place *place, uint32_t index, bool front)
{
	struct place_queue *queue = queue_of(place, index);
	struct cell *cells = place->grid->cells;
	struct cell *cell = &cells[index];

	cell->before = front ? CELL_NONE : queue->last;
	cell->after = front ? queue->first : CELL_NONE;
	if (cell->before == CELL_NONE)
		queue->first = index;
	else
		cells[cell->before].after = index;
	if (cell->after == CELL_NONE)
		queue->last = index;
	else
		cells[cell->after].before = index;
	cell->queued = true;
}

static void queue_leave(struct place *place, uint32_t index)
{
	struct place_queue *queue = queue_of(place, index);
	struct cell *cells = place->grid->cells;
	struct cell *cell = &cells[index];

	if (!cell->queued)
		return;
	if (cell->before == CELL_NONE)
		queue->first = cell->after;
	else
		cells[cell->before].after = cell->after;
	if (cell->after == CELL_NONE)
		queue->last = cell->before;
	else
		cells[cell->after].before = cell->before;
	cell->before = cell->after = CELL_NONE;
	cell->queued = false;
}

void place_take(struct place *place, uint32_t cell)
{
	queue_leave(place, cell);
}

void place_give(struct place *place, uint32_t cell)
{
	if (!cell_kept(place, cell) && !place->grid->cells[cell].lent)
		queue_join(place, cell, false);
}

void place_back(struct place *place, uint32_t cell)
{
	if (!cell_kept(place, cell) && !place->grid->cells[cell].lent)
		queue_join(place, cell, true);
}

void place_fill(struct place *place)
{
	const struct grid *grid = place->grid;
	uint32_t count = grid->slots * SHARDS;

	for (unsigned pool = 0; pool <= SHARD_POOLS_MAX; pool++)
		for (unsigned shard = 0; shard < SHARDS; shard++)
			place->queue[pool][shard] = (struct place_queue){ CELL_NONE, CELL_NONE };
	for (uint32_t i = 0; i < count; i++)
		if (!grid->cells[i].number)
			place_give(place, i);
}

bool place_in_network(const struct place *place, unsigned pool, unsigned dnn)
{
	return dnn == PLACE_ANY || place->domain[pool] == place->domain[dnn];
}

uint32_t place_of_ipv4(const struct place *place, unsigned dnn, uint32_t ipv4)
{
	uint32_t slot = UINT32_MAX;

	for (unsigned i = 0; i < place->pools && slot == UINT32_MAX; i++)
		if (place_in_network(place, i, dnn))
			slot = shard_pool_slot4(&place->pool[i], ipv4);
	return slot == UINT32_MAX ? CELL_NONE : cell_at(place->grid, shard_of_ipv4(ipv4), slot);
}

uint32_t place_of_ipv6(const struct place *place, unsigned dnn, uint64_t ipv6)
{
	uint32_t slot = UINT32_MAX;

	for (unsigned i = 0; i < place->pools && slot == UINT32_MAX; i++)
		if (place_in_network(place, i, dnn))
			slot = shard_pool_slot6(&place->pool[i], ipv6);
	return slot == UINT32_MAX ? CELL_NONE : cell_at(place->grid, shard_of_ipv6(ipv6), slot);
}

bool place_apart4(const struct place *place, const struct place_had *had)
{
	return had->ipv4 && place_of_ipv4(place, had->dnn, had->ipv4) != had->cell;
}

bool place_apart6(const struct place *place, const struct place_had *had)
{
	return had->ipv6 && place_of_ipv6(place, had->dnn, had->ipv6) != had->cell;
}

// Where networks share addresses it is told each one's place, else what does not hash there, which an IPv4 address always does.
struct place_had place_told(const struct place *place, const struct place_had *had)
{
	struct place_had told = *had;
	bool shared = place->shared, same = shard_of_ipv6(had->ipv6) == cell_shard(place->grid, had->cell);

	if (!shared || !place_apart4(place, had) || place_of_ipv4(place, had->dnn, had->ipv4) == CELL_NONE)
		told.ipv4 = 0;
	if (shared ? !place_apart6(place, had) || place_of_ipv6(place, had->dnn, had->ipv6) == CELL_NONE : same)
		told.ipv6 = 0;
	return told;
}

// Of a cell that has none, for the address is from outside: nothing.
static void cell_lend(struct place *place, uint32_t cell, uint8_t what)
{
	if (cell == CELL_NONE)
		return;
	queue_leave(place, cell);
	place->grid->cells[cell].lent |= what;
}

static void cell_has_back(struct place *place, uint32_t cell, uint8_t what)
{
	if (cell == CELL_NONE)
		return;
	place->grid->cells[cell].lent &= (uint8_t)~what;
	if (!place->grid->cells[cell].session)
		place_give(place, cell);
}

void place_lend(struct place *place, const struct place_had *had)
{
	uint32_t *apart = &place->apart[cell_shard(place->grid, had->cell)];

	if (place_apart4(place, had)) {
		cell_lend(place, place_of_ipv4(place, had->dnn, had->ipv4), LENT_IPV4);
		++*apart;
	}
	if (place_apart6(place, had)) {
		cell_lend(place, place_of_ipv6(place, had->dnn, had->ipv6), LENT_IPV6);
		++*apart;
	}
}

void place_return(struct place *place, const struct place_had *had)
{
	uint32_t *apart = &place->apart[cell_shard(place->grid, had->cell)];

	if (place_apart4(place, had)) {
		cell_has_back(place, place_of_ipv4(place, had->dnn, had->ipv4), LENT_IPV4);
		--*apart;
	}
	if (place_apart6(place, had)) {
		cell_has_back(place, place_of_ipv6(place, had->dnn, had->ipv6), LENT_IPV6);
		--*apart;
	}
}
