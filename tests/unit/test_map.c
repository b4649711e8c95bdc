// test_map.c - where shards go when seats come, leave and die; and that few moves are enough.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "primary/map.h"

static struct map map;

static int setup(void **state)
{
	map_init(&map);
	return 0;
}

// Lends every fence that is asked for, and returns how many CUTs were among them.
static unsigned fence_all(void)
{
	unsigned cuts = 0;

	for (unsigned i = bits_next(&map.asks, 0); i < BITS_END; i = bits_next(&map.asks, i + 1)) {
		cuts += map.shard[i].state == MAP_LEAVING;
		map_fenced(&map, i);
	}
	return cuts;
}

// Lends fences and lets every CUT come back, until nothing moves. Returns the moves by CUT.
static unsigned settle(void)
{
	unsigned cuts = 0;

	while (bits_any(&map.asks)) {
		cuts += fence_all();
		for (unsigned i = 0; i < SHARDS; i++)
			map_cut(&map, i);
	}
	return cuts;
}

// Loads, sets and states agree with each other.
static void consistent(void)
{
	unsigned load[PLANE_SEATS] = { 0 }, homeless = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		const struct map_shard *shard = &map.shard[i];
		bool moving = shard->state == MAP_LEAVING || shard->state == MAP_CUT;
		unsigned to = moving ? shard->target : shard->seat;

		homeless += shard->state == MAP_HOMELESS;
		assert_int_equal(shard->state == MAP_HOMELESS, shard->seat == PLANE_SEAT_NONE);
		assert_int_equal(bits_has(&map.asks, i), shard->state == MAP_TAKING || shard->state == MAP_LEAVING);
		for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
			assert_int_equal(bits_has(&map.of[seat], i), shard->seat == seat);
		if (to < PLANE_SEATS)
			load[to]++;
	}
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		assert_int_equal(map.load[seat], load[seat]);
	assert_int_equal(map.homeless, homeless);
}

static void the_first_gets_all(void **state)
{
	map_join(&map, 3);
	assert_int_equal(map.load[3], SHARDS);
	assert_int_equal(settle(), 0); // nobody had them: no CUT
	consistent();
}

static void the_second_gets_half_with_so_many_moves(void **state)
{
	map_join(&map, 0);
	settle();
	map_join(&map, 1);
	assert_int_equal(settle(), SHARDS / 2);
	assert_int_equal(map.load[0], SHARDS / 2);
	assert_int_equal(map.load[1], SHARDS / 2);
	consistent();
}

static void neighbouring_shards_are_shared_too(void **state)
{
	unsigned low = 0;

	map_join(&map, 0);
	settle();
	map_join(&map, 1);
	settle();
	for (unsigned i = 0; i < 16; i++)
		low += map.shard[i].seat;
	assert_in_range(low, 5, 11);
}

static void fifteen_are_even_within_one(void **state)
{
	for (unsigned seat = 0; seat < PLANE_SEAT_SLOW; seat++) {
		map_join(&map, seat);
		assert_in_range(settle(), 0, SHARDS / (seat + 1)); // it gets its share and nobody else moves
		assert_int_equal(map.load[seat], SHARDS / (seat + 1));
	}
	for (unsigned seat = 0; seat < PLANE_SEAT_SLOW; seat++)
		assert_in_range(map.load[seat], SHARDS / 15, SHARDS / 15 + 1);
	consistent();
}

static void two_at_once_share_before_anything_is_told(void **state)
{
	map_join(&map, 0);
	map_join(&map, 1);
	assert_int_equal(settle(), 0);
	assert_int_equal(map.load[0], SHARDS / 2);
}

static void who_parts_gives_all_away_by_cut(void **state)
{
	map_join(&map, 0);
	map_join(&map, 1);
	settle();
	map_part(&map, 0);
	assert_true(map_has(&map, 0)); // still its own until the CUT is back
	assert_int_equal(settle(), SHARDS / 2);
	assert_false(map_has(&map, 0));
	assert_int_equal(map.load[1], SHARDS);
	consistent();
}

static void the_last_one_parts_and_shards_wait(void **state)
{
	map_join(&map, 0);
	settle();
	map_part(&map, 0);
	assert_int_equal(settle(), SHARDS);
	assert_int_equal(map.homeless, SHARDS);
	map_join(&map, 5);
	assert_int_equal(map.load[5], SHARDS);
	consistent();
}

static void the_dead_need_no_cut(void **state)
{
	map_join(&map, 0);
	map_join(&map, 1);
	settle();
	map_lost(&map, 0);
	assert_false(map_has(&map, 0));
	assert_int_equal(settle(), 0);
	assert_int_equal(map.load[1], SHARDS);
	consistent();
}

static void a_move_ends_where_it_was_meant_to_if_the_old_seat_dies(void **state)
{
	map_join(&map, 0);
	map_join(&map, 1);
	map_join(&map, 2);
	settle();

	unsigned shard = bits_next(&map.of[0], 0);

	assert_int_equal(map_move(&map, shard, 2), 0);
	fence_all();
	map_lost(&map, 0); // the CUT is in the dead worker's lane
	settle();
	assert_int_equal(map.shard[shard].seat, 2);
	map_cut(&map, shard); // a CUT that nobody waits for changes nothing
	assert_int_equal(map.shard[shard].seat, 2);
	consistent();
}

static void a_move_to_one_who_dies_goes_elsewhere_or_stays(void **state)
{
	map_join(&map, 0);
	map_join(&map, 1);
	settle();

	unsigned told = bits_next(&map.of[0], 0), untold;

	map_move(&map, told, 1);
	fence_all();
	untold = bits_next(&map.of[0], told + 1);
	map_move(&map, untold, 1);
	map_lost(&map, 1);
	assert_int_equal(map.shard[untold].state, MAP_SERVED); // nobody had been told
	assert_int_equal(map.shard[told].state, MAP_CUT);
	map_cut(&map, told);
	settle();
	assert_int_equal(map.shard[told].seat, 0);
	consistent();
}

static void moves_that_cannot_be_are_refused(void **state)
{
	assert_int_equal(map_move(&map, 0, 1), -ENOENT);
	map_join(&map, 0);
	map_join(&map, 1);
	settle();

	unsigned shard = bits_next(&map.of[0], 0);

	assert_int_equal(map_move(&map, shard, 7), -ENOENT);
	assert_int_equal(map_move(&map, shard, 0), 0); // it is there
	assert_int_equal(map_move(&map, shard, 1), 0);
	assert_int_equal(map_move(&map, shard, 1), 0); // again: it is on its way
	assert_int_equal(map_move(&map, shard, 0), -EBUSY);
}

static void any_order_of_events_keeps_it_consistent(void **state)
{
	uint64_t random = 88172645463325252ull;

	for (unsigned i = 0; i < 20000; i++) {
		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		unsigned seat = (unsigned)(random % 5), what = (unsigned)(random / 5 % 8);
		bool alive = map.live >> seat & 1;

		if (what < 2 && !alive && !map_has(&map, seat))
			map_join(&map, seat);
		else if (what == 2 && alive)
			map_part(&map, seat);
		else if (what == 3 && (alive || map_has(&map, seat)))
			map_lost(&map, seat);
		else if (what == 4)
			map_move(&map, (uint8_t)(random >> 32), seat);
		else if (what == 5)
			fence_all();
		else
			map_cut(&map, (uint8_t)(random >> 32));
		if (i % 16 == 0)
			consistent();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_gets_all, setup),
		cmocka_unit_test_setup(the_second_gets_half_with_so_many_moves, setup),
		cmocka_unit_test_setup(neighbouring_shards_are_shared_too, setup),
		cmocka_unit_test_setup(fifteen_are_even_within_one, setup),
		cmocka_unit_test_setup(two_at_once_share_before_anything_is_told, setup),
		cmocka_unit_test_setup(who_parts_gives_all_away_by_cut, setup),
		cmocka_unit_test_setup(the_last_one_parts_and_shards_wait, setup),
		cmocka_unit_test_setup(the_dead_need_no_cut, setup),
		cmocka_unit_test_setup(a_move_ends_where_it_was_meant_to_if_the_old_seat_dies, setup),
		cmocka_unit_test_setup(a_move_to_one_who_dies_goes_elsewhere_or_stays, setup),
		cmocka_unit_test_setup(moves_that_cannot_be_are_refused, setup),
		cmocka_unit_test_setup(any_order_of_events_keeps_it_consistent, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
