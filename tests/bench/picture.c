// picture.c - what it takes to hand a shard to a build with other lines: write its image, read it into another region.
//
// usage: bench-picture [SLOTS [ROUNDS]]      SLOTS: up to 65,536, all of them sessions; median and worst of ROUNDS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "shared/base/clock.h"
#include "workers/picture.h"

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

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void tell(const char *what, double *us, unsigned rounds)
{
	qsort(us, rounds, sizeof(*us), compare);
	printf("%-6s %9.1f us median %9.1f worst\n", what, us[rounds / 2], us[rounds - 1]);
}

int main(int argc, char **argv)
{
	struct region_shape shape = { argc > 1 ? (uint32_t)atoi(argv[1]) : 4096, 0, 64, 1 };
	unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 101, bad;
	double *us[3];
	struct region from, to;
	struct lines old = { &from, &shape, &net, 1 }, new = { &to, &shape, &net, 1 };
	struct image *image = memory(image_bytes(shape.slots, shape.rates));

	if (shard_pools_lay(net.pool, 1, &bad) < (int)shape.slots || !rounds)
		return 2;
	net.slot_bits = shard_slot_bits(shape.slots);
	from = region_at(memory(region_stride(&shape)), &shape, 0);
	to = region_at(memory(region_stride(&shape)), &shape, 0);
	from.header->shard = to.header->shard = SHARD;
	fill(&old);
	for (unsigned i = 0; i < 3; i++)
		us[i] = calloc(rounds, sizeof(double));
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t start = clock_ns(), middle, end;

		picture_write(&old, image);
		middle = clock_ns();
		if (picture_read(&new, image) || to.header->digest != from.header->digest)
			abort();
		end = clock_ns();
		us[0][i] = (double)(middle - start) / 1000;
		us[1][i] = (double)(end - middle) / 1000;
		us[2][i] = (double)(end - start) / 1000;
	}
	tell("write", us[0], rounds);
	tell("read", us[1], rounds);
	tell("both", us[2], rounds);
	return 0;
}
