// test_shard.c - the arithmetic between addresses, TEIDs and cells.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "shared/wire/shard.h"

static void teid_names_its_cell(void **state)
{
	for (unsigned bits = 1; bits <= SHARD_SLOT_BITS_MAX; bits++) {
		uint32_t slot = (1u << bits) - 1, teid = shard_teid(3, slot, 0xa5, bits);

		assert_int_equal(shard_of_teid(teid), 0xa5);
		assert_int_equal(shard_slot_of_teid(teid, bits), slot);
		assert_int_equal(shard_teid_generation(teid, bits), 3);
	}
}

static void block_of_256_meets_every_shard_once(void **state)
{
	bool seen4[SHARDS] = { false }, seen6[SHARDS] = { false };

	for (uint32_t low = 0; low < 256; low++) {
		seen4[shard_of_ipv4(0x0a2d1700 | low)] = true;
		seen6[shard_of_ipv6(0x20010db800451700 | low)] = true;
	}
	for (unsigned shard = 0; shard < SHARDS; shard++)
		assert_true(seen4[shard] && seen6[shard]);
}

static void pool_addresses_map_back(void **state)
{
	struct shard_pool pools[2] = {
		{ .ipv4 = 0x0a000000, .ipv4_len = 20 },
		{ .ipv4 = 0xac100000, .ipv4_len = 16, .ipv6 = 0x20010db800000000, .ipv6_len = 48 }
	};
	unsigned bad;

	assert_int_equal(shard_pools_lay(pools, 2, &bad), 16 + 256);
	assert_int_equal(pools[1].first_slot, 16);
	for (unsigned row = 0; row < pools[1].rows; row += 51) {
		for (unsigned shard = 0; shard < SHARDS; shard += 17) {
			uint32_t ipv4 = shard_pool_ipv4(&pools[1], row, (uint8_t)shard);
			uint64_t ipv6 = shard_pool_ipv6(&pools[1], row, (uint8_t)shard);

			assert_int_equal(shard_of_ipv4(ipv4), shard);
			assert_int_equal(shard_of_ipv6(ipv6), shard);
			assert_int_equal(shard_pool_slot4(&pools[1], ipv4), 16 + row);
			assert_int_equal(shard_pool_slot6(&pools[1], ipv6), 16 + row);
			assert_int_equal(shard_pool_slot4(&pools[0], ipv4), UINT32_MAX);
			assert_int_equal(shard_pool_slot6(&pools[0], ipv6), UINT32_MAX);
		}
	}
	assert_int_equal(shard_pool_slot4(&pools[0], 0x0a000fff), 15);
	assert_int_equal(shard_pool_slot4(&pools[0], 0x0a001000), UINT32_MAX);
	assert_int_equal(shard_pool_slot4(&pools[0], 0x09ffffff), UINT32_MAX);
}

static void bad_pools_are_named(void **state)
{
	struct shard_pool none[2] = { { .ipv4 = 0x0a000000, .ipv4_len = 24 }, { 0 } };
	struct shard_pool host_bits = { .ipv4 = 0x0a000001, .ipv4_len = 24 };
	struct shard_pool small = { .ipv4 = 0x0a000000, .ipv4_len = 25 };
	struct shard_pool large[2] = { { .ipv4 = 0x0a000000, .ipv4_len = 8 }, { .ipv4 = 0x0b000000, .ipv4_len = 24 } };
	unsigned bad;

	assert_int_equal(shard_pools_lay(none, 2, &bad), -EINVAL);
	assert_int_equal(bad, 1);
	assert_int_equal(shard_pools_lay(&host_bits, 1, &bad), -EINVAL);
	assert_int_equal(shard_pools_lay(&small, 1, &bad), -EINVAL);
	assert_int_equal(shard_pools_lay(large, 2, &bad), -E2BIG);
	assert_int_equal(bad, 1);
}

static void slot_bits_are_enough(void **state)
{
	assert_int_equal(shard_slot_bits(1), 1);
	assert_int_equal(shard_slot_bits(2), 1);
	assert_int_equal(shard_slot_bits(3), 2);
	assert_int_equal(shard_slot_bits(4096), 12);
	assert_int_equal(shard_slot_bits(4097), 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(teid_names_its_cell),     cmocka_unit_test(block_of_256_meets_every_shard_once),
		cmocka_unit_test(pool_addresses_map_back), cmocka_unit_test(bad_pools_are_named),
		cmocka_unit_test(slot_bits_are_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
