// bits.h - sets of the 256 shards. Pure functions.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/wire/shard.h"

#define BITS_WORDS (SHARDS / 64)
#define BITS_END SHARDS

struct bits {
	uint64_t word[BITS_WORDS];
};

static inline void bits_set(struct bits *bits, unsigned i)
{
	bits->word[i / 64] |= 1ull << i % 64;
}

static inline void bits_clear(struct bits *bits, unsigned i)
{
	bits->word[i / 64] &= ~(1ull << i % 64);
}

static inline bool bits_has(const struct bits *bits, unsigned i)
{
	return bits->word[i / 64] >> i % 64 & 1;
}

static inline bool bits_any(const struct bits *bits)
{
	return (bits->word[0] | bits->word[1] | bits->word[2] | bits->word[3]) != 0;
}

static inline struct bits bits_both(const struct bits *a, const struct bits *b)
{
	return (struct bits){ { a->word[0] & b->word[0], a->word[1] & b->word[1], a->word[2] & b->word[2],
				a->word[3] & b->word[3] } };
}

// The first member that is not below i, or BITS_END.
static inline unsigned bits_next(const struct bits *bits, unsigned i)
{
	while (i < SHARDS) {
		uint64_t rest = bits->word[i / 64] >> i % 64;

		if (rest)
			return i + (unsigned)__builtin_ctzll(rest);
		i = (i | 63) + 1;
	}
	return BITS_END;
}
