// path_places.h - the GTP-U paths that are down, or that somebody has been told were: each has a place, by which it is known who has been
// told what (telling.h). Found by their peer's address. One thread; the node owns it.
#pragma once
#include "ctrl/pfcp/peer/remote.h"
#include "ctrl/pfcp/peer/telling.h"

struct path_place { // family 0: free
	struct remote to;
	uint64_t heard_ns; // ctrl spoke of it last
	uint32_t next;     // of the same bucket, and 1; 0: the last
};

struct path_places {
	struct path_place *place; // TELLING_PATHS
	uint32_t *bucket;         // the first one's place, and 1
	uint64_t down[TELLING_PATHS / 64];
	unsigned turn;    // where a free one is looked for next
	uint64_t full_ns; // none was free; not before then
	uint64_t seed;
};

int path_places_open(struct path_places *places); // 0 or -ENOMEM
void path_places_close(struct path_places *places);

unsigned path_places_find(const struct path_places *places, const struct remote *to);  // TELLING_PATHS: it has none
void path_places_put(struct path_places *places, unsigned i, const struct remote *to); // the place is free
void path_places_drop(struct path_places *places, unsigned i);                         // it is not

static inline bool path_bit(const uint64_t *bits, unsigned i)
{
	return bits[i / 64] >> i % 64 & 1;
}

static inline void path_bit_set(uint64_t *bits, unsigned i, bool to)
{
	bits[i / 64] = (bits[i / 64] & ~(1ull << i % 64)) | (uint64_t)to << i % 64;
}
