// link.c - plays the link around neigh, and the neighbour on it.
#include "tests/unit/link.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"

struct link_world link_world;

const uint8_t link_our6[16] = { 0x20, 1, 0x0d, 0xb8, 0, 2, [15] = 1 };
const uint8_t link_peer6[16] = { 0x20, 1, 0x0d, 0xb8, 0, 2, [13] = 0xab, 0xcd, 0xef };
const uint8_t link_our_mac[6] = { 2, 0, 0, 0, 0, 1 };
const uint8_t link_peer_mac[6] = { 2, 0xaa, 0xbb, 0xcc, 0xdd, 5 };
const uint8_t link_other_mac[6] = { 2, 0xaa, 0xbb, 0xcc, 0xdd, 6 };
const uint8_t link_all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static int link_room(void *with, uint32_t *room)
{
	if (link_world.next == link_world.rooms)
		return -ENOBUFS;
	*room = link_world.next++;
	return 0;
}

static uint8_t *link_bytes(void *with, uint32_t room)
{
	return link_world.room[room];
}

static void link_send(void *with, unsigned port, struct nic_frame frame)
{
	link_world.sent[link_world.sends].port = port;
	link_world.sent[link_world.sends++].frame = frame;
}

static void link_drop(void *with, struct nic_frame frame, unsigned verdict)
{
	link_world.dropped[link_world.drops++] = frame.room;
	link_world.drop_verdict = verdict;
}

static void link_address(unsigned port, unsigned family, uint32_t ipv4, const uint8_t *ipv6, unsigned length)
{
	struct conf_address *a = &link_world.conf.port[port].address[link_world.conf.port[port].addresses++];

	a->family = (uint8_t)family;
	a->prefix_len = (uint8_t)length;
	if (family == 4)
		be32_put(a->bytes, ipv4);
	else
		memcpy(a->bytes, ipv6, 16);
}

static void link_conf(void)
{
	struct conf *conf = &link_world.conf;

	conf->ports = LINK_PORTS;
	for (unsigned p = 0; p < LINK_PORTS; p++)
		conf->port[p] = (struct conf_port){ .role = CONF_CORE, .mtu = 1500 };
	conf->port[LINK_ACCESS].role = CONF_ACCESS;
	conf->port[LINK_TAGGED].vlan = 100;
	link_address(LINK_ACCESS, 4, 0x0a010101, NULL, 24);
	link_address(LINK_CORE, 4, LINK_OURS, NULL, 24);
	link_address(LINK_CORE, 6, 0, link_our6, 64);
	link_address(LINK_TAGGED, 4, 0x0a030101, NULL, 16);
	conf->port[LINK_CORE].gateway4 = LINK_GATEWAY;
	conf->pools = 1;
	conf->pool[0] = (struct conf_pool){ .ipv4 = LINK_POOL, .ipv4_len = 16 };
}

static void link_conf_alike(void)
{
	struct conf_port *core = &link_world.conf.port[LINK_CORE], *tagged = &link_world.conf.port[LINK_TAGGED];

	*tagged = *core;
	tagged->vlan = 100;
	strcpy(core->network, "one");
	strcpy(tagged->network, "other");
}

static int link_make(bool alike)
{
	struct neigh_out out = { NULL, link_room, link_bytes, link_send, link_drop };
	void *rooms = link_world.room ? (void *)link_world.room : malloc(LINK_ROOMS * ROOM_STRIDE);

	memset(&link_world, 0, sizeof(link_world));
	link_world.room = rooms;
	link_world.rooms = LINK_ROOMS;
	memset(rooms, 0xee, LINK_ROOMS * ROOM_STRIDE);
	link_conf();
	if (alike)
		link_conf_alike();
	link_world.now = 1000 * LINK_SECOND;
	link_world.neigh = neigh_make(&link_world.conf, &out);
	for (unsigned p = 0; p < LINK_PORTS; p++)
		neigh_mac(link_world.neigh, p, link_our_mac);
	return !link_world.neigh;
}

int link_setup(void **state)
{
	return link_make(false);
}

int link_setup_alike(void **state)
{
	return link_make(true);
}

int link_teardown(void **state)
{
	neigh_free(link_world.neigh);
	return 0;
}

int link_end(void **state)
{
	free(link_world.room);
	return 0;
}

const uint8_t *link_sent(unsigned i)
{
	assert_true(i < link_world.sends);
	return link_world.room[link_world.sent[i].frame.room] + link_world.sent[i].frame.offset;
}

// An IP packet for `to` in a fresh room, sent on its way.
unsigned link_send4(unsigned side, uint32_t to, uint32_t *room)
{
	struct nic_frame frame = { .offset = 200, .length = 100 };
	struct ip4_fields fields = { .source = LINK_OURS, .destination = to, .length = 100, .ttl = 9, .protocol = 17 };
	unsigned mtu = 0;

	assert_int_equal(link_room(NULL, &frame.room), 0);
	ip4_put(link_world.room[frame.room] + 200, &fields);
	if (room)
		*room = frame.room;
	return neigh_send(link_world.neigh, side, frame, link_world.now, &mtu);
}

unsigned link_send6(const uint8_t *to)
{
	struct nic_frame frame = { .offset = 200, .length = 100 };
	unsigned mtu = 0;
	uint8_t *ip;

	assert_int_equal(link_room(NULL, &frame.room), 0);
	ip = link_world.room[frame.room] + 200;
	memset(ip, 0, 40);
	ip[0] = 0x60;
	memcpy(ip + 24, to, 16);
	return neigh_send(link_world.neigh, LANE_SIDE_CORE, frame, link_world.now, &mtu);
}

// ARP as the peer sends it; tagged ports get a tag.
unsigned link_arp(unsigned port, unsigned operation, uint32_t sender, const uint8_t *mac, uint32_t target)
{
	uint8_t frame[64] = { 0 };
	unsigned l3 = port == LINK_TAGGED ? 18 : 14, length = l3 + 28;
	uint8_t *a = frame + l3;

	memcpy(frame, link_all, 6);
	memcpy(frame + 6, link_world.ether_mac ? link_world.ether_mac : mac, 6);
	be16_put(frame + 12, 0x8100);
	be16_put(frame + 14, 100);
	be16_put(a - 2, 0x0806);
	be64_put(a, 0x0001080006040000 | operation);
	memcpy(a + 8, mac, 6);
	be32_put(a + 14, sender);
	be32_put(a + 24, target);

	unsigned verdict = neigh_input(link_world.neigh, port, frame, &length, link_world.now);

	if (verdict == VERDICT_ANSWERED && length) { // lands where sent() finds it
		struct nic_frame f = { .offset = 64, .length = (uint16_t)length };

		assert_int_equal(link_room(NULL, &f.room), 0);
		memcpy(link_world.room[f.room] + 64, frame, length);
		link_send(NULL, port, f);
	}
	return verdict;
}

void link_expect_arp(const uint8_t *arp, unsigned operation, uint32_t sender, uint32_t target)
{
	assert_int_equal(be64_get(arp), 0x0001080006040000 | operation);
	assert_memory_equal(arp + 8, link_our_mac, 6);
	assert_int_equal(be32_get(arp + 14), sender);
	assert_int_equal(be32_get(arp + 24), target);
}

void link_expect_l2(unsigned i, unsigned port, const uint8_t *mac, unsigned type)
{
	assert_int_equal(link_world.sent[i].port, port);
	assert_memory_equal(link_sent(i), mac, 6);
	assert_memory_equal(link_sent(i) + 6, link_our_mac, 6);
	assert_int_equal(be16_get(link_sent(i) + 12), type);
}

void link_resolve(uint32_t peer, const uint8_t *mac)
{
	assert_int_equal(link_send4(LANE_SIDE_CORE, peer, NULL), VERDICT_FORWARD);
	assert_int_equal(link_arp(LINK_CORE, 2, peer, mac, LINK_OURS), VERDICT_ANSWERED);
	assert_int_equal(neigh_waiting(link_world.neigh), 0);
}
