// test_park.c - parked packets: order, limits, age, what other threads are told, and releases asked for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "primary/loop/park.h"
#include "shared/plane/verdict.h"

#define SECOND 1000000000ull

static struct hold hold;
static struct park park;
static const uint32_t zones[ROOM_ZONES] = { 100, 0, 50 };

static int setup(void **state)
{
	const struct park_limits limits = { .packets = 10, .session = 4, .ns = 3 * SECOND, .long_ns = 9 * SECOND };

	return hold_init(&hold, zones) | park_init(&park, &hold, &limits);
}

static int teardown(void **state)
{
	park_fini(&park);
	hold_fini(&hold);
	return 0;
}

static unsigned keep_few(uint8_t shard, struct park_whose whose, uint32_t room, uint64_t now_ns)
{
	const struct lane_handle lent = {
		.room = room, .hint = 0xabcd00 | shard, .offset = 144, .length = 100, .code = LANE_DOWNLINK
	};

	return park_keep(&park, &lent, whose, now_ns);
}

static unsigned keep(uint8_t shard, uint16_t slot, uint32_t room, uint64_t now_ns)
{
	return keep_few(shard, (struct park_whose){ .slot = slot, .most = UINT32_MAX }, room, now_ns);
}

static void release(uint8_t shard, uint16_t slot, uint32_t packets)
{
	uint32_t cell;

	assert_true(park_ask(&park, shard, slot));
	cell = park_asks(&park, shard);
	assert_int_equal(park.cell[cell].slot, slot);
	park_send(&park, cell);
	assert_int_equal(park_free(&park, shard, slot), packets);
}

static void comes(unsigned list, uint32_t room)
{
	assert_int_equal(hold_pop(&hold, list).room, room);
}

static void a_cells_packets_go_in_order_before_what_waits(void **state)
{
	for (uint32_t i = 0; i < 3; i++) {
		keep(7, 300, 10 + i, 1);
		keep(7, 301, 20 + i, 1);
		keep(8, 300, 2u << ROOM_ZONE_SHIFT | i, 1);
	}
	hold_push(&hold, 7, &(struct lane_handle){ .room = 40, .hint = 7, .code = LANE_UPLINK });
	assert_int_equal(park.total, 9);
	release(7, 300, 3);
	assert_int_equal(hold_peek(&hold, 7)->hint, 0xabcd07); // as it was lent
	assert_int_equal(hold_peek(&hold, 7)->length, 100);
	for (uint32_t i = 0; i < 3; i++)
		comes(7, 10 + i);
	comes(7, 40);
	assert_true(hold_empty(&hold, 7));
	release(8, 300, 3);
	for (uint32_t i = 0; i < 3; i++)
		comes(8, 2u << ROOM_ZONE_SHIFT | i);
	assert_int_equal(park.total, 3);
	release(7, 301, 3);
	assert_int_equal(park.total, 0);
}

static void both_limits_hold_and_refuse_the_newest(void **state)
{
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(keep(1, 1, i, 1), VERDICT_BUFFER);
	assert_int_equal(keep(1, 1, 50, 1), VERDICT_BUFFER_FULL);
	for (uint32_t i = 4; i < 10; i++)
		assert_int_equal(keep(1, (uint16_t)i, i, 1), VERDICT_BUFFER);
	assert_int_equal(keep(1, 99, 50, 1), VERDICT_BUFFER_FULL);
	release(1, 1, 4); // still there, before they have been lent
	assert_int_equal(keep(1, 99, 50, 1), VERDICT_BUFFER_FULL);
	comes(1, 0);
	assert_int_equal(keep(1, 99, 50, 1), VERDICT_BUFFER);
	assert_int_equal(park.ever, 11);
}

static void of_a_cell_no_more_wait_than_its_rules_say(void **state)
{
	static const struct {
		uint32_t most;
		unsigned verdict;
	} turns[] = {
		{ 0, VERDICT_BUFFER_FULL }, // none
		{ 2, VERDICT_BUFFER },          { 2, VERDICT_BUFFER },
		{ 2, VERDICT_BUFFER_FULL },     { 3, VERDICT_BUFFER }, // they have changed
		{ 1, VERDICT_BUFFER_FULL },     { 65535, VERDICT_BUFFER },
		{ 65535, VERDICT_BUFFER_FULL }, // never more than of any cell
	};

	for (uint32_t i = 0; i < sizeof(turns) / sizeof(*turns); i++)
		assert_int_equal(keep_few(1, (struct park_whose){ .slot = 1, .most = turns[i].most }, i, 1),
				 turns[i].verdict);
	assert_int_equal(keep(1, 2, 20, 1), VERDICT_BUFFER);
	release(1, 1, 4);
}

// What was released does not take the places of what arrives.
static void released_packets_are_beyond_what_a_seat_may_have_waiting(void **state)
{
	hold_charge(&hold, 3, 2);
	hold_push(&hold, 3, &(struct lane_handle){ .room = 40, .hint = 3, .code = LANE_UPLINK });
	for (uint32_t i = 0; i < 4; i++)
		keep(3, 1, i, 1);
	release(3, 1, 4);
	assert_int_equal(hold.count[2], 5);
	assert_int_equal(hold_counted(&hold, 2), 1);
	hold_charge(&hold, 3, 1);
	assert_int_equal(hold_counted(&hold, 2), 0);
	assert_int_equal(hold_counted(&hold, 1), 1);
	for (uint32_t i = 0; i < 4; i++)
		comes(3, i);
	assert_int_equal(hold_counted(&hold, 1), 1);
	assert_int_equal(hold.freed_total, 0);
}

static unsigned aged(uint64_t now_ns)
{
	unsigned cells = park.cells, n = 0;
	struct park_out out;

	while (park_old(&park, now_ns, &cells, &out))
		n++;
	return n;
}

static void what_waits_too_long_goes_oldest_first(void **state)
{
	struct park_out out;
	unsigned cells = park.cells;

	keep(1, 1, 5, 10 * SECOND);
	keep(1, 1, 6, 11 * SECOND);
	keep(2, 1, 7, 11 * SECOND);
	assert_int_equal(aged(12 * SECOND), 0);
	assert_true(park_old(&park, 13 * SECOND, &cells, &out));
	assert_int_equal(out.room, 5);
	assert_int_equal(out.slot, 1);
	assert_int_equal(aged(13 * SECOND), 0);
	assert_int_equal(aged(14 * SECOND), 2);
	assert_int_equal(park.total, 0);
}

// The walk is bounded, and goes on where it was.
// By the word of its last packet, for all that wait.
static void a_cell_that_lasts_waits_longer(void **state)
{
	const struct park_whose lasts = { .slot = 1, .lasts = true, .most = UINT32_MAX };

	keep(1, 1, 5, 10 * SECOND);
	keep(2, 1, 6, 10 * SECOND);
	keep_few(1, lasts, 7, 12 * SECOND);
	assert_int_equal(aged(13 * SECOND), 1); // the other one
	assert_int_equal(aged(18 * SECOND), 0);
	assert_int_equal(aged(19 * SECOND), 1);
	keep(1, 1, 8, 19 * SECOND); // they have changed
	assert_int_equal(aged(19 * SECOND), 1);
	assert_int_equal(aged(22 * SECOND), 1);
	assert_int_equal(park.total, 0);
}

static void no_walk_is_longer_than_it_may_be(void **state)
{
	unsigned cells = 1, walks = 0;
	struct park_out out;

	for (uint32_t i = 0; i < 8; i++)
		keep(1, (uint16_t)i, i, 1);
	while (!park_old(&park, 10 * SECOND, &cells, &out)) {
		assert_int_equal(cells, 0);
		cells = 1;
		walks++;
	}
	assert_true(walks < park.cells);
}

static void others_are_told_what_is_parked(void **state)
{
	struct park_news news;
	unsigned told = 0;

	keep(200, 65535, 5, 100 * SECOND);
	keep(200, 65535, 6, 101 * SECOND);
	for (uint32_t i = 0; i < park.cells; i++) {
		if (!park_told(&park, i, 102 * SECOND, &news))
			continue;
		told++;
		assert_int_equal(news.shard, 200);
		assert_int_equal(news.slot, 65535);
		assert_int_equal(news.packets, 2);
		assert_true(news.age_ns > 19 * SECOND / 10 && news.age_ns < 21 * SECOND / 10);
	}
	assert_int_equal(told, 1);
	release(200, 65535, 2);
	for (uint32_t i = 0; i < park.cells; i++)
		assert_false(park_told(&park, i, 102 * SECOND, &news));
}

static void releases_keep_their_order_and_are_lost_together(void **state)
{
	for (uint16_t slot = 0; slot < 3; slot++)
		assert_true(park_ask(&park, 9, slot));
	assert_true(park_ask(&park, 9, 1)); // again is once
	for (uint16_t slot = 0; slot < 3; slot++) {
		assert_int_equal(park.cell[park_asks(&park, 9)].slot, slot);
		park_send(&park, park_asks(&park, 9));
	}
	assert_false(bits_has(&park.asked, 9));
	assert_int_equal(park.sent[9], 3);
	assert_int_equal(park_free(&park, 9, 1), 0); // empty, and done
	park_lost(&park, 9);
	assert_true(bits_has(&park.asked, 9));
	assert_int_equal(park.sent[9], 0);
	assert_int_equal(park.cell[park_asks(&park, 9)].slot, 0);
	assert_int_equal(park_free(&park, 9, 0), 0); // a fence that nobody has out
	assert_int_equal(park.cell[park_asks(&park, 9)].slot, 0);
}

static void an_order_that_meets_one_under_way_is_carried_out_after_it(void **state)
{
	keep(9, 1, 5, 1);
	assert_true(park_ask(&park, 9, 1));
	park_send(&park, park_asks(&park, 9));
	assert_true(park_ask(&park, 9, 1));
	assert_int_equal(park_asks(&park, 9), PARK_NONE);
	assert_int_equal(park_free(&park, 9, 1), 1);
	assert_true(bits_has(&park.asked, 9));
	park_send(&park, park_asks(&park, 9));
	assert_int_equal(park_free(&park, 9, 1), 0);
	assert_int_equal(park_asks(&park, 9), PARK_NONE);
}

static void cells_are_given_back(void **state)
{
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < park.cells; i++)
			assert_true(park_ask(&park, (uint8_t)i, (uint16_t)(i / SHARDS + round)));
		assert_false(park_ask(&park, 0, 60000));
		assert_int_equal(keep(0, 60000, 1, 1), VERDICT_BUFFER_FULL);
		for (uint32_t i = 0; i < park.cells; i++) {
			park_send(&park, park_asks(&park, i % SHARDS));
			park_free(&park, (uint8_t)i, (uint16_t)(i / SHARDS + round));
		}
	}
}

// Packets that came since are not what the order was about, and nobody else's are.
static void what_is_dropped_was_there_before(void **state)
{
	struct park_out out;

	for (uint32_t i = 0; i < 3; i++)
		keep(7, 300, 10 + i, 100 + i);
	keep(7, 301, 20, 1);
	assert_false(park_take(&park, 7, 302, 1000, &out)); // none there
	assert_false(park_take(&park, 7, 300, 100, &out));
	assert_true(park_take(&park, 7, 300, 102, &out));
	assert_int_equal(out.room, 10);
	assert_true(park_ask(&park, 7, 300)); // its others are under way: nothing changes for them
	park_send(&park, park_asks(&park, 7));
	assert_true(park_take(&park, 7, 300, 102, &out));
	assert_int_equal(out.room, 11);
	assert_false(park_take(&park, 7, 300, 102, &out));
	assert_int_equal(park.total, 2);
	assert_int_equal(park_free(&park, 7, 300), 1);
	comes(7, 12);
	assert_true(park_take(&park, 7, 301, 2, &out));
	assert_int_equal(park.total, 0);
	for (uint32_t i = 0; i < park.cells; i++) // all cells are free again
		assert_int_equal(park.cell[i].count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_cells_packets_go_in_order_before_what_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(both_limits_hold_and_refuse_the_newest, setup, teardown),
		cmocka_unit_test_setup_teardown(of_a_cell_no_more_wait_than_its_rules_say, setup, teardown),
		cmocka_unit_test_setup_teardown(released_packets_are_beyond_what_a_seat_may_have_waiting, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_waits_too_long_goes_oldest_first, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cell_that_lasts_waits_longer, setup, teardown),
		cmocka_unit_test_setup_teardown(no_walk_is_longer_than_it_may_be, setup, teardown),
		cmocka_unit_test_setup_teardown(others_are_told_what_is_parked, setup, teardown),
		cmocka_unit_test_setup_teardown(releases_keep_their_order_and_are_lost_together, setup, teardown),
		cmocka_unit_test_setup_teardown(an_order_that_meets_one_under_way_is_carried_out_after_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(cells_are_given_back, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_dropped_was_there_before, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
