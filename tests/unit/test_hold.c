// test_hold.c - packets that wait: order, charge, and cells in several zones of rooms.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "primary/loop/hold.h"

static struct hold hold;
static const uint32_t zones[ROOM_ZONES] = { 100, 0, 50 };

static int setup(void **state)
{
	return hold_init(&hold, zones);
}

static int teardown(void **state)
{
	hold_fini(&hold);
	return 0;
}

static void push(unsigned list, uint32_t room)
{
	hold_push(&hold, list, &(struct lane_handle){ .room = room, .code = LANE_UPLINK });
}

static void every_room_has_a_cell_of_its_own(void **state)
{
	assert_int_equal(hold.cells, 150);
	assert_int_equal(hold_index(&hold, 0), 0);
	assert_int_equal(hold_index(&hold, 99), 99);
	assert_int_equal(hold_index(&hold, 2u << ROOM_ZONE_SHIFT), 100);
	assert_int_equal(hold_index(&hold, (2u << ROOM_ZONE_SHIFT) + 49), 149);
}

static void first_in_is_first_out(void **state)
{
	for (uint32_t i = 0; i < 100; i++)
		push(7, i);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(hold_pop(&hold, 7).room, i);
	assert_true(hold_empty(&hold, 7));
}

static void what_is_put_in_front_comes_first(void **state)
{
	push(7, 10);
	for (uint32_t i = 9; i < 10; i--) // 9, 8, ... 0: the newest first, as a death parks them
		hold_front(&hold, 7, &(struct lane_handle){ .room = i });
	push(7, 11);
	for (uint32_t i = 0; i < 12; i++)
		assert_int_equal(hold_pop(&hold, 7).room, i);
}

static void an_emptied_list_starts_anew(void **state)
{
	for (unsigned round = 0; round < 3; round++) {
		hold_front(&hold, 0, &(struct lane_handle){ .room = 5 });
		push(0, 6);
		assert_int_equal(hold_pop(&hold, 0).room, 5);
		assert_int_equal(hold_pop(&hold, 0).room, 6);
		assert_null(hold_peek(&hold, 0));
	}
}

static void the_payer_pays(void **state)
{
	hold_charge(&hold, 7, 2);
	hold_charge(&hold, 8, 2);
	push(7, 0);
	push(7, 1);
	push(8, 2);
	push(9, 3);
	assert_int_equal(hold.count[2], 3);
	assert_int_equal(hold.count[HOLD_NOBODY], 1);
	hold_charge(&hold, 7, 4);
	assert_int_equal(hold.count[2], 1);
	assert_int_equal(hold.count[4], 2);
	hold_pop(&hold, 7);
	assert_int_equal(hold.count[4], 1);
	assert_int_equal(hold.total, 3);
}

static void waiting_names_the_lists_that_are_not_empty(void **state)
{
	push(0, 0);
	push(255, 1);
	push(HOLD_SLOW, 2); // not a shard
	assert_int_equal(bits_next(&hold.waiting, 0), 0);
	assert_int_equal(bits_next(&hold.waiting, 1), 255);
	hold_pop(&hold, 0);
	hold_pop(&hold, 255);
	assert_false(bits_any(&hold.waiting));
	assert_int_equal(hold.total, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_room_has_a_cell_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(first_in_is_first_out, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_put_in_front_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(an_emptied_list_starts_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(the_payer_pays, setup, teardown),
		cmocka_unit_test_setup_teardown(waiting_names_the_lists_that_are_not_empty, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
