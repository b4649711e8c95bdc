// image.h - a shard as every build understands it: how it goes from a worker of one build to a worker of another whose lines are
// laid out differently. Additive for ever: fields get meanings, never lose them; zero means "not there".
//
// One image exists at a time. The seat that gives the shard up (LANE_CUT with LANE_IMAGE) writes it, `whole` last; the seat that
// takes the shard over (LANE_OWN with LANE_IMAGE) reads it into its own region, and takes its own region as it is if the image is not
// whole or not of this shard: ctrl then sends what has changed. Integers are host order.
#pragma once
#include <stdatomic.h>
#include "shared/wire/bearer.h"

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
	struct bearer bearer; // teid 0: empty, nothing else counts
	uint64_t life;        // since when it counts
	uint64_t more[2];
	struct image_way way[2]; // uplink, downlink
};
_Static_assert(sizeof(struct image_cell) == 192, "crosses builds");

struct image {
	uint64_t magic;
	uint32_t version;
	uint32_t shard;
	uint32_t slots, rates;       // entries below
	uint64_t epoch, seq, digest; // of the shard (change.h)
	_Atomic uint32_t whole;      // 1: all of it is written. w: the seat that gives up
	uint32_t more[19];
	// struct image_rate rates[rates], then struct image_cell cells[slots]
};
_Static_assert(sizeof(struct image) == 128, "crosses builds");

static inline uint64_t image_bytes(uint32_t slots, uint32_t rates)
{
	return sizeof(struct image) + rates * (uint64_t)sizeof(struct image_rate) +
	       slots * (uint64_t)sizeof(struct image_cell);
}

static inline struct image_rate *image_rates(struct image *image)
{
	return (struct image_rate *)(image + 1);
}

static inline struct image_cell *image_cells(struct image *image)
{
	return (struct image_cell *)(image_rates(image) + image->rates);
}
