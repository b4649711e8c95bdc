// test_network.c - routing domains: whose network a session is of, which way packets leave, who is reached from where, VLANs of one device.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "primary/edge/network_find.h"
#include "primary/edge/quarantine.h"
#include "primary/edge/route_find.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"
#include "tests/unit/two_networks.h"

static void a_session_is_of_its_pools_network(void **state)
{
	assert_int_equal(two.networks.count, 2);
	assert_int_equal(two.networks.port[TWO_RADIO], 0);
	assert_int_equal(two.networks.port[TWO_NET], TWO_FIRST);
	assert_int_equal(two.networks.port[TWO_IMS], TWO_SECOND);
	assert_int_equal(two.networks.port[TWO_WIDE], TWO_FIRST);
	assert_int_equal(networks_of_teid(&two.networks, shard_teid(5, 0, 77, 2)), TWO_FIRST);
	assert_int_equal(networks_of_teid(&two.networks, shard_teid(5, 1, 77, 2)), TWO_SECOND);
	assert_int_equal(networks_of_teid(&two.networks, shard_teid(5, 2, 77, 2)), ROUTE_NOWHERE);
	assert_int_equal(networks_hint4(&two.networks, TWO_FIRST, 0x0a2d00ff), two_place(0, 0x0a2d00ff));
	assert_int_equal(networks_hint4(&two.networks, TWO_SECOND, 0x0a2d00ff), NETWORKS_NOBODY);
	assert_int_equal(networks_hint4(&two.networks, TWO_SECOND, 0x0a2e0000), two_place(1, 0x0a2e0000));
	assert_int_equal(networks_hint4(&two.networks, 0, 0x0a2f0000), NETWORKS_NOBODY);
	assert_int_equal(networks_hint6(&two.networks, TWO_FIRST, 0x20010db8004500ff),
			 shard_of_ipv6(0x20010db8004500ff));
	assert_int_equal(networks_hint6(&two.networks, 0, 0x20010db800460000), NETWORKS_NOBODY);
}

static unsigned leaves_by(unsigned code, uint8_t port, uint32_t hint)
{
	struct lane_handle back = { .port = LANE_SIDE_CORE, .code = VERDICT_FORWARD };

	networks_leave(&two.networks, &back,
		       &(struct lane_handle){ .code = (uint8_t)code, .port = port, .hint = hint });
	return back.port;
}

static void what_leaves_goes_by_its_own_network(void **state)
{
	struct lane_handle back = { .port = LANE_SIDE_ACCESS, .code = VERDICT_FORWARD };
	uint32_t first = shard_teid(5, 0, 77, 2), second = shard_teid(5, 1, 77, 2);

	assert_int_equal(leaves_by(LANE_UPLINK, TWO_RADIO, first), route_network_side(TWO_FIRST));
	assert_int_equal(leaves_by(LANE_UPLINK | LEASE_SUSPECT, TWO_RADIO, second), route_network_side(TWO_SECOND));
	assert_int_equal(leaves_by(LANE_UPLINK, TWO_RADIO, shard_teid(5, 3, 77, 2)), route_network_side(ROUTE_NOWHERE));
	assert_int_equal(leaves_by(LANE_DOWNLINK, TWO_IMS, 0), route_network_side(TWO_SECOND));
	assert_int_equal(leaves_by(LANE_LOCAL, LANE_SIDE_ACCESS, 0), route_network_side(ROUTE_NOWHERE));
	networks_leave(&two.networks, &back, &(struct lane_handle){ .code = LANE_UPLINK, .hint = first });
	assert_int_equal(back.port, LANE_SIDE_ACCESS);
}

static void expect(unsigned side, uint32_t to, unsigned port, uint32_t next)
{
	struct route_hop hop = { 0 };

	assert_true(route_find(&two.routes, side, address_ipv4(to), &hop));
	assert_int_equal(hop.port, port);
	assert_true(address_same(hop.address, address_ipv4(next)));
}

static void networks_have_routes_of_their_own(void **state)
{
	unsigned first = route_network_side(TWO_FIRST), second = route_network_side(TWO_SECOND);
	struct route_hop hop;

	expect(first, 0x0a020007, TWO_NET, 0x0a020007);  // on link
	expect(first, 0xc0000207, TWO_NET, 0x0a020009);  // by the route
	expect(first, 0xc0000287, TWO_WIDE, 0x0a040009); // by the longer one
	expect(first, 0xc00002ff, TWO_WIDE,
	       0x0a040009); // a host's address behind somebody else, not our link's broadcast
	assert_false(route_find(&two.routes, first, address_ipv4(0x08080808), &hop));
	expect(second, 0x08080808, TWO_IMS, 0x0a0300fe);
	expect(second, 0xc0000207, TWO_IMS, 0x0a0300fe);
	assert_false(route_find(&two.routes, route_network_side(ROUTE_NOWHERE), address_ipv4(0x0a020007), &hop));
	expect(TWO_NET, 0xc0000287, TWO_NET, 0x0a020009); // by that port only
	expect(LANE_SIDE_CORE, 0xc0000287, TWO_WIDE, 0x0a040009);
	assert_true(route_network_side(ROUTE_NOWHERE) >= ROUTE_SIDE_LEAST);
}

static void another_networks_subscribers_are_not_reached(void **state)
{
	assert_int_equal(two_arrives(TWO_NET, 10, 0x0a2d0007).kind, LANE_DOWNLINK);
	assert_int_equal(two_arrives(TWO_NET, 10, 0x0a2e0007).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a2e0007).kind,
			 LANE_DOWNLINK); // the device's first port takes all its frames
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a2e0007).port, TWO_IMS);
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a2d0007).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(two_arrives(TWO_NET, 30, 0x0a2d0007).code, VERDICT_VLAN);
	assert_int_equal(two_arrives(TWO_NET, 0, 0x0a2d0007).code, VERDICT_VLAN);
	assert_int_equal(two_arrives(TWO_WIDE, 0, 0x0a2d0007).port, TWO_WIDE);
	assert_int_equal(two_arrives(TWO_WIDE, 20, 0x0a2e0007).code, VERDICT_VLAN);
	assert_int_equal(two_arrives(TWO_WIDE, 0, 0x0b000007).code, VERDICT_NOT_OURS); // no pool's
}

static const uint32_t both4 = 0x0a2d0007; // of the shard 0x20
static const uint64_t both6 = 0x20010db800450042;

static void who_is_meant_the_network_tells(void **state)
{
	assert_int_equal(two_arrives(TWO_NET, 10, both4).hint, two_place(0, both4));
	assert_int_equal(two_arrives(TWO_NET, 20, both4).hint, two_place(1, both4));
	assert_int_equal(two_arrives(TWO_WIDE, 0, both4).hint, two_place(0, both4));
	assert_int_equal(two_arrives(TWO_NET, 20, both4).shard, shard_of_ipv4(both4));
	assert_int_equal(networks_hint6(&two.networks, TWO_FIRST, both6), shard_of_ipv6(both6));
	assert_int_equal(networks_hint6(&two.networks, TWO_SECOND, both6), 1u << SHARD_BITS | shard_of_ipv6(both6));
}

static struct steer_result arrives6(unsigned network, uint64_t prefix)
{
	uint8_t packet[IP6_HEADER] = { 0x60, [6] = IP_TCP, [7] = 64, [8] = 0x20, [39] = 1 };

	be64_put(packet + 24, prefix);
	return steer_packet(two.steer, (struct steer_side){ CONF_CORE, (uint8_t)network }, packet, sizeof(packet));
}

// The same addresses in both are other places' own in each: told with the TEID of whom they are, whose place is meant then.
static void an_address_may_be_apart_in_each(void **state)
{
	const uint32_t first = shard_teid(7, 0, 99, 2), second = shard_teid(8, 1, 88, 2);
	const struct steer_exception list[] = { { .ipv6 = both6, .shard = 99, .teid = first },
						{ .ipv6 = both6, .shard = 88, .teid = second },
						{ .ipv4 = both4, .shard = 88, .teid = second } };
	static struct quarantine quarantine;
	struct lane_handle lent = { .code = LANE_BIG, .port = LANE_SIDE_ACCESS, .length = IP6_HEADER };
	uint8_t packet[IP6_HEADER] = { 0x60, [8] = 0x20 };

	assert_int_equal(steer_exceptions(two.steer, list, 3), 0);
	assert_int_equal(arrives6(TWO_FIRST, both6).hint, 99);
	assert_int_equal(arrives6(TWO_FIRST, both6).shard, 99);
	assert_int_equal(arrives6(TWO_SECOND, both6).hint, 1u << SHARD_BITS | 88);
	assert_int_equal(arrives6(TWO_SECOND, both6).shard, 88);
	assert_int_equal(arrives6(TWO_FIRST, both6 + 1).hint, shard_of_ipv6(both6 + 1));
	assert_int_equal(arrives6(ROUTE_NOWHERE, both6).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(two_arrives(TWO_NET, 10, both4).hint, two_place(0, both4));
	assert_int_equal(two_arrives(TWO_NET, 20, both4).hint, 1u << SHARD_BITS | 88);
	assert_int_equal(two_inside(TWO_SECOND, both4).hint, 1u << SHARD_BITS | 88);

	quarantine_init(&quarantine, 2);
	steer_quarantine(two.steer, &quarantine);
	be64_put(packet + 8, both6); // what a subscriber is answered by the slow lane
	lent.hint = 2u << LANE_POOL;
	assert_int_equal(quarantine_whose(&quarantine, &lent, packet).place, 1 + (1u << SHARD_BITS | 88));
	assert_int_equal(steer_exceptions(two.steer, NULL, 0), 0);
	assert_int_equal(arrives6(TWO_SECOND, both6).hint, 1u << SHARD_BITS | shard_of_ipv6(both6));
	assert_int_equal(two_arrives(TWO_NET, 20, both4).hint, two_place(1, both4));
	quarantine_fini(&quarantine);
}

// There is one: addresses tell, and the shard is all that has to be told.
static void where_there_is_one_the_shard_is_told(void **state)
{
	const struct steer_exception list[] = { { .ipv6 = both6, .shard = 99, .teid = shard_teid(7, 0, 99, 2) } };

	steer_free(two.steer);
	two.conf.ports = 2; // that towards the second one is gone
	two.conf.pools = two.plane.net.pools = 1;
	two.plane.net.places = 0;
	two.steer = steer_make(&two.conf, &two.plane);
	assert_int_equal(arrives6(TWO_FIRST, both6).hint, shard_of_ipv6(both6));
	assert_int_equal(steer_exceptions(two.steer, list, 1), 0);
	assert_int_equal(arrives6(TWO_FIRST, both6).hint, 99);
	assert_int_equal(arrives6(TWO_FIRST, both6).shard, 99);
}

// The gateway's address in the first network, and its link's broadcast, are subscribers' in the second one.
static void what_is_ours_here_is_a_subscribers_there(void **state)
{
	assert_int_equal(two_arrives(TWO_NET, 10, 0x0a020001).kind, LANE_LOCAL);
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a020001).hint, two_place(2, 0x0a020001));
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a020001).kind, LANE_DOWNLINK);
	assert_int_equal(two_arrives(TWO_NET, 10, 0x0a0200ff).code, VERDICT_NOT_OURS);
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a0200ff).hint, two_place(2, 0x0a0200ff));
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a040001).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a040001).kind, LANE_NONE);
}

static void from_inside_it_has_to_be_said(void **state)
{
	assert_int_equal(two_inside(TWO_FIRST, both4).hint, two_place(0, both4));
	assert_int_equal(two_inside(TWO_SECOND, both4).hint, two_place(1, both4));
	assert_int_equal(two_inside(0, both4).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(two_inside(ROUTE_NOWHERE, both4).code, VERDICT_OTHER_NETWORK);
}

static void whose_a_lent_packet_is(void **state)
{
	struct lane_handle lent = { .code = LANE_DOWNLINK, .hint = two_place(1, both4) };

	assert_int_equal(networks_of_lent(&two.networks, &lent), TWO_SECOND);
	lent.code = LANE_UPLINK | LEASE_SUSPECT;
	lent.hint = shard_teid(7, 0, 9, 2);
	assert_int_equal(networks_of_lent(&two.networks, &lent), TWO_FIRST);
	lent =
	    (struct lane_handle){ .code = LANE_BIG, .hint = TWO_SECOND << LANE_POOL | 1400, .port = LANE_SIDE_ACCESS };
	assert_int_equal(networks_of_lent(&two.networks, &lent), TWO_SECOND);
	two.networks = (struct networks){ .count = 1 }; // there is one
	assert_int_equal(networks_of_lent(&two.networks, &lent), 1);
	two.networks.count = 0;
	assert_int_equal(networks_of_lent(&two.networks, &lent), 0);
}

// In each of them it is the gateway's, its link's broadcast nobody's, and next hops live on its own link.
static void networks_may_be_alike(void **state)
{
	const unsigned vlan[] = { 10, 20 };

	for (unsigned i = 0; i < 2; i++) {
		unsigned network = i ? TWO_SECOND : TWO_FIRST, port = i ? TWO_IMS : TWO_NET;

		assert_int_equal(two_arrives(TWO_NET, vlan[i], 0x0a020001).kind, LANE_LOCAL);
		assert_int_equal(two_arrives(TWO_NET, vlan[i], 0x0a020001).port, port);
		assert_int_equal(two_arrives(TWO_NET, vlan[i], 0x0a0200ff).code, VERDICT_NOT_OURS);
		assert_int_equal(two_inside(network, 0x0a020001).kind, LANE_LOCAL);
		expect(route_network_side(network), 0x0a020007, port, 0x0a020007);
	}
	assert_int_equal(two_arrives(TWO_RADIO, 0, 0x0a020001).kind, LANE_LOCAL);
	assert_int_equal(two_inside(ROUTE_NOWHERE, 0x0a020001).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a040001).code, VERDICT_OTHER_NETWORK);
}

// Nor is the gateway by its address there; by those towards the radio side it is, as ever.
static void another_networks_address_of_ours_is_not_reached(void **state)
{
	assert_int_equal(two_arrives(TWO_NET, 10, 0x0a020001).kind, LANE_LOCAL);
	assert_int_equal(two_arrives(TWO_NET, 10, 0x0a040001).kind, LANE_LOCAL); // of a port of the same network
	assert_int_equal(two_arrives(TWO_NET, 10, 0x0a030001).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(two_arrives(TWO_NET, 20, 0x0a020001).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(two_arrives(TWO_NET, 10, 0x0a010001).kind, LANE_LOCAL);
	assert_int_equal(two_arrives(TWO_RADIO, 0, 0x0a030001).kind, LANE_LOCAL);
}

// The usual frames are told the same.
static void in_bursts_too(void **state)
{
	const uint32_t to[] = { 0x0a2d0007, 0x0a2e0007, 0x0a2d0008, 0x0b000007 };
	static uint8_t bytes[4][64];
	struct nic_burst in = { .n = 4 };
	struct steer_burst out;
	uint32_t usual;

	for (unsigned i = 0; i < 4; i++) {
		in.bytes[i] = bytes[i];
		two_frame(bytes[i], 0, to[i]);
		in.frame[i] = (struct nic_frame){ .room = i, .length = 60 };
	}
	usual = steer_usual(two.steer, TWO_WIDE, &in, &out);
	assert_int_equal(usual, 5);
	assert_int_equal(out.shard[0], shard_of_ipv4(0x0a2d0007));
}

static void in_bursts_too_where_they_meet(void **state)
{
	const struct steer_exception apart = { .ipv4 = both4, .shard = 77, .teid = shard_teid(7, 0, 77, 2) };
	static uint8_t bytes[64];
	struct nic_burst in = { .n = 1, .bytes = { bytes } };
	struct steer_burst out;

	two_frame(bytes, 0, both4);
	in.frame[0] = (struct nic_frame){ .length = 60 };
	assert_int_equal(steer_usual(two.steer, TWO_WIDE, &in, &out), 1);
	assert_int_equal(out.words[0].place >> 32, two_place(0, both4));
	assert_int_equal(steer_exceptions(two.steer, &apart, 1), 0);
	assert_int_equal(steer_usual(two.steer, TWO_WIDE, &in, &out), 1);
	assert_int_equal(out.words[0].place >> 32, 77);
	assert_int_equal(out.shard[0], 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_session_is_of_its_pools_network, two_setup, two_teardown),
		cmocka_unit_test_setup_teardown(what_leaves_goes_by_its_own_network, two_setup, two_teardown),
		cmocka_unit_test_setup_teardown(networks_have_routes_of_their_own, two_setup, two_teardown),
		cmocka_unit_test_setup_teardown(another_networks_subscribers_are_not_reached, two_setup, two_teardown),
		cmocka_unit_test_setup_teardown(another_networks_address_of_ours_is_not_reached, two_setup,
						two_teardown),
		cmocka_unit_test_setup_teardown(networks_may_be_alike, two_setup_alike, two_teardown),
		cmocka_unit_test_setup_teardown(in_bursts_too, two_setup, two_teardown),
		cmocka_unit_test_setup_teardown(in_bursts_too_where_they_meet, two_setup_meeting, two_teardown),
		cmocka_unit_test_setup_teardown(who_is_meant_the_network_tells, two_setup_meeting, two_teardown),
		cmocka_unit_test_setup_teardown(what_is_ours_here_is_a_subscribers_there, two_setup_meeting,
						two_teardown),
		cmocka_unit_test_setup_teardown(from_inside_it_has_to_be_said, two_setup_meeting, two_teardown),
		cmocka_unit_test_setup_teardown(an_address_may_be_apart_in_each, two_setup_meeting, two_teardown),
		cmocka_unit_test_setup_teardown(where_there_is_one_the_shard_is_told, two_setup_meeting, two_teardown),
		cmocka_unit_test_setup_teardown(whose_a_lent_packet_is, two_setup_meeting, two_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
