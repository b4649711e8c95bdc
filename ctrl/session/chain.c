// chain.c - one doubly linked list a shard, kept in the order of numbers.
#include "ctrl/session/chain.h"
#include <errno.h>
#include <stdlib.h>
#include "ctrl/session/session.h"

void chains_open(struct chains *chains, struct grid *grid)
{
	chains->grid = grid;
	for (unsigned shard = 0; shard < SHARDS; shard++)
		chains->chain[shard] = (struct chain){ .oldest = CELL_NONE, .newest = CELL_NONE };
}

static void list_leave(struct chain *chain, struct cell *cells, const struct cell *cell)
{
	if (cell->older == CELL_NONE)
		chain->oldest = cell->newer;
	else
		cells[cell->older].newer = cell->newer;
	if (cell->newer == CELL_NONE)
		chain->newest = cell->older;
	else
		cells[cell->newer].older = cell->older;
}

static void list_join(struct chain *chain, struct cell *cells, uint32_t index)
{
	cells[index].older = chain->newest;
	cells[index].newer = CELL_NONE;
	if (chain->newest == CELL_NONE)
		chain->oldest = index;
	else
		cells[chain->newest].newer = index;
	chain->newest = index;
}

void chain_move(struct chains *chains, uint32_t index, uint64_t number, uint64_t digest)
{
	struct chain *chain = &chains->chain[cell_shard(chains->grid, index)];
	struct cell *cells = chains->grid->cells;
	struct cell *cell = &cells[index];

	if (cell->number)
		list_leave(chain, cells, cell);
	list_join(chain, cells, index);
	chain->sessions += (digest != 0) - (cell->digest != 0);
	chain->digest ^= cell->digest ^ digest;
	chain->number = number;
	chain->refused -= cell->refused;
	cell->refused = false;
	cell->digest = digest;
	cell->number = number;
}

void chain_refuse(struct chains *chains, uint32_t index)
{
	struct chain *chain = &chains->chain[cell_shard(chains->grid, index)];
	struct cell *cell = &chains->grid->cells[index];

	chain->sessions -= cell->digest != 0;
	chain->digest ^= cell->digest;
	chain->refused += !cell->refused;
	cell->refused = true;
	cell->digest = 0;
}

bool chain_pardon(struct chains *chains, uint8_t shard)
{
	struct chain *chain = &chains->chain[shard];
	struct cell *cells = chains->grid->cells;
	bool any = chain->refused;

	for (uint32_t i = chain->oldest; chain->refused && i != CELL_NONE; i = cells[i].newer) {
		struct cell_was held;

		if (!cells[i].refused)
			continue;
		held = session_durable(&cells[i]);
		cells[i].refused = false;
		cells[i].digest = bearer_digest(cell_slot(chains->grid, i), &held.bearer);
		chain->digest ^= cells[i].digest;
		chain->sessions++;
		chain->refused--;
	}
	return any;
}

struct place_in_line {
	uint64_t number;
	uint32_t cell;
};

static int by_number(const void *a, const void *b)
{
	const struct place_in_line *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

int chains_build(struct chains *chains)
{
	struct grid *grid = chains->grid;
	struct place_in_line *line = malloc(grid->slots * sizeof(*line));

	if (!line)
		return -ENOMEM;
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		struct chain *chain = &chains->chain[shard];
		uint32_t count = 0;

		for (uint32_t slot = 0; slot < grid->slots; slot++) {
			uint32_t i = cell_at(grid, (uint8_t)shard, slot);

			if (grid->cells[i].number)
				line[count++] = (struct place_in_line){ grid->cells[i].number, i };
		}
		qsort(line, count, sizeof(*line), by_number);
		for (uint32_t i = 0; i < count; i++) {
			const struct cell *cell = &grid->cells[line[i].cell];

			list_join(chain, grid->cells, line[i].cell);
			chain->number = cell->number;
			chain->digest ^= cell->digest;
			chain->sessions += cell->digest != 0;
		}
	}
	free(line);
	return 0;
}

uint32_t chain_after(const struct chains *chains, uint8_t shard, uint64_t number)
{
	const struct cell *cells = chains->grid->cells;
	uint32_t found = CELL_NONE;

	for (uint32_t i = chains->chain[shard].newest; i != CELL_NONE && cells[i].number > number; i = cells[i].older)
		found = i;
	return found;
}
