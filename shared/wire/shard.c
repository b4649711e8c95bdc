// shard.c - the arithmetic that is not worth inlining: pools and cells.
#include "shared/wire/shard.h"
#include <errno.h>

uint32_t shard_pool_ipv4(const struct shard_pool *pool, uint32_t row, uint8_t shard)
{
	uint32_t block = pool->ipv4 + (row << 8);

	return block | (uint8_t)(shard_of_ipv4(block) ^ shard);
}

uint64_t shard_pool_ipv6(const struct shard_pool *pool, uint32_t row, uint8_t shard)
{
	uint64_t block = pool->ipv6 + ((uint64_t)row << 8);

	return block | (uint8_t)(shard_of_ipv6(block) ^ shard);
}

static bool pool_good(const struct shard_pool *pool)
{
	if (!pool->ipv4_len && !pool->ipv6_len)
		return false;
	if (pool->ipv4_len && (pool->ipv4_len < 8 || pool->ipv4_len > 24 || pool->ipv4 << pool->ipv4_len))
		return false;
	if (pool->ipv6_len && (pool->ipv6_len < 16 || pool->ipv6_len > 56 || pool->ipv6 << pool->ipv6_len))
		return false;
	return true;
}

int shard_pools_lay(struct shard_pool *pools, unsigned count, unsigned *bad)
{
	uint64_t slot = 0;

	for (unsigned i = 0; i < count; i++) {
		uint64_t rows4, rows6, rows;

		*bad = i;
		if (!pool_good(&pools[i]))
			return -EINVAL;
		rows4 = pools[i].ipv4_len ? 1ull << (24 - pools[i].ipv4_len) : UINT64_MAX;
		rows6 = pools[i].ipv6_len ? 1ull << (56 - pools[i].ipv6_len) : UINT64_MAX;
		rows = rows4 < rows6 ? rows4 : rows6;
		if (slot + rows > 1u << SHARD_SLOT_BITS_MAX)
			return -E2BIG;
		pools[i].rows = (uint32_t)rows;
		pools[i].first_slot = (uint32_t)slot;
		slot += rows;
	}
	return (int)slot;
}

unsigned shard_slot_bits(uint32_t slots)
{
	unsigned bits = 1;

	while (1u << bits < slots)
		bits++;
	return bits;
}
