// place_find.c - the meeting of wished addresses in one cell.
#include <errno.h>
#include <string.h>
#include "ctrl/session/place.h"

// Fills in what is wanted and not given, from the cell's own addresses.
static bool wish_complete(const struct place *place, struct place_wish *wish, uint32_t cell)
{
	uint32_t slot = cell_slot(place->grid, cell);
	const struct shard_pool *pool = &place->pool[place_pool(place, slot)];
	uint8_t shard = cell_shard(place->grid, cell);
	uint32_t row = slot - pool->first_slot;

	if ((wish->want_ipv4 && !wish->ipv4 && !pool->ipv4_len) || (wish->want_ipv6 && !wish->ipv6 && !pool->ipv6_len))
		return false;
	if (wish->want_ipv4 && !wish->ipv4)
		wish->ipv4 = shard_pool_ipv4(pool, row, shard);
	if (wish->want_ipv6 && !wish->ipv6)
		wish->ipv6 = shard_pool_ipv6(pool, row, shard);
	return true;
}

static uint32_t pool_cell(struct place *place, unsigned pool)
{
	for (unsigned tried = 0; tried < SHARDS; tried++) {
		uint32_t cell = place->queue[pool][place->turn[pool]].first;

		place->turn[pool]++;
		if (cell != CELL_NONE)
			return cell;
	}
	return CELL_NONE;
}

static uint32_t find_any(struct place *place, struct place_wish *wish, int *error)
{
	*error = -EAFNOSUPPORT;
	for (unsigned i = wish->dnn; i < place->pools; i++) {
		const struct shard_pool *pool = &place->pool[i];
		uint32_t cell;

		if (strcmp(place->dnn[i], place->dnn[wish->dnn]))
			continue;
		if ((wish->want_ipv4 && !pool->ipv4_len) || (wish->want_ipv6 && !pool->ipv6_len))
			continue;
		*error = -EADDRNOTAVAIL;
		cell = pool_cell(place, i);
		if (cell != CELL_NONE && wish_complete(place, wish, cell))
			return cell;
	}
	return CELL_NONE;
}

// No given address has a cell of its own, or that is another session's.
static uint32_t find_foreign(struct place *place, const struct place_wish *wish, int *error)
{
	uint8_t shard = wish->ipv4 ? shard_of_ipv4(wish->ipv4) : shard_of_ipv6(wish->ipv6);

	*error = -EXDEV;
	if ((wish->want_ipv4 && !wish->ipv4) || (wish->want_ipv6 && !wish->ipv6))
		return CELL_NONE;
	*error = -ENOSPC;
	return place->queue[place->pools][shard].first;
}

// The same where the cell has to be of a pool of the DNN's network: another one of the shard, the DNN's own first.
static uint32_t find_beside(struct place *place, const struct place_wish *wish, int *error)
{
	uint8_t shard = wish->ipv4 ? shard_of_ipv4(wish->ipv4) : shard_of_ipv6(wish->ipv6);

	*error = -ENOSPC;
	for (unsigned k = 0; k < place->pools; k++) {
		unsigned pool = (wish->dnn + k) % place->pools;
		uint32_t cell = place->queue[pool][shard].first;

		if (place_in_network(place, pool, wish->dnn) && cell != CELL_NONE)
			return cell;
	}
	return CELL_NONE;
}

// 0:1:<slot>:00xx, xx such that it hashes to the cell's shard.
static uint64_t nobody_at(const struct place *place, uint32_t cell)
{
	uint64_t prefix = 1ull << 32 | (uint64_t)cell_slot(place->grid, cell) << 16;

	return prefix | (shard_of_ipv6(prefix) ^ cell_shard(place->grid, cell));
}

static uint32_t find_nobody(struct place *place, struct place_wish *wish, int *error)
{
	uint32_t cell = pool_cell(place, place->pools);

	*error = -ENOSPC;
	if (cell != CELL_NONE)
		wish->ipv6 = nobody_at(place, cell);
	return cell;
}

// What leaves the DNN's network alone must come from one of its pools: elsewhere nobody could tell whose an address is.
static bool within(const struct place *place, unsigned dnn, uint32_t cell)
{
	unsigned pool = cell == CELL_NONE ? place->pools : place_pool(place, cell_slot(place->grid, cell));

	return !place->networks || (pool < place->pools && place_in_network(place, pool, dnn));
}

bool place_may(const struct place *place, const struct place_had *had)
{
	uint32_t cell4 = had->ipv4 ? place_of_ipv4(place, had->dnn, had->ipv4) : CELL_NONE;
	uint32_t cell6 = had->ipv6 ? place_of_ipv6(place, had->dnn, had->ipv6) : CELL_NONE;

	if (!place->networks || (cell4 == CELL_NONE && cell6 == CELL_NONE))
		return cell4 == had->cell || cell6 == had->cell ||
		       cell_slot(place->grid, had->cell) >= place->foreign_first;
	return within(place, had->dnn, had->cell) &&
	       (cell4 == CELL_NONE || shard_of_ipv4(had->ipv4) == cell_shard(place->grid, had->cell));
}

// The IPv4 address says where, as it hashes into no other shard; else the prefix.
static uint32_t find_given(struct place *place, struct place_wish *wish, uint32_t home, int *error)
{
	bool wants = (wish->want_ipv4 && !wish->ipv4) || (wish->want_ipv6 && !wish->ipv6);
	const struct cell *cell = home == CELL_NONE ? NULL : &place->grid->cells[home];

	if (!cell)
		return find_foreign(place, wish, error);
	if (cell->session || (wants && cell->lent)) {
		*error = -EADDRINUSE;
		if (wants || (place->networks && wish->at_home))
			return CELL_NONE;
		return place->networks ? find_beside(place, wish, error) : find_foreign(place, wish, error);
	}
	*error = -EAFNOSUPPORT;
	return wish_complete(place, wish, home) ? home : CELL_NONE;
}

// Whether the index of the cell's shard has room for what is apart.
static bool index_has_room(const struct place *place, const struct place_wish *wish, uint32_t cell)
{
	struct place_had had = { wish->dnn, cell, wish->ipv4, wish->ipv6 };
	uint32_t more = (uint32_t)place_apart4(place, &had) + place_apart6(place, &had);
	uint32_t room = 2 * (place->grid->slots - place->foreign_first);

	return !more || place->shared || place->apart[cell_shard(place->grid, cell)] + more <= room;
}

uint32_t place_find(struct place *place, struct place_wish *wish, int *error)
{
	uint32_t cell4, cell6, cell;

	if (wish->none)
		return find_nobody(place, wish, error);
	if (!wish->ipv4 && !wish->ipv6)
		return find_any(place, wish, error);
	cell4 = wish->ipv4 ? place_of_ipv4(place, wish->dnn, wish->ipv4) : CELL_NONE;
	cell6 = wish->ipv6 ? place_of_ipv6(place, wish->dnn, wish->ipv6) : CELL_NONE;
	*error = -ENETUNREACH;
	if ((wish->ipv4 && !within(place, wish->dnn, cell4)) || (wish->ipv6 && !within(place, wish->dnn, cell6)))
		return CELL_NONE;
	*error = -EXDEV;
	if (place->networks && wish->at_home && wish->ipv4 && wish->ipv6 && cell4 != cell6)
		return CELL_NONE;
	cell = find_given(place, wish, wish->ipv4 ? cell4 : cell6, error);
	if (cell == CELL_NONE || index_has_room(place, wish, cell))
		return cell;
	*error = -ENOSPC;
	return CELL_NONE;
}

int place_beside(const struct place *place, const struct place_wish *wish, uint32_t cell)
{
	uint32_t home = place_of_ipv6(place, wish->dnn, wish->ipv6);

	if (!within(place, wish->dnn, home))
		return -ENETUNREACH;
	if (place->networks && wish->at_home && home != cell)
		return -EXDEV;
	return index_has_room(place, &(struct place_wish){ .dnn = wish->dnn, .ipv6 = wish->ipv6 }, cell) ? 0 : -ENOSPC;
}
