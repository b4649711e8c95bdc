// foreign.h - a shard's index of UE addresses that are not from our own pools.
//
// Buckets of one cache line, eight places each; an address may lie in either of two. It goes to its first while that is
// at most half full, so that nearly every look-up touches one bucket; else to the emptier. Where both are full, an entry of theirs moves
// to its own other bucket. A hit is believed only when the session's line agrees, so an entry left over by a kill is never harmful.
// Read and written by the shard's owner only; nothing here allocates.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/plane/region.h"
#include "workers/lines/eight.h"

#define FOREIGN_NONE UINT32_MAX

// Slot of the valid downlink line with this address, or FOREIGN_NONE.
uint32_t foreign_find4(const struct region *region, const struct region_shape *shape, uint32_t address);
uint32_t foreign_find6(const struct region *region, const struct region_shape *shape, uint64_t prefix);

// Whether the session is the address's, or the prefix's.
static inline bool foreign_agrees(const struct line *line, uint32_t address, uint64_t prefix)
{
	return line->flags & LINE_VALID && (prefix ? line->ue_ipv6 == prefix : line->ue_ipv4 == address && address);
}

// The two buckets of a key, the first tried first.
struct foreign_pair {
	struct region_bucket *bucket[2];
};

// Keys as they lie in buckets: never 0.
static inline uint32_t foreign_key4(uint32_t address)
{
	return address;
}

static inline uint32_t foreign_key6(uint64_t prefix)
{
	uint32_t key = (uint32_t)(prefix * 0xc2b2ae3d27d4eb4full >> 32);

	return key ? key : 1;
}

static inline struct foreign_pair foreign_buckets(const struct region *region, const struct region_shape *shape,
						  uint32_t key)
{
	uint64_t hash = key * 0x9e3779b97f4a7c15ull;
	uint32_t mask = shape->buckets - 1;

	return (struct foreign_pair){ { region->index + (hash >> 30 & mask), region->index + (hash >> 47 & mask) } };
}

// In two steps, so that many look-ups wait side by side: calls the first bucket into the cache; then, when it is there, the slot
// that it promises. The line has to agree; most are right, and whoever finds that one is not asks foreign_find4.
static inline void foreign_call4(const struct region *region, const struct region_shape *shape, uint32_t address)
{
	__builtin_prefetch(foreign_buckets(region, shape, foreign_key4(address)).bucket[0]);
}

static inline uint32_t foreign_promise4(const struct region *region, const struct region_shape *shape, uint32_t address)
{
	const struct region_bucket *bucket = foreign_buckets(region, shape, foreign_key4(address)).bucket[0];
	uint32_t bits = eight_equal(bucket->key, foreign_key4(address));

	return bits ? bucket->slot[eight_first(bits)] : FOREIGN_NONE;
}

struct foreign_entry {
	uint32_t key, slot;
};

// Sees to it that `count` (1 or 2) entries can surely be added. False: they can't.
bool foreign_make_room(const struct region *region, const struct region_shape *shape,
		       const struct foreign_entry *entries, unsigned count);

bool foreign_has(const struct region *region, const struct region_shape *shape, struct foreign_entry entry);

// Adds after foreign_make_room said yes; an entry that is there already stays as it is.
void foreign_add(const struct region *region, const struct region_shape *shape, struct foreign_entry entry);
void foreign_remove(const struct region *region, const struct region_shape *shape, struct foreign_entry entry);
