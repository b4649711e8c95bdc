// picture.c - what it takes to hand a shard to a build with other lines: write its image, read it into another region.
//
// usage: bench-picture [SLOTS [ROUNDS]]      SLOTS: up to 65,536, all of them sessions; prints microseconds of each round
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "shared/base/clock.h"
#include "workers/loop/picture.h"

#define SHARD 7u

static struct plane_net net = {
	.clock_hz = 2000000000,
	.pools = 1,
	.pool = { { .ipv4 = 0x0a000000, .ipv4_len = 8, .ipv6 = 0x20010db800000000, .ipv6_len = 40 } }
};

static void *memory(uint64_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		abort();
	madvise(at, bytes, MADV_HUGEPAGE);
	return at;
}

static void fill(const struct lines *lines)
{
	struct bearer_rate rate = { 10000000, 100000, 100000 };

	if (lines_rate_set(lines, 1, &rate))
		abort();
	for (uint32_t slot = 0; slot < lines->shape->slots; slot++) {
		const struct bearer bearer = {
			.ue_ipv4 = shard_pool_ipv4(net.pool, slot, SHARD),
			.ue_ipv6 = shard_pool_ipv6(net.pool, slot, SHARD),
			.teid = shard_teid(1, slot, SHARD, net.slot_bits),
			.peer_teid = 1 + slot,
			.peer_ipv4 = 0xc6336401,
			.uplink = { .rate = 1 },
			.downlink = { .rate = 1 },
		};

		if (lines_set(lines, slot, &bearer))
			abort();
	}
}

int main(int argc, char **argv)
{
	struct region_shape shape = { .slots = argc > 1 ? (uint32_t)atoi(argv[1]) : 4096, .rates = 64, .buckets = 1 };
	unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 101, bad;
	struct region from, to;
	struct lines old = { .region = &from, .shape = &shape, .net = &net, .life = 1 },
		     new = { .region = &to, .shape = &shape, .net = &net, .life = 1 };
	struct image *image = memory(image_bytes(shape.slots, shape.rates, shape.sheet));

	if (shard_pools_lay(net.pool, 1, &bad) < (int)shape.slots || !rounds)
		return 2;
	net.slot_bits = shard_slot_bits(shape.slots);
	from = region_at(memory(region_stride(&shape)), &shape, 0);
	to = region_at(memory(region_stride(&shape)), &shape, 0);
	from.header->shard = to.header->shard = SHARD;
	fill(&old);
	puts("round,variant,value");
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t start = clock_ns(), middle, end;

		picture_write(&old, image);
		middle = clock_ns();
		if (picture_read(&new, image) || to.header->digest != from.header->digest)
			abort();
		end = clock_ns();
		printf("%u,write,%.2f\n%u,read,%.2f\n", i, (double)(middle - start) / 1000, i,
		       (double)(end - middle) / 1000);
	}
	return 0;
}
