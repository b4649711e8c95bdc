// test_network.c - routing domains: whose network a session is of, which way packets leave, who is reached from where, VLANs of one device.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "primary/network.h"
#include "primary/route_find.h"
#include "primary/steer.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"

enum { RADIO, NET, IMS, WIDE, PORTS }; // NET and IMS: VLANs 10 and 20 of one device; WIDE is of NET's network, too
enum { FIRST = 1, SECOND };

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
static struct conf conf;
static struct plane plane;
static struct networks networks;
static struct routes routes;
static struct steer *steer;

static void port_add(unsigned p, const char *device, unsigned vlan, const char *network, uint32_t ipv4)
{
	struct conf_port *port = &conf.port[p];

	strcpy(port->device, device);
	strcpy(port->network, network);
	port->vlan = (uint16_t)vlan;
	port->role = p == RADIO ? CONF_ACCESS : CONF_CORE;
	port->mtu = 1500;
	port->addresses = 1;
	port->address[0] = (struct conf_address){ .family = 4, .prefix_len = 24 };
	be32_put(port->address[0].bytes, ipv4);
	plane.own[plane.owns] = (struct plane_address){ .family = 4, .prefix_len = 24, .port = (uint8_t)p };
	be32_put(plane.own[plane.owns++].bytes, ipv4);
	conf.ports++;
}

static void pool_add(uint32_t ipv4, uint64_t ipv6, const char *network)
{
	struct conf_pool *pool = &conf.pool[conf.pools];

	pool->ipv4 = ipv4;
	pool->ipv4_len = 24;
	pool->ipv6 = ipv6;
	pool->ipv6_len = ipv6 ? 56 : 0;
	strcpy(pool->network, network);
	plane.net.pool[conf.pools++] =
	    (struct shard_pool){ .ipv4 = ipv4, .ipv4_len = 24, .ipv6 = ipv6, .ipv6_len = ipv6 ? 56 : 0 };
}

static void route_add(unsigned p, uint32_t prefix, unsigned length, uint32_t via)
{
	struct conf_route *route = &conf.port[p].route[conf.port[p].routes++];

	route->prefix = (struct conf_address){ .family = 4, .prefix_len = (uint8_t)length };
	be32_put(route->prefix.bytes, prefix);
	be32_put(route->via, via);
}

static int setup(void **state)
{
	unsigned bad;

	memset(&conf, 0, sizeof(conf));
	memset(&plane, 0, sizeof(plane));
	port_add(RADIO, "radio", 0, "", 0x0a010001);
	port_add(NET, "core", 10, "internet", 0x0a020001);
	port_add(IMS, "core", 20, "ims", 0x0a030001);
	port_add(WIDE, "wide", 0, "internet", 0x0a040001);
	conf.port[IMS].gateway4 = 0x0a0300fe;
	route_add(NET, 0xc0000200, 24, 0x0a020009);  // 192.0.2.0/24 via 10.2.0.9
	route_add(WIDE, 0xc0000280, 25, 0x0a040009); // 192.0.2.128/25 via 10.4.0.9
	pool_add(0x0a2d0000, 0x20010db800450000, "internet");
	pool_add(0x0a2e0000, 0, "ims");
	assert_int_equal(shard_pools_lay(plane.net.pool, 2, &bad), 2);
	plane.net.slot_bits = 2;
	plane.shape.slots = 4;
	networks_make(&networks, &conf, &plane.net);
	route_build(&routes, &conf);
	steer = steer_make(&conf, &plane);
	for (unsigned p = 0; p < PORTS; p++)
		steer_mac(steer, p, mac);
	return !steer;
}

static int teardown(void **state)
{
	steer_free(steer);
	return 0;
}

static void a_session_is_of_its_pools_network(void **state)
{
	assert_int_equal(networks.count, 2);
	assert_int_equal(networks.port[RADIO], 0);
	assert_int_equal(networks.port[NET], FIRST);
	assert_int_equal(networks.port[IMS], SECOND);
	assert_int_equal(networks.port[WIDE], FIRST);
	assert_int_equal(networks_of_teid(&networks, shard_teid(5, 0, 77, 2)), FIRST);
	assert_int_equal(networks_of_teid(&networks, shard_teid(5, 1, 77, 2)), SECOND);
	assert_int_equal(networks_of_teid(&networks, shard_teid(5, 2, 77, 2)), ROUTE_NOWHERE);
	assert_int_equal(networks_hint4(&networks, FIRST, 0x0a2d00ff),
			 shard_hint(0x0a2d00ff, shard_of_ipv4(0x0a2d00ff)));
	assert_int_equal(networks_hint4(&networks, SECOND, 0x0a2d00ff), NETWORKS_NOBODY);
	assert_int_not_equal(networks_hint4(&networks, SECOND, 0x0a2e0000), NETWORKS_NOBODY);
	assert_int_equal(networks_hint4(&networks, 0, 0x0a2f0000), NETWORKS_NOBODY);
	assert_int_equal(networks_hint6(&networks, FIRST, 0x20010db8004500ff), shard_of_ipv6(0x20010db8004500ff));
	assert_int_equal(networks_hint6(&networks, 0, 0x20010db800460000), NETWORKS_NOBODY);
}

static unsigned leaves_by(unsigned code, uint8_t port, uint32_t hint)
{
	struct lane_handle back = { .port = LANE_SIDE_CORE, .code = VERDICT_FORWARD };

	networks_leave(&networks, &back, &(struct lane_handle){ .code = (uint8_t)code, .port = port, .hint = hint });
	return back.port;
}

static void what_leaves_goes_by_its_own_network(void **state)
{
	struct lane_handle back = { .port = LANE_SIDE_ACCESS, .code = VERDICT_FORWARD };
	uint32_t first = shard_teid(5, 0, 77, 2), second = shard_teid(5, 1, 77, 2);

	assert_int_equal(leaves_by(LANE_UPLINK, RADIO, first), route_network_side(FIRST));
	assert_int_equal(leaves_by(LANE_UPLINK | LEASE_SUSPECT, RADIO, second), route_network_side(SECOND));
	assert_int_equal(leaves_by(LANE_UPLINK, RADIO, shard_teid(5, 3, 77, 2)), route_network_side(ROUTE_NOWHERE));
	assert_int_equal(leaves_by(LANE_DOWNLINK, IMS, 0), route_network_side(SECOND));
	assert_int_equal(leaves_by(LANE_LOCAL, LANE_SIDE_ACCESS, 0), route_network_side(ROUTE_NOWHERE));
	networks_leave(&networks, &back, &(struct lane_handle){ .code = LANE_UPLINK, .hint = first });
	assert_int_equal(back.port, LANE_SIDE_ACCESS);
}

static void expect(unsigned side, uint32_t to, unsigned port, uint32_t next)
{
	struct route_hop hop = { 0 };

	assert_true(route_find(&routes, side, address_ipv4(to), &hop));
	assert_int_equal(hop.port, port);
	assert_true(address_same(hop.address, address_ipv4(next)));
}

static void networks_have_routes_of_their_own(void **state)
{
	unsigned first = route_network_side(FIRST), second = route_network_side(SECOND);
	struct route_hop hop;

	expect(first, 0x0a020007, NET, 0x0a020007);  // on link
	expect(first, 0xc0000207, NET, 0x0a020009);  // by the route
	expect(first, 0xc0000287, WIDE, 0x0a040009); // by the longer one
	expect(first, 0xc00002ff, WIDE, 0x0a040009); // a host's address behind somebody else, not our link's broadcast
	assert_false(route_find(&routes, first, address_ipv4(0x08080808), &hop));
	expect(second, 0x08080808, IMS, 0x0a0300fe);
	expect(second, 0xc0000207, IMS, 0x0a0300fe);
	assert_false(route_find(&routes, route_network_side(ROUTE_NOWHERE), address_ipv4(0x0a020007), &hop));
	expect(NET, 0xc0000287, NET, 0x0a020009); // by that port only
	expect(LANE_SIDE_CORE, 0xc0000287, WIDE, 0x0a040009);
	assert_true(route_network_side(ROUTE_NOWHERE) >= ROUTE_SIDE_LEAST);
}

static unsigned frame_make(uint8_t *frame, unsigned vlan, uint32_t to)
{
	struct ip4_fields fields = {
		.source = 0x08080808, .destination = to, .length = 28, .ttl = 64, .protocol = IP_UDP
	};
	unsigned l3 = vlan ? 18 : 14;

	memset(frame, 0, 64);
	memcpy(frame, mac, 6);
	frame[6] = 2;
	if (vlan)
		be32_put(frame + 12, 0x81000000 | vlan);
	be16_put(frame + l3 - 2, 0x0800);
	ip4_put(frame + l3, &fields);
	return l3 + 28;
}

static struct steer_result arrives(unsigned port, unsigned vlan, uint32_t to)
{
	uint8_t frame[64];
	unsigned length = frame_make(frame, vlan, to);

	return steer_frame(steer, port, frame, length);
}

static void another_networks_subscribers_are_not_reached(void **state)
{
	assert_int_equal(arrives(NET, 10, 0x0a2d0007).kind, LANE_DOWNLINK);
	assert_int_equal(arrives(NET, 10, 0x0a2e0007).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(arrives(NET, 20, 0x0a2e0007).kind,
			 LANE_DOWNLINK); // the device's first port takes all its frames
	assert_int_equal(arrives(NET, 20, 0x0a2e0007).port, IMS);
	assert_int_equal(arrives(NET, 20, 0x0a2d0007).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(arrives(NET, 30, 0x0a2d0007).code, VERDICT_VLAN);
	assert_int_equal(arrives(NET, 0, 0x0a2d0007).code, VERDICT_VLAN);
	assert_int_equal(arrives(WIDE, 0, 0x0a2d0007).port, WIDE);
	assert_int_equal(arrives(WIDE, 20, 0x0a2e0007).code, VERDICT_VLAN);
	assert_int_equal(arrives(WIDE, 0, 0x0b000007).code, VERDICT_NOT_OURS); // no pool's
}

static const uint32_t both4 = 0x0a2d0007; // of the shard 0x20
static const uint64_t both6 = 0x20010db800450042;

// The second network's pool has the addresses of the first one's, and of the first one's ports.
static int setup_meeting(void **state)
{
	unsigned bad;

	setup(state);
	steer_free(steer);
	conf.pools = 0;
	pool_add(0x0a2d0000, 0x20010db800450000, "internet");
	pool_add(0x0a2d0000, 0x20010db800450000, "ims");
	pool_add(0x0a020000, 0, "ims");
	plane.net.places = 1;
	plane.net.pools = 3;
	assert_int_equal(shard_pools_lay(plane.net.pool, 3, &bad), 3);
	networks_make(&networks, &conf, &plane.net);
	steer = steer_make(&conf, &plane);
	for (unsigned p = 0; p < PORTS; p++)
		steer_mac(steer, p, mac);
	return !steer;
}

static uint32_t place(uint32_t slot, uint32_t ipv4)
{
	return slot << SHARD_BITS | shard_of_ipv4(ipv4);
}

static void who_is_meant_the_network_tells(void **state)
{
	assert_int_equal(arrives(NET, 10, both4).hint, place(0, both4));
	assert_int_equal(arrives(NET, 20, both4).hint, place(1, both4));
	assert_int_equal(arrives(WIDE, 0, both4).hint, place(0, both4));
	assert_int_equal(arrives(NET, 20, both4).shard, shard_of_ipv4(both4));
	assert_int_equal(networks_hint6(&networks, FIRST, both6), shard_of_ipv6(both6));
	assert_int_equal(networks_hint6(&networks, SECOND, both6), 1u << SHARD_BITS | shard_of_ipv6(both6));
}

// The gateway's address in the first network, and its link's broadcast, are subscribers' in the second one.
static void what_is_ours_here_is_a_subscribers_there(void **state)
{
	assert_int_equal(arrives(NET, 10, 0x0a020001).kind, LANE_LOCAL);
	assert_int_equal(arrives(NET, 20, 0x0a020001).hint, place(2, 0x0a020001));
	assert_int_equal(arrives(NET, 20, 0x0a020001).kind, LANE_DOWNLINK);
	assert_int_equal(arrives(NET, 10, 0x0a0200ff).code, VERDICT_NOT_OURS);
	assert_int_equal(arrives(NET, 20, 0x0a0200ff).hint, place(2, 0x0a0200ff));
	assert_int_equal(arrives(NET, 20, 0x0a040001).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(arrives(NET, 20, 0x0a040001).kind, LANE_LOCAL);
}

static struct steer_result inside(unsigned network, uint32_t to)
{
	uint8_t frame[64];
	unsigned length = frame_make(frame, 0, to);

	return steer_packet(steer, (struct steer_side){ CONF_CORE, (uint8_t)network }, frame + 14, length - 14);
}

static void from_inside_it_has_to_be_said(void **state)
{
	assert_int_equal(inside(FIRST, both4).hint, place(0, both4));
	assert_int_equal(inside(SECOND, both4).hint, place(1, both4));
	assert_int_equal(inside(0, both4).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(inside(ROUTE_NOWHERE, both4).code, VERDICT_OTHER_NETWORK);
}

static void whose_a_lent_packet_is(void **state)
{
	struct lane_handle lent = { .code = LANE_DOWNLINK, .hint = place(1, both4) };

	assert_int_equal(networks_of_lent(&networks, &lent), SECOND);
	lent.code = LANE_UPLINK | LEASE_SUSPECT;
	lent.hint = shard_teid(7, 0, 9, 2);
	assert_int_equal(networks_of_lent(&networks, &lent), FIRST);
	lent = (struct lane_handle){ .code = LANE_BIG, .hint = SECOND << LANE_POOL | 1400, .port = LANE_SIDE_ACCESS };
	assert_int_equal(networks_of_lent(&networks, &lent), SECOND);
	networks.places = false;
	assert_int_equal(networks_of_lent(&networks, &lent), 0);
}

// Networks behind subscribers are their session's network's, whether addresses are shared or not; and so, when they come again from inside.
static void what_is_behind_a_subscriber_is_of_his_network(void **state)
{
	const uint32_t behind = 0xc6336400, own = shard_teid(7, 1, 9, 2); // of the second pool
	struct lane_handle lent = { .code = LANE_FRAMED | LEASE_SUSPECT, .hint = own };

	assert_int_equal(arrives(NET, 20, behind).code, VERDICT_NOT_OURS);
	assert_int_equal(
	    steer_frame_routes(steer, &(struct framed){ .prefix = prefix_ipv4(behind, 24), .own = own }, 1), 0);
	assert_int_equal(arrives(NET, 20, behind).kind, LANE_FRAMED);
	assert_int_equal(arrives(NET, 20, behind).hint, own);
	assert_int_equal(arrives(NET, 10, behind).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(arrives(WIDE, 0, behind).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(inside(SECOND, behind).kind, LANE_FRAMED);
	assert_int_equal(inside(FIRST, behind).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(networks_of_lent(&networks, &lent), plane.net.places ? SECOND : 0);
}

// Nor is the gateway by its address there; by those towards the radio side it is, as ever.
static void another_networks_address_of_ours_is_not_reached(void **state)
{
	assert_int_equal(arrives(NET, 10, 0x0a020001).kind, LANE_LOCAL);
	assert_int_equal(arrives(NET, 10, 0x0a040001).kind, LANE_LOCAL); // of a port of the same network
	assert_int_equal(arrives(NET, 10, 0x0a030001).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(arrives(NET, 20, 0x0a020001).code, VERDICT_OTHER_NETWORK);
	assert_int_equal(arrives(NET, 10, 0x0a010001).kind, LANE_LOCAL);
	assert_int_equal(arrives(RADIO, 0, 0x0a030001).kind, LANE_LOCAL);
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
		frame_make(bytes[i], 0, to[i]);
		in.frame[i] = (struct nic_frame){ .room = i, .length = 60 };
	}
	usual = steer_usual(steer, WIDE, &in, &out);
	assert_int_equal(usual, 5);
	assert_int_equal(out.shard[0], shard_of_ipv4(0x0a2d0007));
}

static void in_bursts_too_where_they_meet(void **state)
{
	static uint8_t bytes[64];
	struct nic_burst in = { .n = 1, .bytes = { bytes } };
	struct steer_burst out;

	frame_make(bytes, 0, both4);
	in.frame[0] = (struct nic_frame){ .length = 60 };
	assert_int_equal(steer_usual(steer, WIDE, &in, &out), 1);
	assert_int_equal(out.words[0].place >> 32, place(0, both4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_session_is_of_its_pools_network, setup, teardown),
		cmocka_unit_test_setup_teardown(what_leaves_goes_by_its_own_network, setup, teardown),
		cmocka_unit_test_setup_teardown(networks_have_routes_of_their_own, setup, teardown),
		cmocka_unit_test_setup_teardown(another_networks_subscribers_are_not_reached, setup, teardown),
		cmocka_unit_test_setup_teardown(another_networks_address_of_ours_is_not_reached, setup, teardown),
		cmocka_unit_test_setup_teardown(in_bursts_too, setup, teardown),
		cmocka_unit_test_setup_teardown(in_bursts_too_where_they_meet, setup_meeting, teardown),
		cmocka_unit_test_setup_teardown(who_is_meant_the_network_tells, setup_meeting, teardown),
		cmocka_unit_test_setup_teardown(what_is_ours_here_is_a_subscribers_there, setup_meeting, teardown),
		cmocka_unit_test_setup_teardown(from_inside_it_has_to_be_said, setup_meeting, teardown),
		cmocka_unit_test_setup_teardown(whose_a_lent_packet_is, setup_meeting, teardown),
		cmocka_unit_test_setup_teardown(what_is_behind_a_subscriber_is_of_his_network, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_behind_a_subscriber_is_of_his_network, setup_meeting, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
