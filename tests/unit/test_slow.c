// test_slow.c - what golden/slow_golden.py does not ask: handles that lie, addresses we do not have, clocks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "shared/wire/ip.h"
#include "tests/stand/stand.h"
#include "workers/slow/slow.h"

static struct stand stand;
static struct slow slow;

static int make(void **state)
{
	stand_open(&stand);
	stand.net.icmp_ipv4 = 0xc63364fe;
	slow_open(&slow, &stand.net, &stand.rooms);
	return 0;
}

static int destroy(void **state)
{
	stand_close(&stand);
	return 0;
}

// A packet of 28 bytes that ran out of hops.
static struct lane_handle hopeless(void)
{
	uint8_t bytes[28] = { 0 };
	const struct ip4_fields fields = { 0xcb007109, 0x0a2d0311, sizeof(bytes), 0, 1, IP_UDP };

	ip4_put(bytes, &fields);
	return stand_lend(&stand, 0, LANE_TTL, bytes, sizeof(bytes));
}

static uint8_t verdict_of(struct lane_handle handle, uint64_t now)
{
	slow_work(&slow, &handle, 1, now);
	assert_int_equal(handle.hint, 0);
	return handle.code;
}

static void handles_that_lie_touch_nothing(void **state)
{
	struct lane_handle handle = hopeless();

	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_ANSWERED);
	handle.room = STAND_ROOMS;
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
	handle = hopeless();
	handle.offset = SLOW_HEADROOM - 1; // no place for the error's headers
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
	handle.offset = ROOM_STRIDE - 27;
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
	handle = hopeless();
	for (unsigned kind = 0; kind < 256; kind++) {
		handle.code = (uint8_t)kind;
		if (kind != LANE_LOCAL && kind != LANE_TTL && kind != LANE_BIG)
			assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
	}
}

static void a_short_packet_is_refused(void **state)
{
	struct lane_handle handle = hopeless();

	for (handle.length = 0; handle.length < 28; handle.length++)
		assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_BAD_IP);
}

static void without_an_address_no_error(void **state)
{
	stand.net.icmp_ipv4 = 0;
	assert_int_equal(verdict_of(hopeless(), STAND_HZ), VERDICT_SLOW_REFUSED);
}

static void the_limit_is_a_rate(void **state)
{
	uint64_t now = 1ull << 62; // idle for years
	unsigned answered = 0;

	for (unsigned i = 0; i < 20000; i++) { // two seconds at ten times the limit
		answered += verdict_of(hopeless(), now) == VERDICT_ANSWERED;
		now += STAND_HZ / 10000;
	}
	assert_in_range(answered, 2 * SLOW_ERRORS_PER_SECOND + SLOW_LIMIT_BURST - 2,
			2 * SLOW_ERRORS_PER_SECOND + SLOW_LIMIT_BURST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(handles_that_lie_touch_nothing),
		TEST(a_short_packet_is_refused),
		TEST(without_an_address_no_error),
		TEST(the_limit_is_a_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
