// cell.h - the grid: every place a session can be in, 256 shards of equal size.
//
// A cell outlives its sessions: it remembers the last TEID, so that the next one differs, and the number of its last change,
// so that a worker that missed a deletion can be told. Two orders run through the cells of a shard: which one was changed
// last (chain.h), and which one to give away next (place.h). The main thread owns the grid.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/wire/shard.h"

#define CELL_NONE UINT32_MAX

struct session;
struct cell_was;

struct cell {
	struct session *session; // null = empty
	struct cell_was
	    *was; // session.h: what is durable, while a change of that is on its way to the disk; null = session is
	struct session *departed; // deleted here, and no worker has confirmed it yet; the latest first
	uint64_t number;          // of the last change of this cell in its shard; 0 = never changed
	uint64_t digest;          // of the bearer its owner should hold; 0 = none
	uint32_t teid;            // of the session, or of the last one; 0 = never used
	uint32_t older, newer;    // chain.h
	uint32_t before, after;   // place.h: neighbours among the free ones
	bool queued;              // place.h: among the free ones
	bool refused;             // chain.h: its owner did not take the bearer
	uint8_t lent;             // place.h: which of its addresses sessions in other cells have
};

struct grid {
	struct cell *cells; // [shard * slots + slot]
	uint32_t slots;     // cells of a shard
	uint32_t slot_bits; // of a TEID
};

int grid_open(struct grid *grid, uint32_t slots); // 0 or -ENOMEM
void grid_close(struct grid *grid);

static inline uint32_t cell_at(const struct grid *grid, uint8_t shard, uint32_t slot)
{
	return shard * grid->slots + slot;
}

static inline uint8_t cell_shard(const struct grid *grid, uint32_t cell)
{
	return (uint8_t)(cell / grid->slots);
}

static inline uint32_t cell_slot(const struct grid *grid, uint32_t cell)
{
	return cell % grid->slots;
}

// The TEID for the cell's next session: in all its tunnels (shared/wire/sheet.h) another one than in any of the last session's. `random`
// decides the first, which an attacker shall not guess.
uint32_t cell_teid_next(const struct grid *grid, uint32_t cell, uint64_t random);
