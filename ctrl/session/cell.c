// cell.c - the grid's memory, and generations of TEIDs.
#include "ctrl/session/cell.h"
#include <errno.h>
#include <stdlib.h>
#include "shared/wire/sheet.h"

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

// A generation is an era and, below, the bits by which a session's tunnels differ. Era 0 stays unused: with it a TEID could be 0.
uint32_t cell_teid_next(const struct grid *grid, uint32_t cell, uint64_t random)
{
	uint32_t tunnels = 1u << SHEET_TUNNEL_BITS;
	uint32_t eras = (1u << (32 - SHARD_BITS - SHEET_TUNNEL_BITS - grid->slot_bits)) - 1; // 1..eras
	uint32_t last = grid->cells[cell].teid;
	uint32_t era = 1 + (uint32_t)(random % eras), tunnel = (uint32_t)(random / eras) % tunnels;

	if (last) {
		era = shard_teid_generation(last, grid->slot_bits) / tunnels % eras + 1;
		tunnel = shard_teid_generation(last, grid->slot_bits) % tunnels;
	}
	return shard_teid(era * tunnels + tunnel, cell_slot(grid, cell), cell_shard(grid, cell), grid->slot_bits);
}
