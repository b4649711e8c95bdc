// cell.c - the grid's memory, and generations of TEIDs.
#include "ctrl/cell.h"
#include <errno.h>
#include <stdlib.h>

int grid_open(struct grid *grid, uint32_t slots)
{
	size_t count = (size_t)slots * SHARDS;

	*grid = (struct grid){ .slots = slots, .slot_bits = shard_slot_bits(slots) };
	grid->cells = calloc(count, sizeof(*grid->cells));
	if (!grid->cells)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct cell *cell = &grid->cells[i];

		cell->older = cell->newer = cell->before = cell->after = CELL_NONE;
	}
	return 0;
}

void grid_close(struct grid *grid)
{
	free(grid->cells);
	*grid = (struct grid){ 0 };
}

uint32_t cell_teid_next(const struct grid *grid, uint32_t cell, uint64_t random)
{
	uint32_t generations = (1u << (32 - SHARD_BITS - grid->slot_bits)) - 1; // 1..generations
	uint32_t last = grid->cells[cell].teid;
	uint32_t generation = 1 + (uint32_t)(random % generations);

	if (last)
		generation = shard_teid_generation(last, grid->slot_bits) % generations + 1;
	return shard_teid(generation, cell_slot(grid, cell), cell_shard(grid, cell), grid->slot_bits);
}
