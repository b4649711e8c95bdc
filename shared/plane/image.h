// image.h - a shard as every build understands it: how it goes from a worker of one build to a worker of another whose lines are
// laid out differently. Additive for ever: fields get meanings, never lose them; zero means "not there".
//
// One image exists at a time. The seat that gives the shard up (LANE_CUT with LANE_IMAGE) writes it, `whole` last; the seat that
// takes the shard over (LANE_OWN with LANE_IMAGE) reads it into its own region and unmakes it. Whoever takes a shard over without
// its image takes its own region as it is, ctrl then sends what has changed, and unmakes an image of it that is left: it is old.
// Integers are host order.
#pragma once
#include <stdatomic.h>
#include "shared/wire/bearer.h"
#include "shared/wire/shard.h"

#define IMAGE_MAGIC 0x53484f414c494d47ull // "SHOALIMG"
#define IMAGE_VERSION 1u

struct image_rate {
	uint64_t cir_bps; // 0 = not defined
	uint32_t cbs_bytes, ebs_bytes;
	uint64_t more[2];
};
_Static_assert(sizeof(struct image_rate) == 32, "crosses builds");

// What one direction has come to. Tokens as in region_rate: bits x clock hertz.
struct image_way {
	uint64_t packets, bytes, red_packets, red_bytes;
	uint64_t tokens_at, tc, te;
	uint64_t more;
};
_Static_assert(sizeof(struct image_way) == 64, "crosses builds");

struct image_cell {
	struct bearer bearer;    // teid 0: empty, nothing else counts
	uint64_t life;           // since when it counts
	uint64_t unswept;        // 1: not SET since the sweep under way began (change.h), so not in the digest
	uint64_t rules;          // bytes of its room below, if its bearer names a sheet
	struct image_way way[2]; // uplink, downlink
};
_Static_assert(sizeof(struct image_cell) == 192, "crosses builds");

struct image {
	uint64_t magic;
	uint32_t version;
	uint32_t shard;
	uint32_t slots, rates;       // entries below
	uint64_t epoch, seq, digest; // of the shard (change.h)
	_Atomic uint32_t whole; // its shard + 1: all of it is written. w: who gives the shard up, then who takes it
	uint32_t unswept;       // cells that say so
	uint32_t more[18];
	// By shard: image_home of the build that has taken it last, 0 = nobody yet. Another build's region of it is old. w: that build
	_Atomic uint32_t home[SHARDS];
	// struct image_rate rates[rates], then struct image_cell cells[slots], then a room for the rules of each, as in the plane's shape:
	// struct ruled, the sheet, tokens, gauges (ruled.h), where that says they are
};
_Static_assert(sizeof(struct image) == 128 + 4 * SHARDS, "crosses builds");

// Builds that lay lines out alike have one home.
static inline uint32_t image_home(const char *lines)
{
	uint32_t hash = 0x811c9dc5u;

	for (; *lines; lines++)
		hash = (hash ^ (uint8_t)*lines) * 0x01000193u;
	return hash ? hash : 1;
}

// sheet: lines of a room, as in the plane's shape.
static inline uint64_t image_bytes(uint32_t slots, uint32_t rates, uint32_t sheet)
{
	return sizeof(struct image) + rates * (uint64_t)sizeof(struct image_rate) +
	       slots * (sizeof(struct image_cell) + sheet * UINT64_C(64));
}

// rates: how many there are by the plane's shape; what the image says of itself is to be checked first.
static inline struct image_rate *image_rates(struct image *image)
{
	return (struct image_rate *)(image + 1);
}

static inline struct image_cell *image_cells(struct image *image, uint32_t rates)
{
	return (struct image_cell *)(image_rates(image) + rates);
}

static inline void *image_room(struct image *image, uint32_t rates, uint32_t slots, uint32_t sheet, uint32_t slot)
{
	return (uint8_t *)(image_cells(image, rates) + slots) + slot * (sheet * UINT64_C(64));
}
