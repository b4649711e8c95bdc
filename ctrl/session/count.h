// count.h - what a session has used, put together from what its lives counted.
//
// A worker's counters only grow while they are of one life (shared/plane/region.h); a later life begins at zero. So of one life
// the largest word is the truth, whatever came late, twice or in another order, and the lives add up. Pure.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "proto/feed_codec.h"
#include "proto/oss.pb-c.h"

struct count {
	struct feed_count base; // of all lives before this one
	struct feed_count seen; // of this one
	uint64_t life;          // 0 = none heard of
	uint64_t at_ms;         // when last heard of; 0 = never
};

#define COUNT_WORDS 5u
_Static_assert(sizeof(struct feed_count) == COUNT_WORDS * sizeof(uint64_t), "a column is its words");

// A word about the session: true if it says more than was known.
bool count_hear(struct count *count, uint64_t life, const struct feed_count *heard, uint64_t at_ms);

// The same session as another record has it: the later one of both, word by word.
void count_merge(struct count *count, const struct count *other);

struct feed_count count_total(const struct count *count);
void count_pack(const struct count *count, Shoal__Oss__Usage *usage);
