// test_map_guests.c - guests, pins, and shards that go from bank to bank.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/unit/mapping.h"

static void a_change_of_mind_is_carried_out(void **state)
{
	two_seats(0, 0);
	map_join(&map, 2, 0);
	settle();

	unsigned shard = bits_next(&map.of[0], 0);

	map_move(&map, shard, 1);
	map_move(&map, shard, 0);
	assert_int_equal(map.shard[shard].state, MAP_SERVED); // nobody had been told
	map_move(&map, shard, 1);
	fence_all();
	map_move(&map, shard, 2);
	assert_int_equal(map.shard[shard].state, MAP_CUT);
	map_cut(&map, shard);
	assert_int_equal(map.shard[shard].seat, 1); // first the one, then the other
	settle();
	assert_int_equal(map.shard[shard].seat, 2);
	consistent();
}

static void a_guest_gets_what_is_moved_to_it_and_keeps_it(void **state)
{
	two_seats(0, 0);
	assert_int_equal(map_stand(&map, 7, true), 0);
	map_join(&map, 7, 0);
	assert_int_equal(settle(), 0);
	assert_false(map_has(&map, 7));
	map_move(&map, 100, 7);
	settle();
	assert_int_equal(map.shard[100].seat, 7);
	map_join(&map, 2, 0); // levels
	settle();
	assert_int_equal(map.shard[100].seat, 7);
	assert_int_equal(map.load[7], 1);
	map_unpin(&map, 100);
	settle();
	assert_int_equal(map.load[7], 0);
	consistent();
	sound();
}

static void a_pinned_shard_stays_when_loads_are_evened_out(void **state)
{
	two_seats(0, 0);
	for (unsigned i = 0; i < SHARDS; i++)
		map_move(&map, i, 1);
	settle();
	map_join(&map, 2, 0);
	assert_int_equal(settle(), 0);
	assert_int_equal(map.load[1], SHARDS);
	map_lost(&map, 1); // its pins go with it
	settle();
	map_join(&map, 1, 0);
	settle();
	assert_in_range(map.load[1], SHARDS / 3, SHARDS / 3 + 1);
	sound();
}

static void who_is_drained_becomes_a_guest_and_may_come_back(void **state)
{
	two_seats(0, 0);
	assert_int_equal(map_stand(&map, 0, true), 0);
	assert_int_equal(settle(), SHARDS / 2);
	assert_int_equal(map.load[0], 0);
	assert_int_equal(map_stand(&map, 0, true), 0);
	assert_int_equal(map_stand(&map, 1, true), -EBUSY);
	assert_false(map.guests >> 1 & 1);
	map_lost(&map, 0);
	map_join(&map, 0, 0); // the guest's successor
	assert_int_equal(settle(), 0);
	map_stand(&map, 0, false);
	assert_int_equal(settle(), SHARDS / 2);
	assert_int_equal(map.load[0], SHARDS / 2);
	consistent();
}

static void a_dead_guests_shards_go_to_regulars_at_once(void **state)
{
	two_seats(0, 0);
	map_stand(&map, 7, true);
	map_stand(&map, 8, true);
	map_join(&map, 7, 1);
	map_join(&map, 8, 1);
	for (unsigned i = 0; i < 20; i++)
		map_move(&map, i, 7);
	settle();
	map_lost(&map, 7);
	assert_int_equal(settle(), 0);
	for (unsigned i = 0; i < 20; i++)
		assert_in_range(map.shard[i].seat, 0, 1);
	assert_int_equal(map.load[8], 0);
	sound();
}

static void a_guest_serves_only_while_there_is_no_regular(void **state)
{
	two_seats(0, 0);
	map_stand(&map, 7, true);
	map_join(&map, 7, 0);
	map_lost(&map, 0);
	map_lost(&map, 1);
	settle();
	assert_int_equal(map.load[7], SHARDS);
	map_join(&map, 1, 0);
	settle();
	assert_int_equal(map.load[1], SHARDS);
	assert_int_equal(map.load[7], 0);
	consistent();
}

static void the_dead_are_followed_by_seats_of_their_bank(void **state)
{
	two_seats(0, 0);
	map_join(&map, 2, 1);
	settle();
	map_lost(&map, 0);
	settle();
	assert_int_equal(map.load[2], SHARDS / 3);
	map_lost(&map, 1);
	settle();
	assert_int_equal(map.load[2], SHARDS);
}

static void between_banks_a_shard_goes_as_an_image_one_at_a_time(void **state)
{
	unsigned cuts = 0;

	two_seats(0, 1);
	map_stand(&map, 1, true); // all to seat 0, of the other bank
	while (bits_any(&map.asks)) {
		unsigned lent = fence_all();

		assert_true(lent <= 1);
		cuts += lent;
		sound();
		for (unsigned i = 0; i < SHARDS; i++) {
			map_cut(&map, i);
			assert_true(map_fed(&map, i) || i == map.image.shard); // those that wait are fed
		}
		fence_all();
		if (map.image.shard != MAP_NO_SHARD)
			map_owned(&map, map.image.shard);
	}
	assert_int_equal(cuts, SHARDS / 2);
	assert_int_equal(images, SHARDS); // CUT and OWN of each
	assert_int_equal(map.load[0], SHARDS);
	consistent();
}

static void who_can_not_stay_in_its_bank_goes_back_for_an_image(void **state)
{
	two_seats(0, 0);
	map_join(&map, 2, 1);
	settle();

	unsigned shard = bits_next(&map.of[0], 0);

	map_move(&map, shard, 1);
	fence_all(); // a CUT without image
	map_part(&map, 1);
	map_part(&map, 0); // nobody of this bank may be given anything
	images = 0;
	map_cut(&map, shard);
	assert_int_equal(map.shard[shard].seat, 0);
	settle();
	assert_int_equal(map.load[2], SHARDS);
	assert_true(images >= 2 * (SHARDS - SHARDS / 3 - 1));
	assert_int_equal(map.image.shard, MAP_NO_SHARD);
	consistent();
}

static void what_was_cut_to_stay_in_its_bank_arrives_there_first(void **state)
{
	two_seats(0, 0);
	map_stand(&map, 2, true);
	map_join(&map, 2, 1);

	unsigned shard = bits_next(&map.of[0], 0);

	map_move(&map, shard, 1);
	fence_all(); // a CUT without image
	map_cut(&map, shard);
	map_move(&map, shard, 2);
	assert_int_equal(map.shard[shard].seat, 1);
	images = 0;
	settle();
	assert_int_equal(map.shard[shard].seat, 2);
	assert_int_equal(images, 2);
	consistent();
}

static void so_it_does_where_that_seat_shall_leave(void **state)
{
	two_seats(0, 0);
	map_stand(&map, 2, true);
	map_join(&map, 2, 1);

	unsigned shard = bits_next(&map.of[0], 0);

	map_move(&map, shard, 1);
	fence_all(); // a CUT without image
	map_cut(&map, shard);
	map_part(&map, 1);
	assert_int_equal(map.shard[shard].seat, 0); // another of its bank
	map_part(&map, 0);
	assert_int_equal(map.shard[shard].seat, 0); // the last: with the lines, it takes it before it goes
	assert_int_equal(map.shard[shard].state, MAP_TAKING);
	images = 0;
	settle();
	assert_int_equal(map.load[2], SHARDS);
	assert_int_equal(images, 2 * SHARDS);
	consistent();
}

// Shard 100 is on its way from seat 0 to 1 of the other bank, with its CUT lent; the seat is a guest.
static unsigned half_way(void)
{
	map_join(&map, 0, 0);
	settle();
	map_stand(&map, 1, true);
	map_stand(&map, 2, true);
	map_join(&map, 1, 1);
	map_join(&map, 2, 1);
	images = 0;
	map_move(&map, 100, 1);
	map_move(&map, 101, 2);
	fence_all();
	assert_int_equal(map.image.shard, 100);
	assert_int_equal(map.shard[101].state, MAP_LEAVING);
	assert_int_equal(images, 1);
	return 100;
}

static void an_image_whose_writer_dies_is_not_read(void **state)
{
	unsigned shard = half_way();

	map_lost(&map, 0);
	assert_int_equal(map.shard[shard].seat, 1);
	fence_all();
	assert_int_equal(images, 1);
	assert_int_equal(map.image.shard, MAP_NO_SHARD);
	assert_int_equal(map.shard[101].seat, 2);
	sound();
}

static void an_image_waits_for_another_reader_until_one_has_begun(void **state)
{
	unsigned shard = half_way();

	map_cut(&map, shard);
	map_lost(&map, 1); // before it was told: back to the regular, which still has the lines
	assert_int_equal(map.shard[shard].seat, 0);
	fence_all();
	assert_int_equal(map.image.shard, 101); // the first is done with, without being read
	assert_int_equal(images, 2);
	map_cut(&map, 101);
	fence_all();
	assert_int_equal(images, 3);
	map_owned(&map, 102); // some other shard's
	assert_int_equal(map.image.shard, 101);
	map_lost(&map, 2); // in the middle of reading it, perhaps because of it
	assert_int_equal(map.image.shard, MAP_NO_SHARD);
	fence_all();
	assert_int_equal(images, 3);
	assert_int_equal(map.shard[101].seat, 0);
	sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_change_of_mind_is_carried_out, setup),
		cmocka_unit_test_setup(a_guest_gets_what_is_moved_to_it_and_keeps_it, setup),
		cmocka_unit_test_setup(a_pinned_shard_stays_when_loads_are_evened_out, setup),
		cmocka_unit_test_setup(who_is_drained_becomes_a_guest_and_may_come_back, setup),
		cmocka_unit_test_setup(a_dead_guests_shards_go_to_regulars_at_once, setup),
		cmocka_unit_test_setup(a_guest_serves_only_while_there_is_no_regular, setup),
		cmocka_unit_test_setup(the_dead_are_followed_by_seats_of_their_bank, setup),
		cmocka_unit_test_setup(between_banks_a_shard_goes_as_an_image_one_at_a_time, setup),
		cmocka_unit_test_setup(who_can_not_stay_in_its_bank_goes_back_for_an_image, setup),
		cmocka_unit_test_setup(what_was_cut_to_stay_in_its_bank_arrives_there_first, setup),
		cmocka_unit_test_setup(so_it_does_where_that_seat_shall_leave, setup),
		cmocka_unit_test_setup(an_image_whose_writer_dies_is_not_read, setup),
		cmocka_unit_test_setup(an_image_waits_for_another_reader_until_one_has_begun, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
