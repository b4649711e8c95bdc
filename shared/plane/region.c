// region.c - where the parts of a shard's region lie. Pure arithmetic.
#include "shared/plane/region.h"
#include <stddef.h>
#include "shared/plane/ruled.h"

#define LINE_BYTES 64u
#define BUCKETS_LEAST 64u // among fewer, nine entries with the same one bucket twice would be no wonder

static uint64_t round_up(uint64_t bytes, uint64_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

static uint64_t rates_bytes(const struct region_shape *shape)
{
	return round_up((uint64_t)shape->rates * sizeof(struct region_rate), LINE_BYTES);
}

uint64_t region_stride(const struct region_shape *shape)
{
	uint64_t cell = LINE_WAYS * sizeof(struct line) + sizeof(struct rest);
	uint64_t bytes = sizeof(struct region_header) + rates_bytes(shape) +
			 (uint64_t)shape->buckets * sizeof(struct region_bucket) + shape->slots * cell;

	if (shape->sheet)
		bytes += sizeof(struct region_coming) + (1 + 2 * (uint64_t)shape->slots) * shape->sheet * LINE_BYTES;
	return bytes | LINE_BYTES; // an odd number of lines: the rates of shards fall into different sets of the caches
}

struct region region_at(void *zone, const struct region_shape *shape, unsigned shard)
{
	uint8_t *start = (uint8_t *)zone + shard * region_stride(shape);
	struct region region = { .header = (void *)start, .slots = shape->slots };

	region.rates = (void *)(start + sizeof(struct region_header));
	region.index = (void *)((uint8_t *)region.rates + rates_bytes(shape));
	region.uplink = (void *)(region.index + shape->buckets);
	region.downlink = region.uplink + shape->slots;
	region.rest = (void *)(region.downlink + shape->slots);
	return region;
}

uint32_t region_buckets(uint32_t foreign)
{
	uint64_t entries = (uint64_t)foreign * 2 * 2; // two addresses each, half of the places empty
	uint32_t buckets = foreign ? BUCKETS_LEAST : 1;

	while ((uint64_t)buckets * 8 < entries)
		buckets *= 2;
	return buckets;
}
