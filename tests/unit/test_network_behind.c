// test_network_behind.c - networks behind subscribers, in the routing domains of their sessions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "shared/plane/verdict.h"
#include "tests/unit/two_networks.h"

static void behind(uint32_t ipv4, unsigned length, uint32_t own, uint32_t was)
{
	const struct framed_word word = { prefix_ipv4(ipv4, length), own, was };

	assert_int_equal(steer_frame_routes(two.steer, &word, 1), 0);
}

static void is_framed(struct steer_result to, uint32_t own)
{
	assert_int_equal(to.kind, LANE_FRAMED);
	assert_int_equal(to.hint, own);
}

// Networks behind subscribers are their session's network's; and so, when they come again from inside.
static void what_is_behind_a_subscriber_is_of_his_network(void **state)
{
	const uint32_t there = 0xc6336400, own = shard_teid(7, 1, 9, 2); // of the second pool
	struct lane_handle lent = { .code = LANE_FRAMED | LEASE_SUSPECT, .hint = own };

	assert_int_equal(two_arrives(TWO_NET, 20, there).code, VERDICT_NOT_OURS);
	behind(there, 24, own, 0);
	is_framed(two_arrives(TWO_NET, 20, there), own);
	assert_int_equal(two_arrives(TWO_NET, 10, there).code, VERDICT_NOT_OURS);
	assert_int_equal(two_arrives(TWO_WIDE, 0, there).code, VERDICT_NOT_OURS);
	assert_int_equal(two_arrives(TWO_RADIO, 0, there).code, VERDICT_NOT_OURS);
	is_framed(two_inside(TWO_SECOND, there), own);
	assert_int_equal(two_inside(TWO_FIRST, there).code, VERDICT_NOT_OURS);
	assert_int_equal(two_inside(0, there).code, VERDICT_NOT_OURS);
	assert_int_equal(networks_of_lent(&two.networks, &lent), TWO_SECOND);
}

// The same one in both, and who is gone takes nobody else's along.
static void the_same_may_be_behind_one_in_each(void **state)
{
	const uint32_t there = 0xc6336400, first = shard_teid(7, 0, 9, 2), second = shard_teid(8, 1, 9, 2);

	behind(there, 24, first, 0);
	behind(there, 24, second, 0);
	is_framed(two_arrives(TWO_NET, 10, there), first);
	is_framed(two_arrives(TWO_WIDE, 0, there), first);
	is_framed(two_arrives(TWO_NET, 20, there), second);
	is_framed(two_inside(TWO_FIRST, there), first);
	behind(there, 24, 0, first);
	assert_int_equal(two_arrives(TWO_NET, 10, there).code, VERDICT_NOT_OURS);
	is_framed(two_arrives(TWO_NET, 20, there), second);
	behind(there, 24, 0, 0); // a controller that knows of one in all networks
	assert_int_equal(two_arrives(TWO_NET, 20, there).code, VERDICT_NOT_OURS);
}

// What is a pool's, or the gateway's own, in another network.
static void what_is_anothers_may_be_behind_one(void **state)
{
	const uint32_t first = shard_teid(7, 0, 9, 2), second = shard_teid(8, 1, 9, 2);

	behind(0x0a2e0000, 24, first, 0);
	is_framed(two_arrives(TWO_NET, 10, 0x0a2e0007), first);
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a2e0007).hint, two_place(1, 0x0a2e0007));
	behind(0x0a020000, 24, second, 0);
	is_framed(two_arrives(TWO_NET, 20, 0x0a020001), second);
	is_framed(two_arrives(TWO_NET, 20, 0x0a0200ff), second);
	is_framed(two_inside(TWO_SECOND, 0x0a020001), second);
	assert_int_equal(two_arrives(TWO_NET, 10, 0x0a020001).kind, LANE_LOCAL);
	assert_int_equal(two_arrives(TWO_NET, 10, 0x0a0200ff).code, VERDICT_NOT_OURS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_behind_a_subscriber_is_of_his_network, two_setup, two_teardown),
		cmocka_unit_test_setup_teardown(what_is_behind_a_subscriber_is_of_his_network, two_setup_meeting,
						two_teardown),
		cmocka_unit_test_setup_teardown(the_same_may_be_behind_one_in_each, two_setup, two_teardown),
		cmocka_unit_test_setup_teardown(what_is_anothers_may_be_behind_one, two_setup, two_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
