// chain.h - the order of changes in each shard, and what the shard should come to.
//
// Every durable change of a cell gets the next number of its shard. The cells of a shard hang in a list by the number of their
// last change: what a worker misses is the tail of that list, whatever happened meanwhile, so no log of changes is kept.
// The feed (shared/wire/change.h) wants a sequence with room beside each number n:
//
//   replay  16n - 3 CLEAR of what was in the cell   16n - 2, 16n - 1 RATE   16n the change
//   sweep   1 SWEEP_BEGIN ... 16n - 5, 16n - 4 RATE   16n + 4 SET ... 16n + 5 SWEEP_END, n the last of all
//
// so that a shard's stand also tells whether a sweep was cut short.
// The main thread owns it.
#pragma once
#include "ctrl/session/cell.h"

#define CHAIN_SHIFT 4u
#define CHAIN_BEGIN 1u
enum chain_step {
	CHAIN_SWEEP_RATE = -5,
	CHAIN_CLEAR = -3,
	CHAIN_RATE = -2,
	CHAIN_CHANGE = 0,
	CHAIN_SWEEP_SET = 4,
	CHAIN_SWEEP_END = 5
};

static inline uint64_t chain_seq(uint64_t number, enum chain_step step)
{
	return (number << CHAIN_SHIFT) + (uint64_t)(int64_t)step;
}

// The last change a shard at `seq` has.
static inline uint64_t chain_number(uint64_t seq)
{
	return seq >> CHAIN_SHIFT;
}

// The change that `seq` is part of.
static inline uint64_t chain_number_about(uint64_t seq)
{
	return (seq - (uint64_t)(int64_t)CHAIN_SWEEP_RATE) >> CHAIN_SHIFT;
}

// Whether a shard at `seq` is in the middle of a sweep.
static inline bool chain_sweeping(uint64_t seq)
{
	uint64_t step = seq & ((1u << CHAIN_SHIFT) - 1);

	return seq == CHAIN_BEGIN || step == CHAIN_SWEEP_SET || step == 11 || step == 12; // -5 and -4 of the next
}

struct chain {
	uint64_t number; // of the last change that is durable
	uint64_t digest; // of all bearers in the shard (bearer_digest)
	uint32_t sessions;
	uint32_t refused;        // cells
	uint32_t oldest, newest; // cells by number; CELL_NONE = no cell was ever changed
};

struct chains {
	struct grid *grid;
	struct chain chain[SHARDS];
};

void chains_open(struct chains *chains, struct grid *grid);

// The cell's change `number` (the shard's next) is durable; digest: of its bearer, 0 = it is empty now.
void chain_move(struct chains *chains, uint32_t cell, uint64_t number, uint64_t digest);

// The cell's bearer was refused by its owner: it counts neither in the digest nor as a session until its next change, or owner.
void chain_refuse(struct chains *chains, uint32_t cell);
// Another owner may take what the last one refused: it counts again. False: nothing was refused.
bool chain_pardon(struct chains *chains, uint8_t shard);

// At start, after cells have got their numbers and digests: puts each shard's into order. 0 or -ENOMEM.
int chains_build(struct chains *chains);

// The oldest cell with a number above this one; CELL_NONE = there is none. O(cells above).
uint32_t chain_after(const struct chains *chains, uint8_t shard, uint64_t number);
