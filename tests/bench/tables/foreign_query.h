// foreign_query.h - look-ups in the address index with their cache misses side by side.
//
// A look-up touches a bucket, seldom two, and a session's line, each known only from the one before. Who has many packets in hand
// takes each of these steps for all of them, or for each packet some packets earlier, and waits for nothing:
//
//   foreign_ask4, 6       the first bucket is on its way
//   foreign_expect        the line it promises is on its way, or the second bucket
//   foreign_expect_again  the line that the second bucket promises
//   foreign_answer4, 6    the line, or NULL: what foreign_find4 and foreign_find6 would find
//
// Inline. The packet path takes the first step and the second only (workers/pipe/pipe.c): it lacks the time between bursts for more.
#pragma once
#include <stddef.h>
#include "workers/lines/eight.h"
#include "workers/lines/foreign.h"

struct foreign_query {
	const struct region *region;
	const struct region_bucket *bucket; // to look at next
	struct line *line;                  // that is promised, and not yet believed; null = none yet
	uint32_t key;
};

static inline void foreign_ask(struct foreign_query *query, const struct region *region,
			       const struct region_shape *shape, uint32_t key)
{
	const struct region_bucket *bucket = foreign_buckets(region, shape, key).bucket[0];

	__builtin_prefetch(bucket);
	*query = (struct foreign_query){ region, bucket, NULL, key };
}

static inline void foreign_ask4(struct foreign_query *query, const struct region *region,
				const struct region_shape *shape, uint32_t address)
{
	foreign_ask(query, region, shape, foreign_key4(address));
}

static inline void foreign_ask6(struct foreign_query *query, const struct region *region,
				const struct region_shape *shape, uint64_t prefix)
{
	foreign_ask(query, region, shape, foreign_key6(prefix));
}

// bits: the places of the bucket that have the key. Where there is none, or it names no cell, any line will do.
static inline void foreign_promise(struct foreign_query *query, uint32_t bits, const struct region_shape *shape)
{
	uint32_t slot = query->bucket->slot[eight_first(bits)];

	slot &= -(uint32_t)(slot < shape->slots);
	query->line = query->region->downlink + slot;
	__builtin_prefetch(query->line, 1);
}

static inline bool foreign_expect(struct foreign_query *query, const struct region_shape *shape)
{
	uint32_t bits = eight_equal(query->bucket->key, query->key);

	if (__builtin_expect(bits != 0, 1)) {
		foreign_promise(query, bits, shape);
		return true;
	}
	query->bucket = foreign_buckets(query->region, shape, query->key).bucket[1];
	__builtin_prefetch(query->bucket);
	return false;
}

static inline void foreign_expect_again(struct foreign_query *query, const struct region_shape *shape)
{
	foreign_promise(query, eight_equal(query->bucket->key, query->key), shape);
}

// All steps but the first may be left out: it is right then as well, only later.
static inline struct line *foreign_answer4(const struct foreign_query *query, const struct region_shape *shape,
					   uint32_t address)
{
	uint32_t slot;

	if (__builtin_expect(query->line && foreign_agrees(query->line, address, 0), 1))
		return query->line;
	slot = foreign_find4(query->region, shape, address);
	return slot == FOREIGN_NONE ? NULL : query->region->downlink + slot;
}

static inline struct line *foreign_answer6(const struct foreign_query *query, const struct region_shape *shape,
					   uint64_t prefix)
{
	uint32_t slot;

	if (__builtin_expect(query->line && foreign_agrees(query->line, 0, prefix), 1))
		return query->line;
	slot = foreign_find6(query->region, shape, prefix);
	return slot == FOREIGN_NONE ? NULL : query->region->downlink + slot;
}
