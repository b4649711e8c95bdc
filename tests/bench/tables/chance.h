// chance.h - random numbers for benchmarks: fast, good enough, and another sequence for each seed.
//
// Inline, no state but the caller's.
#pragma once
#include <stdint.h>

// xorshift64*; a seed is never 0.
static inline uint32_t chance(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * 0x2545f4914f6cdd1dull >> 32);
}

static inline uint32_t chance_below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)((uint64_t)chance(state) * limit >> 32);
}

// One to one on 24 bits, and nothing of the order is left.
static inline uint32_t chance_scatter(uint32_t number)
{
	for (unsigned round = 0; round < 3; round++) {
		number = (number ^ number >> 11) * 0x9e3779u & 0xffffff;
		number ^= number >> 13;
	}
	return number;
}
