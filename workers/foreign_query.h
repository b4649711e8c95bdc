// foreign_query.h - look-ups in the address index with their cache misses side by side.
//
// A look-up touches a bucket, seldom two, and a session's line, each known only from the one before. Who has many packets in hand
// takes each of these steps for all of them, or for each packet some packets earlier, and waits for nothing:
//
//   foreign_ask      the first bucket is on its way
//   foreign_expect   the line it promises is on its way, or the second bucket
//   foreign_expect   again: the line that the second bucket promises
//   foreign_answer   the slot, as of foreign_find4 and foreign_find6; right without the steps between, only later
//
// Inline; the shard's owner calls.
#pragma once
#include "workers/eight.h"
#include "workers/foreign.h"

struct foreign_query {
	const struct region *region;
	struct foreign_pair pair;
	uint64_t prefix;
	uint32_t address; // 0: by prefix
	uint32_t key;
	uint32_t turn; // bucket to look at next; 2 = it is known which line
};

static inline void foreign_ask(struct foreign_query *query, const struct region *region,
			       const struct region_shape *shape, uint32_t address, uint64_t prefix)
{
	query->region = region;
	query->prefix = prefix;
	query->address = address;
	query->key = address ? foreign_key4(address) : foreign_key6(prefix);
	query->pair = foreign_buckets(region, shape, query->key);
	query->turn = 0;
	__builtin_prefetch(query->pair.bucket[0]);
}

static inline void foreign_expect(struct foreign_query *query, const struct region_shape *shape)
{
	const struct region_bucket *bucket;
	uint32_t bits, slot;

	if (query->turn > 1)
		return;
	bucket = query->pair.bucket[query->turn];
	bits = eight_equal(bucket->key, query->key);
	if (bits) {
		slot = bucket->slot[__builtin_ctz(bits)];
		if (slot < shape->slots)
			__builtin_prefetch(query->region->downlink + slot, 1);
		query->turn = 2;
	} else if (query->turn++ == 0) {
		__builtin_prefetch(query->pair.bucket[1]);
	}
}

static inline bool foreign_agrees(const struct line *line, uint32_t address, uint64_t prefix)
{
	return line->flags & LINE_VALID && (address ? line->ue_ipv4 == address : prefix && line->ue_ipv6 == prefix);
}

static inline uint32_t foreign_answer(const struct foreign_query *query, const struct region_shape *shape)
{
	for (unsigned b = 0; b < 2; b++) {
		const struct region_bucket *bucket = query->pair.bucket[b];

		for (uint32_t bits = eight_equal(bucket->key, query->key); bits; bits &= bits - 1) {
			uint32_t slot = bucket->slot[__builtin_ctz(bits)];

			if (slot < shape->slots &&
			    foreign_agrees(query->region->downlink + slot, query->address, query->prefix))
				return slot;
		}
	}
	return FOREIGN_NONE;
}
