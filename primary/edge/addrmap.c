// addrmap.c - building of address maps.
//
// Not for the packet path: maps are built at start or aside, then swapped in.
#include "primary/edge/addrmap.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int addrmap_init(struct addrmap *map, unsigned capacity)
{
	unsigned bits = 3;

	*map = (struct addrmap){ 0 };
	if (!capacity)
		return 0;
	while (1u << bits < 2 * capacity)
		bits++;
	map->entries = calloc(1u << bits, sizeof(*map->entries));
	map->shift = 64 - bits;
	return map->entries ? 0 : -ENOMEM;
}

void addrmap_fini(struct addrmap *map)
{
	free(map->entries);
	*map = (struct addrmap){ 0 };
}

void addrmap_clear(struct addrmap *map)
{
	memset(map->entries, 0, sizeof(*map->entries) << (64 - map->shift));
}

void addrmap_put(struct addrmap *map, struct address key, uint32_t value)
{
	uint32_t mask = (uint32_t)(UINT64_MAX >> map->shift);
	uint32_t i = addrmap_home(map, key);

	while (map->entries[i].used && !address_same(map->entries[i].key, key))
		i = (i + 1) & mask;
	map->entries[i] = (struct addrmap_entry){ .key = key, .value = value, .used = 1 };
}
