// two_networks.c - lays the configuration and the plane of two networks, and plays what comes to their door.
#include "tests/unit/two_networks.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "shared/wire/ip.h"

struct two_networks two;

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

static void port_add(unsigned p, const char *device, unsigned vlan, const char *network, uint32_t ipv4)
{
	struct conf_port *port = &two.conf.port[p];

	strcpy(port->device, device);
	strcpy(port->network, network);
	port->vlan = (uint16_t)vlan;
	port->role = p == TWO_RADIO ? CONF_ACCESS : CONF_CORE;
	port->mtu = 1500;
	port->addresses = 1;
	port->address[0] = (struct conf_address){ .family = 4, .prefix_len = 24 };
	be32_put(port->address[0].bytes, ipv4);
	two.plane.own[two.plane.owns] = (struct plane_address){ .family = 4, .prefix_len = 24, .port = (uint8_t)p };
	be32_put(two.plane.own[two.plane.owns++].bytes, ipv4);
	two.conf.ports++;
}

static void pool_add(uint32_t ipv4, uint64_t ipv6, const char *network)
{
	struct conf_pool *pool = &two.conf.pool[two.conf.pools];

	pool->ipv4 = ipv4;
	pool->ipv4_len = 24;
	pool->ipv6 = ipv6;
	pool->ipv6_len = ipv6 ? 56 : 0;
	strcpy(pool->network, network);
	two.plane.net.pool[two.conf.pools++] =
	    (struct shard_pool){ .ipv4 = ipv4, .ipv4_len = 24, .ipv6 = ipv6, .ipv6_len = ipv6 ? 56 : 0 };
}

static void route_add(unsigned p, uint32_t prefix, unsigned length, uint32_t via)
{
	struct conf_route *route = &two.conf.port[p].route[two.conf.port[p].routes++];

	route->prefix = (struct conf_address){ .family = 4, .prefix_len = (uint8_t)length };
	be32_put(route->prefix.bytes, prefix);
	be32_put(route->via, via);
}

static int two_make(void)
{
	networks_make(&two.networks, &two.conf, &two.plane.net);
	route_build(&two.routes, &two.conf);
	two.steer = steer_make(&two.conf, &two.plane);
	for (unsigned p = 0; p < TWO_PORTS; p++)
		steer_mac(two.steer, p, mac);
	return !two.steer;
}

int two_setup(void **state)
{
	unsigned bad;

	memset(&two.conf, 0, sizeof(two.conf));
	memset(&two.plane, 0, sizeof(two.plane));
	port_add(TWO_RADIO, "radio", 0, "", 0x0a010001);
	port_add(TWO_NET, "core", 10, "internet", 0x0a020001);
	port_add(TWO_IMS, "core", 20, "ims", 0x0a030001);
	port_add(TWO_WIDE, "wide", 0, "internet", 0x0a040001);
	two.conf.port[TWO_IMS].gateway4 = 0x0a0300fe;
	route_add(TWO_NET, 0xc0000200, 24, 0x0a020009);  // 192.0.2.0/24 via 10.2.0.9
	route_add(TWO_WIDE, 0xc0000280, 25, 0x0a040009); // 192.0.2.128/25 via 10.4.0.9
	pool_add(0x0a2d0000, 0x20010db800450000, "internet");
	pool_add(0x0a2e0000, 0, "ims");
	assert_int_equal(shard_pools_lay(two.plane.net.pool, 2, &bad), 2);
	two.plane.net.slot_bits = 2;
	two.plane.net.places = 1;
	two.plane.shape.slots = 4;
	return two_make();
}

int two_setup_meeting(void **state)
{
	unsigned bad;

	two_setup(state);
	steer_free(two.steer);
	two.conf.pools = 0;
	pool_add(0x0a2d0000, 0x20010db800450000, "internet");
	pool_add(0x0a2d0000, 0x20010db800450000, "ims");
	pool_add(0x0a020000, 0, "ims");
	two.plane.net.pools = 3;
	assert_int_equal(shard_pools_lay(two.plane.net.pool, 3, &bad), 3);
	return two_make();
}

int two_setup_alike(void **state)
{
	two_setup(state);
	steer_free(two.steer);
	be32_put(two.conf.port[TWO_IMS].address[0].bytes, 0x0a020001);
	be32_put(two.plane.own[TWO_IMS].bytes, 0x0a020001);
	two.conf.port[TWO_IMS].gateway4 = 0;
	return two_make();
}

int two_teardown(void **state)
{
	steer_free(two.steer);
	return 0;
}

unsigned two_frame(uint8_t *frame, unsigned vlan, uint32_t to)
{
	struct ip4_fields fields = {
		.source = 0x08080808, .destination = to, .length = 28, .ttl = 64, .protocol = IP_UDP
	};
	unsigned l3 = vlan ? 18 : 14;

	memset(frame, 0, TWO_FRAME);
	memcpy(frame, mac, 6);
	frame[6] = 2;
	if (vlan)
		be32_put(frame + 12, 0x81000000 | vlan);
	be16_put(frame + l3 - 2, 0x0800);
	ip4_put(frame + l3, &fields);
	return l3 + 28;
}

struct steer_result two_arrives(unsigned port, unsigned vlan, uint32_t to)
{
	uint8_t frame[TWO_FRAME];
	unsigned length = two_frame(frame, vlan, to);

	return steer_frame(two.steer, port, frame, length);
}

struct steer_result two_inside(unsigned network, uint32_t to)
{
	uint8_t frame[TWO_FRAME];
	unsigned length = two_frame(frame, 0, to);

	return steer_packet(two.steer, (struct steer_side){ CONF_CORE, (uint8_t)network }, frame + 14, length - 14);
}

uint32_t two_place(uint32_t slot, uint32_t ipv4)
{
	return slot << SHARD_BITS | shard_of_ipv4(ipv4);
}
