// test_lease.c - the book of leases: what may come back, what may not, and in which order the rest is taken off.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "primary/lane/lease.h"

static struct lease lease;

static int setup(void **state)
{
	lease_reset(&lease);
	return 0;
}

static struct lane_handle book(struct lane_handle handle)
{
	return lane_handle(lease_lend(&lease, lane_words(&handle)));
}

static struct lane_handle lend(uint32_t room)
{
	return book((struct lane_handle){ .room = room, .code = LANE_UPLINK });
}

static void give_back(struct lane_handle handle)
{
	const struct lane_handle *found = lease_find(&lease, &handle);

	assert_non_null(found);
	lease_end(&lease, found);
}

static void a_handle_comes_back_once(void **state)
{
	struct lane_handle first = lend(7), second = lend(8);

	give_back(second); // another order than it was lent in
	assert_null(lease_find(&lease, &second));
	assert_int_equal(lease_credit(&lease), LANE_SLOTS - 2); // the first still stands before it
	give_back(first);
	assert_null(lease_find(&lease, &first));
	assert_int_equal(lease_credit(&lease), LANE_SLOTS);
	assert_int_equal(lease_packets(&lease), 0);
}

static void room_and_turn_must_agree(void **state)
{
	struct lane_handle a = lend(7), b = lend(8), mixed = a;

	mixed.turn = b.turn;
	assert_null(lease_find(&lease, &mixed));
	mixed = a;
	mixed.turn = (uint16_t)(b.turn + 1); // not lent yet
	assert_null(lease_find(&lease, &mixed));
	mixed.turn = (uint16_t)(a.turn - 1); // long ago
	assert_null(lease_find(&lease, &mixed));
}

// The same room, lent again to the same seat: the stale handle must not count (the ABA of the lanes).
static void the_turn_before_does_not_count(void **state)
{
	struct lane_handle old = lend(7);

	give_back(old);
	lend(7);
	assert_null(lease_find(&lease, &old));
}

static void turns_wrap(void **state)
{
	for (uint32_t i = 0; i < 200000; i++)
		give_back(lend(i % 5000));
	assert_int_equal(lease_credit(&lease), LANE_SLOTS);
}

static void credit_ends_where_the_oldest_stands(void **state)
{
	struct lane_handle oldest = lend(0);

	for (uint32_t i = 1; i < LANE_SLOTS; i++)
		give_back(lend(i));
	assert_int_equal(lease_credit(&lease), 0);
	assert_int_equal(lease.live, 1);
	give_back(oldest);
	assert_int_equal(lease_credit(&lease), LANE_SLOTS);
}

static void the_rest_comes_off_newest_first(void **state)
{
	struct lane_handle handle[100], popped;
	bool in_hand;

	for (uint32_t i = 0; i < 100; i++)
		handle[i] = lend(i);
	give_back(handle[0]);
	give_back(handle[50]);
	for (int i = 99; i > 0; i--) {
		if (i == 50)
			continue;
		assert_true(lease_pop(&lease, &popped, &in_hand));
		assert_int_equal(popped.room, i);
		assert_int_equal(in_hand, i <= (int)LANE_BURST);
	}
	assert_false(lease_pop(&lease, &popped, &in_hand));
	assert_int_equal(lease.live, 0);
	assert_int_equal(lease_credit(&lease), LANE_SLOTS);
}

static void fences_and_suspects_are_told_apart(void **state)
{
	struct lane_handle fence = { .code = LANE_CUT, .hint = 9 };
	struct lane_handle suspect = { .room = 3, .code = LANE_DOWNLINK | LEASE_SUSPECT };

	fence = book(fence);
	suspect = book(suspect);
	assert_int_equal(lease.live, 2);
	assert_int_equal(lease_packets(&lease), 1);
	assert_int_equal(lease.suspects, 1);
	give_back(suspect);
	assert_int_equal(lease_packets(&lease), 0);
	assert_int_equal(lease.suspects, 0);
	give_back(fence);
	assert_int_equal(lease.live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_handle_comes_back_once, setup),
		cmocka_unit_test_setup(room_and_turn_must_agree, setup),
		cmocka_unit_test_setup(the_turn_before_does_not_count, setup),
		cmocka_unit_test_setup(turns_wrap, setup),
		cmocka_unit_test_setup(credit_ends_where_the_oldest_stands, setup),
		cmocka_unit_test_setup(the_rest_comes_off_newest_first, setup),
		cmocka_unit_test_setup(fences_and_suspects_are_told_apart, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
