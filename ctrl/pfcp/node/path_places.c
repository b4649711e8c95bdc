// path_places.c - see path_places.h: places in buckets by address. One thread.
#include "ctrl/pfcp/node/path_places.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"

#define BUCKETS (2 * TELLING_PATHS)

int path_places_open(struct path_places *places)
{
	*places = (struct path_places){ .seed = hash_seed() };
	places->place = calloc(TELLING_PATHS, sizeof(*places->place));
	places->bucket = calloc(BUCKETS, sizeof(*places->bucket));
	return places->place && places->bucket ? 0 : -ENOMEM;
}

void path_places_close(struct path_places *places)
{
	free(places->place);
	free(places->bucket);
}

// Of the address alone, as remote_same.
static uint32_t *bucket_of(const struct path_places *places, const struct remote *to)
{
	struct remote address = { .family = to->family, .scope = to->scope };

	memcpy(address.bytes, to->bytes, sizeof(address.bytes));
	return &places->bucket[remote_hash(&address, places->seed) % BUCKETS];
}

unsigned path_places_find(const struct path_places *places, const struct remote *to)
{
	uint32_t i = *bucket_of(places, to);

	while (i && !remote_same(&places->place[i - 1].to, to))
		i = places->place[i - 1].next;
	return i ? i - 1 : TELLING_PATHS;
}

void path_places_put(struct path_places *places, unsigned i, const struct remote *to)
{
	uint32_t *bucket = bucket_of(places, to);

	places->place[i] = (struct path_place){ .to = *to, .next = *bucket };
	*bucket = i + 1;
}

void path_places_drop(struct path_places *places, unsigned i)
{
	uint32_t *link = bucket_of(places, &places->place[i].to);

	while (*link != i + 1)
		link = &places->place[*link - 1].next;
	*link = places->place[i].next;
	places->place[i] = (struct path_place){ 0 };
	path_bit_set(places->down, i, false);
}
