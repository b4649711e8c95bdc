// spread.h - a histogram of times: four buckets an octave, from half a microsecond to half a minute. Plain memory; pure.
#pragma once
#include <stdint.h>

#define SPREAD_LOW 10u // 2^10 ticks and less share the first bucket
#define SPREAD_OCTAVES 27u
#define SPREAD_BUCKETS (SPREAD_OCTAVES * 4)

struct spread {
	uint32_t count[SPREAD_BUCKETS];
};

static inline void spread_add(struct spread *spread, uint64_t ticks)
{
	unsigned octave = 63 - (unsigned)__builtin_clzll(ticks | 1ull << SPREAD_LOW);
	unsigned bucket = (octave - SPREAD_LOW) * 4 + (unsigned)(ticks >> (octave - 2) & 3);

	spread->count[bucket < SPREAD_BUCKETS ? bucket : SPREAD_BUCKETS - 1]++;
}

void spread_join(struct spread *to, const struct spread *from);

// The time that this share of all is at or below, to the upper end of its bucket; 0 for an empty histogram.
uint64_t spread_quantile(const struct spread *spread, double share);
uint64_t spread_bucket_end(unsigned bucket);
