// test_map.c - where shards go when seats come, leave and die; and that few moves are enough.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/unit/mapping.h"

static void the_first_gets_all(void **state)
{
	map_join(&map, 3, 0);
	assert_int_equal(map.load[3], SHARDS);
	assert_int_equal(settle(), 0); // nobody had them: no CUT
	consistent();
}

static void the_second_gets_half_with_so_many_moves(void **state)
{
	map_join(&map, 0, 0);
	settle();
	map_join(&map, 1, 0);
	assert_int_equal(settle(), SHARDS / 2);
	assert_int_equal(map.load[0], SHARDS / 2);
	assert_int_equal(map.load[1], SHARDS / 2);
	consistent();
}

static void neighbouring_shards_are_shared_too(void **state)
{
	unsigned low = 0;

	map_join(&map, 0, 0);
	settle();
	map_join(&map, 1, 0);
	settle();
	for (unsigned i = 0; i < 16; i++)
		low += map.shard[i].seat;
	assert_in_range(low, 5, 11);
}

static void fifteen_are_even_within_one(void **state)
{
	for (unsigned seat = 0; seat < PLANE_SEAT_SLOW; seat++) {
		map_join(&map, seat, 0);
		assert_in_range(settle(), 0, SHARDS / (seat + 1)); // it gets its share and nobody else moves
		assert_int_equal(map.load[seat], SHARDS / (seat + 1));
	}
	for (unsigned seat = 0; seat < PLANE_SEAT_SLOW; seat++)
		assert_in_range(map.load[seat], SHARDS / 15, SHARDS / 15 + 1);
	consistent();
}

static void two_at_once_share_before_anything_is_told(void **state)
{
	map_join(&map, 0, 0);
	map_join(&map, 1, 0);
	assert_int_equal(settle(), 0);
	assert_int_equal(map.load[0], SHARDS / 2);
}

static void one_who_comes_while_others_move_gets_its_share_too(void **state)
{
	map_join(&map, 0, 0);
	settle();
	map_join(&map, 1, 0);
	fence_all(); // half of all shards are on their way to seat 1
	map_join(&map, 2, 0);
	settle();
	for (unsigned seat = 0; seat < 3; seat++)
		assert_in_range(map.load[seat], SHARDS / 3, SHARDS / 3 + 1);
	consistent();
}

static void who_parts_gives_all_away_by_cut(void **state)
{
	map_join(&map, 0, 0);
	map_join(&map, 1, 0);
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
	map_join(&map, 0, 0);
	settle();
	map_part(&map, 0);
	assert_int_equal(settle(), SHARDS);
	assert_int_equal(map.homeless, SHARDS);
	map_join(&map, 5, 0);
	assert_int_equal(map.load[5], SHARDS);
	consistent();
}

static void the_dead_need_no_cut(void **state)
{
	map_join(&map, 0, 0);
	map_join(&map, 1, 0);
	settle();
	map_lost(&map, 0);
	assert_false(map_has(&map, 0));
	assert_int_equal(settle(), 0);
	assert_int_equal(map.load[1], SHARDS);
	consistent();
}

static void a_move_ends_where_it_was_meant_to_if_the_old_seat_dies(void **state)
{
	map_join(&map, 0, 0);
	map_join(&map, 1, 0);
	map_join(&map, 2, 0);
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
	map_join(&map, 0, 0);
	map_join(&map, 1, 0);
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
	map_join(&map, 0, 0);
	map_join(&map, 1, 0);
	settle();

	unsigned shard = bits_next(&map.of[0], 0);

	assert_int_equal(map_move(&map, shard, 7), -ENOENT);
	assert_int_equal(map_move(&map, shard, 0), 0); // it is there
	assert_int_equal(map_move(&map, shard, 1), 0);
	assert_int_equal(map_move(&map, shard, 1), 0); // again: it is on its way
	consistent();
}

// One event drawn by lot; seats 0 to 4, of three banks.
static void any_event(uint64_t random)
{
	unsigned seat = (unsigned)(random % 5), shard = (uint8_t)(random >> 32);
	bool alive = map.live >> seat & 1;

	switch (random / 5 % 12) {
	case 0:
	case 1:
		if (!alive && !map_has(&map, seat))
			map_join(&map, seat, seat % 3);
		break;
	case 2:
		if (alive)
			map_part(&map, seat);
		break;
	case 3:
		if (alive || map_has(&map, seat))
			map_lost(&map, seat);
		break;
	case 4:
	case 5:
		map_move(&map, shard, seat);
		break;
	case 6:
		map_unpin(&map, shard);
		break;
	case 7:
		map_stand(&map, seat, random >> 40 & 1);
		break;
	case 8:
		fence_all();
		break;
	case 9:
		map_owned(&map, shard);
		break;
	default:
		map_cut(&map, shard);
	}
}

static void any_order_of_events_keeps_it_consistent(void **state)
{
	uint64_t random = 88172645463325252ull;

	for (unsigned i = 0; i < 100000; i++) {
		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		any_event(random);
		sound();
		if (i % 16 == 0)
			consistent();
	}
	assert_true(images > 100);
	for (unsigned seat = 0; seat < 5; seat++)
		map_lost(&map, seat);
	map_stand(&map, 3, false);
	map_join(&map, 3, 0); // nothing is lost
	settle();
	assert_int_equal(map.load[3], SHARDS);
	consistent();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_gets_all, setup),
		cmocka_unit_test_setup(the_second_gets_half_with_so_many_moves, setup),
		cmocka_unit_test_setup(neighbouring_shards_are_shared_too, setup),
		cmocka_unit_test_setup(fifteen_are_even_within_one, setup),
		cmocka_unit_test_setup(two_at_once_share_before_anything_is_told, setup),
		cmocka_unit_test_setup(one_who_comes_while_others_move_gets_its_share_too, setup),
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
