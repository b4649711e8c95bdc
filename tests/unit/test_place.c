// test_place.c - cells and addresses: what a session gets, from which pool, in which order.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "shared/wire/sheet.h"
#include "tests/unit/place_play.h"

static void addresses_name_their_cell(void **state)
{
	int error;

	for (unsigned i = 0; i < 300; i++) {
		struct place_wish wish = { .want_ipv4 = true, .want_ipv6 = true };
		uint32_t cell = place_play_take(&wish, &error);

		assert_int_not_equal(cell, CELL_NONE);
		assert_int_equal(place_of_ipv4(&place, 0, wish.ipv4), cell);
		assert_int_equal(place_of_ipv6(&place, 0, wish.ipv6), cell);
		assert_int_equal(shard_of_ipv4(wish.ipv4), cell_shard(&grid, cell));
	}
}

static void shards_fill_evenly(void **state)
{
	unsigned count[SHARDS] = { 0 };
	int error;

	for (unsigned i = 0; i < 256; i++) {
		struct place_wish wish = { .want_ipv4 = true };

		count[cell_shard(&grid, place_play_take(&wish, &error))]++;
	}
	for (unsigned i = 0; i < SHARDS; i++)
		assert_in_range(count[i], 0, 2); // two shards have a first or last address
}

static void a_pool_gives_all_it_has_then_the_next(void **state)
{
	static bool seen[768];
	int error;

	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < 512 - 2 + 256 - 2; i++) {
		struct place_wish wish = { .want_ipv4 = true };
		uint32_t at;

		assert_int_not_equal(place_play_take(&wish, &error), CELL_NONE);
		at = wish.ipv4 >= 0x0a300000 ? 512 + wish.ipv4 - 0x0a300000 : wish.ipv4 - 0x0a2d0000;
		assert_in_range(at, 0, 767);
		assert_false(seen[at]);
		seen[at] = true;
	}
	assert_false(seen[0] || seen[511] || seen[512] || seen[767]); // first and last of each pool
	struct place_wish wish = { .want_ipv4 = true };
	assert_int_equal(place_play_take(&wish, &error), CELL_NONE);
	assert_int_equal(error, -EADDRNOTAVAIL);
}

static void families_have_to_be_there(void **state)
{
	struct place_wish wish = { .dnn = (unsigned)place_dnn(&place, "ims"), .want_ipv4 = true };
	int error;

	assert_int_equal(wish.dnn, 1);
	assert_int_equal(place_play_take(&wish, &error), CELL_NONE);
	assert_int_equal(error, -EAFNOSUPPORT);
	wish.want_ipv4 = false;
	wish.want_ipv6 = true;
	assert_int_not_equal(place_play_take(&wish, &error), CELL_NONE);
	assert_int_equal(place_dnn(&place, "nowhere"), -1);
	assert_int_equal(place_dnn(&place, ""), 0);
}

static void a_given_address_gets_its_cell(void **state)
{
	struct place_wish wish = { .ipv4 = 0x0a2d0107, .want_ipv6 = true }, again = { .ipv4 = 0x0a2d0107 };
	struct place_wish first = { .ipv4 = 0x0a2d0000 };
	int error;
	uint32_t cell = place_play_take(&wish, &error);

	assert_int_equal(cell, place_of_ipv4(&place, 0, 0x0a2d0107));
	assert_int_equal(place_of_ipv6(&place, 0, wish.ipv6), cell);
	again.want_ipv6 = true;
	assert_int_equal(place_play_take(&again, &error), CELL_NONE);
	assert_int_equal(error, -EADDRINUSE);
	again.want_ipv6 = false;
	assert_int_not_equal(place_play_take(&first, &error), CELL_NONE); // who asks for the first address gets it
	place_play_give(cell);
	assert_int_equal(place_play_take(&again, &error), cell);
}

static void addresses_have_to_meet(void **state)
{
	struct place_wish pools = { .ipv4 = 0x0a2d0107, .ipv6 = shard_pool_ipv6(&place.pool[0], 0, 9) };
	struct place_wish wanted = { .ipv4 = 0xc0a80001, .want_ipv6 = true };
	int error;

	assert_int_equal(place_play_take(&wanted, &error), CELL_NONE);
	assert_int_equal(error, -EXDEV);
	pools.at_home = true;
	place.networks = true;
	assert_int_equal(place_play_take(&pools, &error), CELL_NONE);
	assert_int_equal(error, -EXDEV);
}

// Where there are networks, who leaves by one has an address of its pools.
static void addresses_are_of_the_dnns_network(void **state)
{
	struct place_wish good = { .dnn = 0, .ipv4 = 0x0a300007 }, other = { .dnn = 1, .ipv4 = 0x0a2d0007 },
			  foreign = { .dnn = 0, .ipv4 = 0x0b000007 }, any = { .dnn = 1, .want_ipv6 = true };
	int error;

	place.networks = true;
	place.domain[1] = 1;
	assert_int_not_equal(place_find(&place, &good, &error), CELL_NONE);
	assert_int_not_equal(place_find(&place, &any, &error), CELL_NONE);
	assert_int_equal(place_find(&place, &other, &error), CELL_NONE);
	assert_int_equal(error, -ENETUNREACH);
	assert_int_equal(place_find(&place, &foreign, &error), CELL_NONE);
	assert_int_equal(error, -ENETUNREACH);
}

// Each network has its own of an address that both have.
static void networks_share_addresses(void **state)
{
	struct place_wish one = { .dnn = 0, .ipv4 = 0x0a2d0007 }, other = { .dnn = 1, .ipv4 = 0x0a2d0007 };
	uint32_t cell, twin;
	int error;

	place.networks = true;
	place.domain[1] = 1;
	place.pool[1].ipv4 = place.pool[0].ipv4;
	place.pool[1].ipv4_len = place.pool[0].ipv4_len;
	cell = place_find(&place, &one, &error);
	twin = place_find(&place, &other, &error);
	assert_int_not_equal(cell, CELL_NONE);
	assert_int_not_equal(twin, CELL_NONE);
	assert_int_equal(cell_shard(&grid, cell), cell_shard(&grid, twin));
	assert_int_equal(cell_slot(&grid, cell), 0);
	assert_int_equal(cell_slot(&grid, twin), place.pool[1].first_slot);
	assert_int_equal(place_of_ipv4(&place, 1, 0x0a2d0007), twin);
	assert_int_equal(place_of_ipv4(&place, PLACE_ANY, 0x0a2d0007), cell);
}

static void foreign_addresses_live_where_they_hash(void **state)
{
	int error;

	for (unsigned i = 0; i < 3; i++) {
		struct place_wish wish = { .ipv4 = 0xc0a80001 + i * 0x01010000, .ipv6 = 0x2a00000000000000 + i };
		uint32_t cell = place_play_take(&wish, &error);

		assert_int_equal(shard_of_ipv4(wish.ipv4), shard_of_ipv4(0xc0a80001)); // all in one shard
		if (i == 2) {
			assert_int_equal(cell, CELL_NONE);
			assert_int_equal(error, -ENOSPC);
			continue;
		}
		assert_int_equal(cell_shard(&grid, cell), shard_of_ipv4(wish.ipv4));
		assert_true(cell_slot(&grid, cell) >= place.foreign_first);
	}
}

// Without an address: any place for foreign ones, and a number that leads to it and is nobody else's.
static void nobody_has_a_place_too(void **state)
{
	uint64_t last = 0;
	int error;

	for (unsigned i = 0; i < 2 * SHARDS; i++) {
		struct place_wish wish = { .none = true };
		uint32_t cell = place_play_take(&wish, &error);

		assert_int_not_equal(cell, CELL_NONE);
		assert_true(place_is_nobody(wish.ipv6));
		assert_true(wish.ipv6 != last);
		assert_int_equal(shard_of_ipv6(wish.ipv6), cell_shard(&grid, cell));
		assert_in_range(cell_slot(&grid, cell), place.foreign_first, grid.slots - 1);
		last = wish.ipv6;
	}
	assert_int_equal(place_play_take(&(struct place_wish){ .none = true }, &error), CELL_NONE);
	assert_int_equal(error, -ENOSPC);
	assert_false(place_is_nobody(0));
	assert_false(place_is_nobody(0x20010db800000000));
}

static void free_cells_rest_longest(void **state)
{
	struct place_wish wish = { .dnn = 1, .want_ipv6 = true };
	uint32_t cells[256], order[256];
	int error;

	for (unsigned i = 0; i < 256; i++)
		cells[i] = place_play_take(&wish, &error), wish.ipv6 = 0;
	for (unsigned i = 256; i-- > 0;)
		place_play_give(cells[i]);
	for (unsigned i = 0; i < 256; i++)
		order[i] = place_play_take(&wish, &error), wish.ipv6 = 0;
	assert_memory_equal(cells, order, sizeof(cells)); // one cell a shard, shards in turn
	place_play_give(cells[3]);
	place_take(&place, cells[3]);
	place_back(&place, cells[3]);
	assert_int_equal(place_find(&place, &wish, &error), cells[3]);
}

static void generations_differ(void **state)
{
	uint32_t last = 0;

	for (unsigned i = 0; i < 100000; i++) {
		uint32_t teid = cell_teid_next(&grid, 77, 42);

		assert_int_not_equal(teid, 0);
		assert_true(!last || sheet_tunnel(last, teid, grid.slot_bits) >= SHEET_TUNNELS);
		for (unsigned k = 0; k < SHEET_TUNNELS; k++)
			assert_int_not_equal(sheet_tunnel_teid(teid, k, grid.slot_bits), 0);
		assert_int_equal(shard_of_teid(teid), cell_shard(&grid, 77));
		assert_int_equal(shard_slot_of_teid(teid, grid.slot_bits), cell_slot(&grid, 77));
		assert_int_not_equal(shard_teid_generation(teid, grid.slot_bits), 0);
		grid.cells[77].teid = last = teid;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(addresses_name_their_cell, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(shards_fill_evenly, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(a_pool_gives_all_it_has_then_the_next, place_play_open,
						place_play_close),
		cmocka_unit_test_setup_teardown(families_have_to_be_there, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(a_given_address_gets_its_cell, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(addresses_have_to_meet, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(addresses_are_of_the_dnns_network, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(networks_share_addresses, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(foreign_addresses_live_where_they_hash, place_play_open,
						place_play_close),
		cmocka_unit_test_setup_teardown(nobody_has_a_place_too, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(free_cells_rest_longest, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(generations_differ, place_play_open, place_play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
