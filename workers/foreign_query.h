// foreign_query.h - look-ups in the address index with their cache misses side by side.
//
// A look-up touches a bucket, seldom two, and a session's line, each known only from the one before. Who has many packets in hand
// takes each of these steps for all of them, or for each packet some packets earlier, and waits for nothing:
//
//   foreign_ask4, 6  the first bucket is on its way
//   foreign_expect   the line it promises is on its way, or the second bucket
//   foreign_expect   again: the line that the second bucket promises
//   foreign_answer   the slot, as of foreign_find4 and foreign_find6; right without the steps between, only later
//
// Inline; the shard's owner calls.
#pragma once
#include <stddef.h>
#include "workers/eight.h"
#include "workers/foreign.h"

struct foreign_query {
	const struct region *region;
	const struct region_bucket *bucket; // to look at next; null = nothing more is expected
	uint64_t prefix;                    // 0: by address, which is the key then; and that 0: by nothing
	uint32_t key;
	uint32_t slot; // that is promised
};

static inline void foreign_ask(struct foreign_query *query, const struct region *region,
			       const struct region_shape *shape, uint32_t key, uint64_t prefix)
{
	const struct region_bucket *bucket = foreign_buckets(region, shape, key).bucket[0];

	__builtin_prefetch(bucket);
	*query = (struct foreign_query){ region, bucket, prefix, key, FOREIGN_NONE };
}

static inline void foreign_ask4(struct foreign_query *query, const struct region *region,
				const struct region_shape *shape, uint32_t address)
{
	foreign_ask(query, region, shape, foreign_key4(address), 0);
}

static inline void foreign_ask6(struct foreign_query *query, const struct region *region,
				const struct region_shape *shape, uint64_t prefix)
{
	foreign_ask(query, region, shape, prefix ? foreign_key6(prefix) : 0, prefix);
}

static inline void foreign_expect(struct foreign_query *query, const struct region_shape *shape)
{
	const struct region_bucket *bucket = query->bucket, *second;
	uint32_t bits, slot;

	if (!bucket)
		return;
	bits = eight_equal(bucket->key, query->key);
	if (__builtin_expect(bits != 0, 1)) {
		slot = bucket->slot[__builtin_ctz(bits)];
		query->bucket = NULL;
		if (slot >= shape->slots)
			return;
		query->slot = slot;
		__builtin_prefetch(query->region->downlink + slot, 1);
		return;
	}
	second = foreign_buckets(query->region, shape, query->key).bucket[1];
	query->bucket = bucket == second ? NULL : second;
	__builtin_prefetch(second);
}

static inline bool foreign_agrees(const struct line *line, uint32_t address, uint64_t prefix)
{
	return line->flags & LINE_VALID && (prefix ? line->ue_ipv6 == prefix : address && line->ue_ipv4 == address);
}

static inline uint32_t foreign_answer(const struct foreign_query *query, const struct region_shape *shape)
{
	if (__builtin_expect(query->slot != FOREIGN_NONE, 1) &&
	    foreign_agrees(query->region->downlink + query->slot, query->key, query->prefix))
		return query->slot;
	return query->prefix ? foreign_find6(query->region, shape, query->prefix)
			     : foreign_find4(query->region, shape, query->key);
}
