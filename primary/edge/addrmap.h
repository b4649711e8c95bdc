// addrmap.h - address -> small number: open addressing, built aside and then only read. At most half full.
//
// Owned by whoever holds the struct; look-ups from the primary's loop.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/edge/address.h"

struct addrmap_entry {
	struct address key;
	uint32_t value;
	uint32_t used;
};

struct addrmap {
	struct addrmap_entry *entries; // null = empty map
	unsigned shift;                // 64 - log2(entries)
};

int addrmap_init(struct addrmap *map, unsigned capacity); // 0 or -ENOMEM; capacity 0: empty, allocates nothing
void addrmap_fini(struct addrmap *map);

void addrmap_clear(struct addrmap *map); // empty again, as large as it was

// Adds or replaces; the caller adds at most `capacity` different keys.
void addrmap_put(struct addrmap *map, struct address key, uint32_t value);

static inline uint32_t addrmap_home(const struct addrmap *map, struct address key)
{
	return (uint32_t)(((key.low * 0x9e3779b97f4a7c15ull) ^ key.high) * 0xd6e8feb86659fd93ull >> map->shift);
}

// Value of the key, or `otherwise`.
static inline uint32_t addrmap_get(const struct addrmap *map, struct address key, uint32_t otherwise)
{
	if (!map->entries)
		return otherwise;

	uint32_t mask = (uint32_t)(UINT64_MAX >> map->shift);

	for (uint32_t i = addrmap_home(map, key); map->entries[i].used; i = (i + 1) & mask)
		if (address_same(map->entries[i].key, key))
			return map->entries[i].value;
	return otherwise;
}
