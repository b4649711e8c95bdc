// test_place_apart.c - who gives both addresses of a session: they need not belong together.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/place_play.h"

// A session that has what its wish has become.
static struct place_had enter(const struct place_wish *wish, uint32_t cell)
{
	struct place_had had = { wish->dnn, cell, wish->ipv4, wish->ipv6 };

	place_lend(&place, &had);
	return had;
}

static void leave(const struct place_had *had)
{
	place_return(&place, had);
	place_play_give(had->cell);
}

static bool is_free(uint32_t cell)
{
	return grid.cells[cell].queued;
}

// Who gives both addresses gives any of them: the IPv4 address says the cell, the prefix's own cell lends it.
static void given_addresses_may_be_apart(void **state)
{
	struct place_wish pools = { .ipv4 = 0x0a2d0107, .ipv6 = shard_pool_ipv6(&place.pool[0], 0, 9) };
	struct place_wish mixed = { .ipv4 = 0x0a2d0108, .ipv6 = 0x2a00000000000000 };
	struct place_wish third = { .ipv4 = shard_pool_ipv4(&place.pool[0], 0, 9) }, both = third;
	uint32_t lender = place_of_ipv6(&place, 0, pools.ipv6), cell;
	struct place_had had[3];
	int error;

	cell = place_play_take(&pools, &error);
	assert_int_equal(cell, place_of_ipv4(&place, 0, pools.ipv4));
	assert_true(is_free(lender));
	had[0] = enter(&pools, cell);
	assert_false(place_apart4(&place, &had[0]));
	assert_true(place_apart6(&place, &had[0]));
	assert_false(is_free(lender));
	cell = place_play_take(&mixed, &error);
	assert_int_equal(cell, place_of_ipv4(&place, 0, mixed.ipv4));
	had[1] = enter(&mixed, cell);
	both.want_ipv6 = true; // which is lent
	assert_int_equal(place_play_take(&both, &error), CELL_NONE);
	assert_int_equal(error, -EADDRINUSE);
	assert_int_equal(place_play_take(&third, &error), lender);
	had[2] = enter(&third, lender);
	leave(&had[2]);
	assert_false(is_free(lender));
	leave(&had[0]);
	assert_true(is_free(lender));
	leave(&had[1]);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		assert_int_equal(place.apart[shard], 0);
}

// Where there are networks, too, and then the cell is in one's own: if the address's is taken, another of the shard.
static void in_a_network_they_may_be_apart(void **state)
{
	const uint8_t shard = shard_of_ipv4(0x0a2d0107);
	struct place_wish wish[4] = { { .ipv4 = 0x0a2d0107, .ipv6 = shard_pool_ipv6(&place.pool[0], 0, 9) },
				      { .ipv6 = shard_pool_ipv6(&place.pool[0], 1, shard) },
				      { .ipv4 = shard_pool_ipv4(&place.pool[0], 0, shard) },
				      { .ipv4 = shard_pool_ipv4(&place.pool[2], 0, shard) } };
	const uint32_t slot[3] = { 1, 0, place.pool[2].first_slot }; // of the second network nobody gets any
	struct place_had had[3], told;
	int error;

	place.networks = place.shared = true;
	place.domain[1] = 1;
	for (unsigned i = 0; i < 3; i++) {
		uint32_t cell = cell_at(&grid, shard, slot[i]);

		wish[i].at_home = true;
		assert_int_equal(place_find(&place, &wish[i], &error), CELL_NONE);
		assert_int_equal(error, i ? -EADDRINUSE : -EXDEV);
		wish[i].at_home = false;
		assert_int_equal(place_play_take(&wish[i], &error), cell);
		had[i] = enter(&wish[i], cell);
		assert_true(place_may(&place, &had[i]));
		told = place_told(&place, &had[i]);
		assert_true(told.ipv4 == (i == 2 ? wish[i].ipv4 : 0) && told.ipv6 == wish[i].ipv6);
	}
	assert_false(is_free(place_of_ipv6(&place, 0, wish[0].ipv6)));
	assert_int_equal(place_play_take(&wish[3], &error), CELL_NONE);
	assert_int_equal(error, -ENOSPC);
	for (unsigned i = 0; i < 3; i++)
		leave(&had[i]);
	assert_true(is_free(place_of_ipv6(&place, 0, wish[0].ipv6)));
	assert_int_equal(place.apart[shard], 0);
	assert_int_equal(place_play_take(&wish[3], &error), cell_at(&grid, shard, slot[2]));
}

// A prefix comes to a session that lives: as long as the index has room for it, and where there are networks one of its own.
static void one_may_come_beside(void **state)
{
	const uint32_t cell = cell_at(&grid, 9, 0);
	struct place_wish wish = { .ipv6 = shard_pool_ipv6(&place.pool[0], 0, 9) },
			  away = { .ipv6 = 0x2a00000000000000 };

	place.apart[9] = 3;
	assert_int_equal(place_beside(&place, &away, cell), 0);
	place.apart[9] = 4; // two for each of two foreign rows
	assert_int_equal(place_beside(&place, &away, cell), -ENOSPC);
	assert_int_equal(place_beside(&place, &wish, cell), 0); // its cell's own
	place.networks = place.shared = true;
	place.domain[1] = 1;
	assert_int_equal(place_beside(&place, &away, cell), -ENETUNREACH);
	wish.ipv6++;
	assert_int_equal(place_beside(&place, &wish, cell), 0); // nobody looks into the index
	wish.at_home = true;
	assert_int_equal(place_beside(&place, &wish, cell), -EXDEV);
	wish.ipv6--;
	assert_int_equal(place_beside(&place, &wish, cell), 0);
	place.apart[9] = 0;
}

// What a store says is looked at by the pools that there are now.
static void who_lives_where_no_more(void **state)
{
	struct place_had had = { 0, cell_at(&grid, 9, 1), shard_pool_ipv4(&place.pool[0], 0, 9), 0 };

	assert_false(place_may(&place, &had)); // nobody told the primary, and the index is for those of other cells
	place.networks = place.shared = true;
	place.domain[1] = 1;
	assert_true(place_may(&place, &had));
	had.ipv4 = shard_pool_ipv4(&place.pool[0], 0, 10);
	assert_false(place_may(&place, &had));
	had.ipv4 = shard_pool_ipv4(&place.pool[0], 0, 9);
	had.cell = cell_at(&grid, 9, place.pool[1].first_slot); // the other network's
	assert_false(place_may(&place, &had));
	had.cell = cell_at(&grid, 9, place.foreign_first); // nobody's
	assert_false(place_may(&place, &had));
	place.networks = place.shared = false;
	assert_true(place_may(&place, &had));
}

// A prefix whose own cell somebody else lives in has a place among the foreign ones of its shard; the index holds two for each of those.
static void who_comes_late_lives_elsewhere(void **state)
{
	struct place_wish first = { .ipv4 = 0x0a2d0107 }, late = { 0 };
	int error;
	uint32_t cell = place_play_take(&first, &error), elsewhere;
	uint8_t shard = cell_shard(&grid, cell);

	enter(&first, cell);
	late.ipv6 = shard_pool_ipv6(&place.pool[0], cell_slot(&grid, cell), shard);
	elsewhere = place_play_take(&late, &error);
	assert_int_equal(cell_shard(&grid, elsewhere), shard);
	assert_true(cell_slot(&grid, elsewhere) >= place.foreign_first);
	enter(&late, elsewhere);
	for (unsigned used = 1; used <= 3; used++) {
		const struct shard_pool *pool = &place.pool[used < 2 ? 0 : 2];
		struct place_wish more = { .ipv4 = shard_pool_ipv4(pool, 0, shard), .ipv6 = 0x2a00000000000000 + used };

		assert_int_equal(place.apart[shard], used);
		elsewhere = place_play_take(&more, &error);
		if (elsewhere != CELL_NONE)
			enter(&more, elsewhere);
		assert_int_equal(elsewhere == CELL_NONE, used == 3); // with both addresses apart
	}
	assert_int_equal(error, -ENOSPC);
	assert_int_not_equal(place.queue[place.pools][shard].first,
			     CELL_NONE); // a row is free, but for its entries there is no room
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(given_addresses_may_be_apart, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(in_a_network_they_may_be_apart, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(one_may_come_beside, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(who_lives_where_no_more, place_play_open, place_play_close),
		cmocka_unit_test_setup_teardown(who_comes_late_lives_elsewhere, place_play_open, place_play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
