// test_neigh_apart.c - two networks that are alike: our address on either link, and a neighbour of the same address on each.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "primary/edge/route.h"
#include "shared/plane/verdict.h"
#include "tests/unit/link.h"

#define ONE route_network_side(1)
#define OTHER route_network_side(2)

// Both are asked for, each on its own link; what one says is of him alone.
static void neighbours_of_one_address(void **state)
{
	uint32_t first, second;

	assert_int_equal(link_send4(ONE, LINK_PEER, &first), VERDICT_FORWARD);
	assert_int_equal(link_send4(OTHER, LINK_PEER, &second), VERDICT_FORWARD);
	assert_int_equal(link_world.sends, 2);
	link_expect_l2(0, LINK_CORE, link_all, 0x0806);
	link_expect_arp(link_sent(0) + 14, 1, LINK_OURS, LINK_PEER);
	link_expect_l2(1, LINK_TAGGED, link_all, 0x8100);
	link_expect_arp(link_sent(1) + 18, 1, LINK_OURS, LINK_PEER);

	assert_int_equal(link_arp(LINK_TAGGED, 2, LINK_PEER, link_other_mac, LINK_OURS), VERDICT_ANSWERED);
	assert_int_equal(link_world.sends, 3);
	link_expect_l2(2, LINK_TAGGED, link_other_mac, 0x8100);
	assert_int_equal(link_world.sent[2].frame.room, second);
	assert_int_equal(link_arp(LINK_CORE, 2, LINK_PEER, link_peer_mac, LINK_OURS), VERDICT_ANSWERED);
	assert_int_equal(link_world.sends, 4);
	link_expect_l2(3, LINK_CORE, link_peer_mac, 0x0800);
	assert_int_equal(link_world.sent[3].frame.room, first);

	assert_int_equal(link_send4(OTHER, LINK_PEER, NULL), VERDICT_FORWARD);
	link_expect_l2(4, LINK_TAGGED, link_other_mac, 0x8100);
	assert_int_equal(link_send4(ONE, LINK_PEER, NULL), VERDICT_FORWARD);
	link_expect_l2(5, LINK_CORE, link_peer_mac, 0x0800);
}

static void gateways_of_one_address(void **state)
{
	neigh_announce(link_world.neigh, link_world.now);
	link_arp(LINK_CORE, 2, LINK_GATEWAY, link_peer_mac, LINK_OURS);
	link_arp(LINK_TAGGED, 2, LINK_GATEWAY, link_other_mac, LINK_OURS);
	link_world.sends = 0;
	assert_int_equal(link_send4(ONE, 0x08080808, NULL), VERDICT_FORWARD);
	assert_int_equal(link_send4(OTHER, 0x08080808, NULL), VERDICT_FORWARD);
	link_expect_l2(0, LINK_CORE, link_peer_mac, 0x0800);
	link_expect_l2(1, LINK_TAGGED, link_other_mac, 0x8100);
}

static void either_link_hears_who_we_are(void **state)
{
	assert_int_equal(link_arp(LINK_CORE, 1, LINK_PEER, link_peer_mac, LINK_OURS), VERDICT_ANSWERED);
	assert_int_equal(link_arp(LINK_TAGGED, 1, LINK_PEER, link_other_mac, LINK_OURS), VERDICT_ANSWERED);
	link_expect_l2(0, LINK_CORE, link_peer_mac, 0x0806);
	link_expect_l2(1, LINK_TAGGED, link_other_mac, 0x8100);
	link_expect_arp(link_sent(1) + 18, 2, LINK_OURS, LINK_PEER);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, link_setup_alike, link_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(neighbours_of_one_address), CASE(gateways_of_one_address),
					    CASE(either_link_hears_who_we_are) };

	return cmocka_run_group_tests(tests, NULL, link_end);
}
