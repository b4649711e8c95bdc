// test_neigh.c - ARP and ND as a neighbour would see them: questions, answers, packets that wait, age, floods and lies.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include "primary/address.h"
#include "primary/neigh.h"
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"

enum { ACCESS, CORE, TAGGED };
#define OURS 0x0a020201u // 10.2.2.1/24 on the core port
#define PEER 0x0a020205u
#define GATEWAY 0x0a0202feu
#define SECOND 1000000000ull
static const uint8_t our6[16] = { 0x20, 1, 0x0d, 0xb8, 0, 2, [15] = 1 };
static const uint8_t peer6[16] = { 0x20, 1, 0x0d, 0xb8, 0, 2, [13] = 0xab, 0xcd, 0xef };
static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t peer_mac[6] = { 2, 0xaa, 0xbb, 0xcc, 0xdd, 5 };
static const uint8_t other_mac[6] = { 2, 0xaa, 0xbb, 0xcc, 0xdd, 6 };
static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

// The world around neigh: rooms, what was sent, what was dropped.
#define ROOMS 4096u
static struct {
	uint8_t (*room)[ROOM_STRIDE];
	unsigned next, rooms; // handed out, and how many there are
	struct {
		unsigned port;
		struct nic_frame frame;
	} sent[ROOMS];
	unsigned sends;
	uint32_t dropped[ROOMS];
	unsigned drops, drop_verdict;
} world;

static struct conf conf;
static struct neigh *neigh;
static uint64_t now;

static int world_room(void *with, uint32_t *room)
{
	if (world.next == world.rooms)
		return -ENOBUFS;
	*room = world.next++;
	return 0;
}

static uint8_t *world_bytes(void *with, uint32_t room)
{
	return world.room[room];
}

static void world_send(void *with, unsigned port, struct nic_frame frame)
{
	world.sent[world.sends].port = port;
	world.sent[world.sends++].frame = frame;
}

static void world_drop(void *with, struct nic_frame frame, unsigned verdict)
{
	world.dropped[world.drops++] = frame.room;
	world.drop_verdict = verdict;
}

static void address(unsigned port, unsigned family, uint32_t ipv4, const uint8_t *ipv6, unsigned length)
{
	struct conf_address *a = &conf.port[port].address[conf.port[port].addresses++];

	a->family = (uint8_t)family;
	a->prefix_len = (uint8_t)length;
	if (family == 4)
		be32_put(a->bytes, ipv4);
	else
		memcpy(a->bytes, ipv6, 16);
}

static int setup(void **state)
{
	struct neigh_out out = { NULL, world_room, world_bytes, world_send, world_drop };
	void *rooms = world.room ? (void *)world.room : malloc(ROOMS * ROOM_STRIDE);

	memset(&world, 0, sizeof(world));
	memset(&conf, 0, sizeof(conf));
	world.room = rooms;
	world.rooms = ROOMS;
	memset(rooms, 0xee, ROOMS * ROOM_STRIDE);
	conf.ports = 3;
	for (unsigned p = 0; p < 3; p++)
		conf.port[p] = (struct conf_port){ .role = CONF_CORE, .mtu = 1500 };
	conf.port[ACCESS].role = CONF_ACCESS;
	conf.port[TAGGED].vlan = 100;
	address(ACCESS, 4, 0x0a010101, NULL, 24);
	address(CORE, 4, OURS, NULL, 24);
	address(CORE, 6, 0, our6, 64);
	address(TAGGED, 4, 0x0a030101, NULL, 16);
	conf.port[CORE].gateway4 = GATEWAY;
	now = 1000 * SECOND;
	neigh = neigh_make(&conf, &out);
	for (unsigned p = 0; p < 3; p++)
		neigh_mac(neigh, p, our_mac);
	return !neigh;
}

static int teardown(void **state)
{
	neigh_free(neigh);
	return 0;
}

static const uint8_t *sent(unsigned i)
{
	assert_true(i < world.sends);
	return world.room[world.sent[i].frame.room] + world.sent[i].frame.offset;
}

// An IP packet for `to` in a fresh room, sent on its way.
static unsigned send4(unsigned side, uint32_t to, uint32_t *room)
{
	struct nic_frame frame = { .offset = 200, .length = 100 };
	struct ip4_fields fields = { .source = OURS, .destination = to, .length = 100, .ttl = 9, .protocol = 17 };
	unsigned mtu = 0;

	assert_int_equal(world_room(NULL, &frame.room), 0);
	ip4_put(world.room[frame.room] + 200, &fields);
	if (room)
		*room = frame.room;
	return neigh_send(neigh, side, frame, now, &mtu);
}

static unsigned send6(const uint8_t *to)
{
	struct nic_frame frame = { .offset = 200, .length = 100 };
	unsigned mtu = 0;
	uint8_t *ip;

	assert_int_equal(world_room(NULL, &frame.room), 0);
	ip = world.room[frame.room] + 200;
	memset(ip, 0, 40);
	ip[0] = 0x60;
	memcpy(ip + 24, to, 16);
	return neigh_send(neigh, LANE_SIDE_CORE, frame, now, &mtu);
}

static const uint8_t *ether_mac; // the frame's sender, if it is not the message's

// ARP as the peer sends it; tagged ports get a tag.
static unsigned arp(unsigned port, unsigned operation, uint32_t sender, const uint8_t *mac, uint32_t target)
{
	uint8_t frame[64] = { 0 };
	unsigned l3 = port == TAGGED ? 18 : 14, length = l3 + 28;
	uint8_t *a = frame + l3;

	memcpy(frame, all, 6);
	memcpy(frame + 6, ether_mac ? ether_mac : mac, 6);
	be16_put(frame + 12, 0x8100);
	be16_put(frame + 14, 100);
	be16_put(a - 2, 0x0806);
	be64_put(a, 0x0001080006040000 | operation);
	memcpy(a + 8, mac, 6);
	be32_put(a + 14, sender);
	be32_put(a + 24, target);

	unsigned verdict = neigh_input(neigh, port, frame, &length, now);

	if (verdict == VERDICT_ANSWERED && length) { // lands where sent() finds it
		struct nic_frame f = { .offset = 64, .length = (uint16_t)length };

		assert_int_equal(world_room(NULL, &f.room), 0);
		memcpy(world.room[f.room] + 64, frame, length);
		world_send(NULL, port, f);
	}
	return verdict;
}

static void expect_arp(const uint8_t *arp, unsigned operation, uint32_t sender, uint32_t target)
{
	assert_int_equal(be64_get(arp), 0x0001080006040000 | operation);
	assert_memory_equal(arp + 8, our_mac, 6);
	assert_int_equal(be32_get(arp + 14), sender);
	assert_int_equal(be32_get(arp + 24), target);
}

static void expect_l2(unsigned i, unsigned port, const uint8_t *mac, unsigned type)
{
	assert_int_equal(world.sent[i].port, port);
	assert_memory_equal(sent(i), mac, 6);
	assert_memory_equal(sent(i) + 6, our_mac, 6);
	assert_int_equal(be16_get(sent(i) + 12), type);
}

static void resolve(uint32_t peer, const uint8_t *mac)
{
	assert_int_equal(send4(LANE_SIDE_CORE, peer, NULL), VERDICT_FORWARD);
	assert_int_equal(arp(CORE, 2, peer, mac, OURS), VERDICT_ANSWERED);
	assert_int_equal(neigh_waiting(neigh), 0);
}

static void asks_and_sends_what_waited(void **state)
{
	uint32_t first, second;

	assert_int_equal(send4(LANE_SIDE_CORE, PEER, &first), VERDICT_FORWARD);
	assert_int_equal(world.sends, 1); // the question, and only one
	assert_int_equal(send4(LANE_SIDE_CORE, PEER, &second), VERDICT_FORWARD);
	assert_int_equal(world.sends, 1);
	assert_int_equal(neigh_waiting(neigh), 2);
	expect_l2(0, CORE, all, 0x0806);
	expect_arp(sent(0) + 14, 1, OURS, PEER);
	assert_int_equal(world.sent[0].frame.length, 42);

	assert_int_equal(arp(CORE, 2, PEER, peer_mac, OURS), VERDICT_ANSWERED);
	assert_int_equal(world.sends, 3);
	assert_int_equal(neigh_waiting(neigh), 0);
	assert_int_equal(world.sent[1].frame.room, first);
	assert_int_equal(world.sent[2].frame.room, second);
	for (unsigned i = 1; i < 3; i++) {
		expect_l2(i, CORE, peer_mac, 0x0800);
		assert_int_equal(world.sent[i].frame.offset, 200 - 14);
		assert_int_equal(world.sent[i].frame.length, 114);
		assert_int_equal(be32_get(sent(i) + 14 + 16), PEER);
	}
	assert_int_equal(send4(LANE_SIDE_CORE, PEER, NULL), VERDICT_FORWARD);
	assert_int_equal(world.sends, 4);
	expect_l2(3, CORE, peer_mac, 0x0800);
}

static void tagged(void **state)
{
	assert_int_equal(send4(LANE_SIDE_CORE, 0x0a030102, NULL), VERDICT_FORWARD);
	expect_l2(0, TAGGED, all, 0x8100);
	assert_int_equal(be32_get(sent(0) + 14), 0x00640806);
	expect_arp(sent(0) + 18, 1, 0x0a030101, 0x0a030102);
	assert_int_equal(arp(TAGGED, 2, 0x0a030102, peer_mac, 0x0a030101), VERDICT_ANSWERED);
	expect_l2(1, TAGGED, peer_mac, 0x8100);
	assert_int_equal(be32_get(sent(1) + 14), 0x00640800);
	assert_int_equal(world.sent[1].frame.offset, 200 - 18);
	assert_int_equal(world.sent[1].frame.length, 118);
	assert_int_equal(arp(TAGGED, 1, 0x0a030102, peer_mac, 0x0a030101), VERDICT_ANSWERED);
	expect_l2(2, TAGGED, peer_mac, 0x8100);
	expect_arp(sent(2) + 18, 2, 0x0a030101, 0x0a030102);
}

static void gateway(void **state)
{
	assert_int_equal(send4(LANE_SIDE_CORE, 0x08080808, NULL), VERDICT_FORWARD);
	expect_arp(sent(0) + 14, 1, OURS, GATEWAY);
	assert_int_equal(send4(LANE_SIDE_CORE, 0x09090909, NULL), VERDICT_FORWARD);
	assert_int_equal(world.sends, 1);
	arp(CORE, 2, GATEWAY, peer_mac, OURS);
	assert_int_equal(world.sends, 3);
	assert_int_equal(send4(LANE_SIDE_ACCESS, 0x08080808, NULL), VERDICT_NO_ROUTE);
}

static void refusals(void **state)
{
	struct nic_frame frame = { .offset = 200, .length = 1501 };
	unsigned mtu = 0;
	uint32_t room;

	send4(LANE_SIDE_CORE, PEER, &room);
	frame.room = room;
	assert_int_equal(neigh_send(neigh, LANE_SIDE_CORE, frame, now, &mtu), VERDICT_TO_SLOW_BIG);
	assert_int_equal(mtu, 1500);
	frame.length = 1500;
	assert_int_equal(neigh_send(neigh, LANE_SIDE_CORE, frame, now, &mtu), VERDICT_FORWARD);
	frame.length = 19;
	assert_int_equal(neigh_send(neigh, LANE_SIDE_CORE, frame, now, &mtu), VERDICT_SHORT);
	frame.length = 100;
	world.room[room][200] = 0x55;
	assert_int_equal(neigh_send(neigh, LANE_SIDE_CORE, frame, now, &mtu), VERDICT_SHORT);
	world.room[room][200] = 0x60;
	frame.length = 39;
	assert_int_equal(neigh_send(neigh, LANE_SIDE_CORE, frame, now, &mtu), VERDICT_SHORT);
	world.room[room][17] = 0x45;
	frame = (struct nic_frame){ room, 17, 100 }; // no place for an L2 header
	assert_int_equal(neigh_send(neigh, LANE_SIDE_CORE, frame, now, &mtu), VERDICT_SHORT);
}

static void gives_up(void **state)
{
	uint32_t room;

	assert_int_equal(send4(LANE_SIDE_CORE, PEER, &room), VERDICT_FORWARD);
	for (unsigned ask = 1; ask < 3; ask++) {
		now += SECOND - 1;
		neigh_tick(neigh, now);
		assert_int_equal(world.sends, ask);
		now += 1;
		neigh_tick(neigh, now);
		assert_int_equal(world.sends, ask + 1);
		expect_l2(ask, CORE, all, 0x0806);
	}
	assert_int_equal(world.drops, 0);
	now += SECOND;
	neigh_tick(neigh, now);
	assert_int_equal(world.sends, 3);
	assert_int_equal(world.drops, 1);
	assert_int_equal(world.dropped[0], room);
	assert_int_equal(world.drop_verdict, VERDICT_NO_NEIGHBOUR);
	assert_int_equal(neigh_waiting(neigh), 0);
	assert_int_equal(arp(CORE, 2, PEER, peer_mac, OURS), VERDICT_NOT_OURS); // too late: no longer wanted
	assert_int_equal(send4(LANE_SIDE_CORE, PEER, NULL), VERDICT_FORWARD);
	assert_int_equal(world.sends, 4); // asks anew
}

static void proves_again_while_used(void **state)
{
	resolve(PEER, peer_mac);
	world.sends = 0;
	now += 29 * SECOND;
	send4(LANE_SIDE_CORE, PEER, NULL);
	neigh_tick(neigh, now);
	assert_int_equal(world.sends, 1);
	now += SECOND;
	neigh_tick(neigh, now);
	assert_int_equal(world.sends, 2);
	expect_l2(1, CORE, peer_mac, 0x0806); // directly
	send4(LANE_SIDE_CORE, PEER, NULL);    // goes meanwhile
	expect_l2(2, CORE, peer_mac, 0x0800);
	assert_int_equal(arp(CORE, 2, PEER, peer_mac, OURS), VERDICT_ANSWERED);
	now += 29 * SECOND;
	neigh_tick(neigh, now);
	assert_int_equal(world.sends, 3); // proven: no question
	now += 2 * SECOND;
	neigh_tick(neigh, now);
	assert_int_equal(world.sends, 3); // and not used since

	send4(LANE_SIDE_CORE, PEER, NULL);
	neigh_tick(neigh, now);
	assert_int_equal(arp(CORE, 2, PEER, peer_mac, OURS), VERDICT_ANSWERED);
	send4(LANE_SIDE_CORE, PEER, NULL);
	world.sends = 0;
	now += 29 * SECOND;
	neigh_tick(neigh, now);
	assert_int_equal(world.sends, 0); // used, but proven
	now += SECOND;
	for (unsigned i = 0; i < 5; i++, now += SECOND)
		neigh_tick(neigh, now);
	assert_int_equal(world.sends, 3);
	expect_l2(0, CORE, peer_mac, 0x0806);
	expect_l2(1, CORE, peer_mac, 0x0806);
	expect_l2(2, CORE, all, 0x0806); // the last one is for everybody
	send4(LANE_SIDE_CORE, PEER, NULL);
	assert_int_equal(neigh_waiting(neigh), 1); // forgotten: waits for a new answer
}

static void unused_entries_are_left_alone(void **state)
{
	resolve(PEER, peer_mac);
	world.sends = 0;
	for (unsigned i = 0; i < 599; i++, now += SECOND)
		neigh_tick(neigh, now);
	assert_int_equal(world.sends, 0);
	send4(LANE_SIDE_CORE, PEER, NULL);
	assert_int_equal(neigh_waiting(neigh), 0); // the old MAC is the first guess
	neigh_tick(neigh, now);
	assert_int_equal(world.sends, 2); // and is asked about at once
	arp(CORE, 2, PEER, peer_mac, OURS);
	for (unsigned i = 0; i < 601; i++, now += SECOND)
		neigh_tick(neigh, now);
	send4(LANE_SIDE_CORE, PEER, NULL);
	assert_int_equal(neigh_waiting(neigh), 1);
}

static void answers_for_its_own(void **state)
{
	assert_int_equal(arp(CORE, 1, PEER, peer_mac, OURS), VERDICT_ANSWERED);
	expect_l2(0, CORE, peer_mac, 0x0806);
	expect_arp(sent(0) + 14, 2, OURS, PEER);
	assert_memory_equal(sent(0) + 14 + 18, peer_mac, 6);
	assert_int_equal(arp(CORE, 1, 0, peer_mac, OURS), VERDICT_ANSWERED); // RFC 5227 probe
	assert_int_equal(arp(CORE, 1, PEER, peer_mac, GATEWAY), VERDICT_NOT_OURS);
	assert_int_equal(arp(ACCESS, 1, PEER, peer_mac, OURS), VERDICT_NOT_OURS); // of another port
	assert_int_equal(arp(CORE, 3, PEER, peer_mac, OURS), VERDICT_NOT_OURS);
	assert_int_equal(world.sends, 2);
}

static void strangers_teach_nothing(void **state)
{
	assert_int_equal(arp(CORE, 2, PEER, peer_mac, OURS), VERDICT_NOT_OURS);
	assert_int_equal(arp(CORE, 1, PEER, peer_mac, OURS), VERDICT_ANSWERED);
	assert_int_equal(send4(LANE_SIDE_CORE, PEER, NULL), VERDICT_FORWARD);
	assert_int_equal(neigh_waiting(neigh), 1);
	ether_mac = all; // from a group's MAC
	assert_int_equal(arp(CORE, 2, PEER, peer_mac, OURS), VERDICT_NOT_OURS);
	ether_mac = peer_mac;
	assert_int_equal(arp(CORE, 2, PEER, all, OURS), VERDICT_NOT_OURS);
	ether_mac = NULL;
	assert_int_equal(arp(CORE, 2, PEER, (const uint8_t[6]){ 0 }, OURS), VERDICT_NOT_OURS);
	assert_int_equal(arp(ACCESS, 2, PEER, peer_mac, 0x0a010101), VERDICT_NOT_OURS);
	assert_int_equal(neigh_waiting(neigh), 1);
	assert_int_equal(arp(CORE, 1, PEER, peer_mac, OURS),
			 VERDICT_ANSWERED); // the wanted one asks us: as good as an answer
	assert_int_equal(neigh_waiting(neigh), 0);
}

// Unasked claims make us ask, at most once a second; the answer decides.
static void poisoning(void **state)
{
	resolve(PEER, peer_mac);
	now += 2 * SECOND;
	world.sends = 0;
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(arp(CORE, 1, PEER, other_mac, PEER), VERDICT_ANSWERED); // gratuitous
	assert_int_equal(world.sends, 1);
	expect_l2(0, CORE, all, 0x0806);
	expect_arp(sent(0) + 14, 1, OURS, PEER);
	send4(LANE_SIDE_CORE, PEER, NULL);
	expect_l2(1, CORE, peer_mac, 0x0800);   // still the proven one
	arp(CORE, 2, PEER, other_mac, GATEWAY); // an answer, to somebody else
	ether_mac = peer_mac;
	arp(CORE, 1, PEER, other_mac, OURS); // a question is no answer
	ether_mac = NULL;
	world.sends = 1;
	send4(LANE_SIDE_CORE, PEER, NULL);
	expect_l2(1, CORE, peer_mac, 0x0800);
	world.sends = 2;
	arp(CORE, 2, PEER, peer_mac, OURS);
	arp(CORE, 2, PEER, other_mac, OURS); // a second answer to one question is none
	send4(LANE_SIDE_CORE, PEER, NULL);
	expect_l2(2, CORE, peer_mac, 0x0800);

	now += 2 * SECOND; // a real failover
	arp(CORE, 1, PEER, other_mac, PEER);
	arp(CORE, 2, PEER, other_mac, OURS);
	world.sends = 0;
	send4(LANE_SIDE_CORE, PEER, NULL);
	expect_l2(0, CORE, other_mac, 0x0800);
}

static void bounded_queues(void **state)
{
	for (unsigned i = 0; i < NEIGH_WAITING_EACH; i++)
		assert_int_equal(send4(LANE_SIDE_CORE, PEER, NULL), VERDICT_FORWARD);
	assert_int_equal(send4(LANE_SIDE_CORE, PEER, NULL), VERDICT_NEIGHBOUR_FULL);
	assert_int_equal(neigh_waiting(neigh), NEIGH_WAITING_EACH);
	for (unsigned i = NEIGH_WAITING_EACH; i < NEIGH_WAITING; i++)
		assert_int_equal(send4(LANE_SIDE_CORE, 0x0a030200 + i / 4, NULL), VERDICT_FORWARD);
	world.sends = 0;
	assert_int_equal(send4(LANE_SIDE_CORE, PEER + 1, NULL), VERDICT_NEIGHBOUR_FULL);
	assert_int_equal(world.sends, 1); // asked all the same: the next packet will find it
	assert_int_equal(arp(CORE, 2, PEER + 1, peer_mac, OURS), VERDICT_ANSWERED);
	assert_int_equal(send4(LANE_SIDE_CORE, PEER + 1, NULL), VERDICT_FORWARD);
	assert_int_equal(world.sends, 2);
	for (unsigned i = 0; i < 4; i++, now += SECOND)
		neigh_tick(neigh, now);
	assert_int_equal(neigh_waiting(neigh), 0);
	assert_int_equal(world.drops, NEIGH_WAITING);
	assert_int_equal(send4(LANE_SIDE_CORE, PEER, NULL), VERDICT_FORWARD); // all places are free again
}

static void malformed_arp(void **state)
{
	static const uint8_t good[28] = { 0,    1,    8, 0,  6, 4, 0, 1,         2, 0xaa, 0xbb,
					  0xcc, 0xdd, 5, 10, 2, 2, 5, [24] = 10, 2, 2,    1 };

	for (unsigned i = 0; i < 6; i++) {
		uint8_t frame[42] = { 2, [12] = 8, 6 };
		unsigned length = sizeof(frame);

		memcpy(frame + 14, good, sizeof(good));
		assert_int_equal(neigh_input(neigh, CORE, frame, &length, now), VERDICT_ANSWERED);
		memcpy(frame + 14, good, sizeof(good));
		frame[14 + i] ^= 1;
		length = sizeof(frame);
		assert_int_equal(neigh_input(neigh, CORE, frame, &length, now), VERDICT_NOT_IP);
	}
}

// A scan of a large link fills half the table at most, passes away by itself, and what is known stays known.
static uint32_t scattered(unsigned i)
{
	uint16_t low = (uint16_t)(i * 40503);

	return 0x0a030000u | (uint16_t)(low ^ low >> 7);
}

static void scan(void **state)
{
	unsigned asked = 0;

	for (unsigned i = 1; i <= 500; i++, world.next = world.sends = 0) {
		send4(LANE_SIDE_CORE, scattered(i), NULL);
		arp(TAGGED, 2, scattered(i), peer_mac, 0x0a030101);
	}
	for (unsigned i = 501; i < 2 * NEIGH_ENTRIES; i++, world.next = world.sends = 0) {
		send4(LANE_SIDE_CORE, scattered(i), NULL);
		asked += world.sends;
	}
	assert_int_equal(asked, NEIGH_ENTRIES / 2);
	for (unsigned i = 0; i < 4; i++, now += SECOND, world.next = world.sends = 0)
		neigh_tick(neigh, now);
	for (unsigned i = 1; i <= 500; i++, world.next = world.sends = 0) {
		send4(LANE_SIDE_CORE, scattered(i), NULL);
		expect_l2(0, TAGGED, peer_mac, 0x8100);
		assert_int_equal(be16_get(sent(0) + 16), 0x0800);
	}
	assert_int_equal(neigh_waiting(neigh), 0);
	send4(LANE_SIDE_CORE, 0x0a03f001, NULL);
	assert_int_equal(world.sends, 1); // there is a place again
}

// The table full of known but unused entries: a new one takes a stale one's place, never a fresh one's.
static void eviction(void **state)
{
	neigh_announce(neigh, now); // a pinned entry comes first
	arp(CORE, 2, GATEWAY, peer_mac, OURS);
	for (unsigned i = 1; i < NEIGH_ENTRIES; i++, world.next = world.sends = 0) {
		send4(LANE_SIDE_CORE, 0x0a030300 + i, NULL);
		arp(TAGGED, 2, 0x0a030300 + i, peer_mac, 0x0a030101);
	}
	for (unsigned i = 0; i < NEIGH_ENTRIES / 64; i++) // all are fresh; the hand comes round to where it began
		assert_int_equal(send4(LANE_SIDE_CORE, PEER, NULL), VERDICT_NEIGHBOUR_FULL);
	now += 31 * SECOND;
	arp(TAGGED, 1, 0x0a030301, other_mac, 0x0a030301); // one in doubt, 62 in use: none of them goes
	for (unsigned i = 2; i < 64; i++, world.next = world.sends = 0)
		send4(LANE_SIDE_CORE, 0x0a030300 + i, NULL);
	assert_int_equal(send4(LANE_SIDE_CORE, PEER, NULL), VERDICT_NEIGHBOUR_FULL);
	assert_int_equal(send4(LANE_SIDE_CORE, PEER, NULL), VERDICT_FORWARD);
	assert_int_equal(neigh_waiting(neigh), 1);
}

static void gateways_are_kept_ready(void **state)
{
	neigh_announce(neigh, now);

	unsigned asked = 0;

	for (unsigned i = 0; i < world.sends; i++)
		asked += world.sent[i].port == CORE && be16_get(sent(i) + 12) == 0x0806 &&
			 be32_get(sent(i) + 14 + 24) == GATEWAY;
	assert_int_equal(asked, 1);
	for (unsigned i = 0; i < 100; i++, now += SECOND) { // for ever, once a second
		world.sends = world.next = 0;
		neigh_tick(neigh, now);
		assert_in_range(world.sends, 0, 1);
	}
	assert_int_equal(world.sends, 1);
	assert_int_equal(arp(CORE, 2, GATEWAY, peer_mac, OURS), VERDICT_ANSWERED);
	now += 31 * SECOND;
	world.sends = 0;
	neigh_tick(neigh, now); // proven again though nobody uses it
	expect_l2(0, CORE, peer_mac, 0x0806);
	assert_int_equal(send4(LANE_SIDE_CORE, 0x08080808, NULL), VERDICT_FORWARD);
	expect_l2(1, CORE, peer_mac, 0x0800); // never waited
}

static void announces(void **state)
{
	bool seen4 = false, seen6 = false;

	neigh_announce(neigh, now);
	for (unsigned i = 0; i < world.sends; i++) {
		const uint8_t *f = sent(i);

		if (world.sent[i].port != CORE)
			continue;
		if (be16_get(f + 12) == 0x0806 && be32_get(f + 14 + 24) == OURS) {
			expect_arp(f + 14, 1, OURS, OURS);
			expect_l2(i, CORE, all, 0x0806);
			seen4 = true;
		}
		if (be16_get(f + 12) == 0x86dd && !memcmp(f + 14 + 8, our6, 16)) {
			expect_l2(i, CORE, (const uint8_t[6]){ 0x33, 0x33, 0, 0, 0, 1 }, 0x86dd);
			assert_int_equal(be32_get(f + 54) >> 16, 136 << 8);
			assert_int_equal(f[58], 0xa0); // router, override, not solicited
			assert_memory_equal(f + 62, our6, 16);
			assert_int_equal(ip6_checksum_upper(f + 14, 58, f + 54, 32), 0);
			seen6 = true;
		}
	}
	assert_true(seen4 && seen6);
}

// An ND message as the peer sends it. `bytes` of options stand in `option`.
struct nd {
	uint8_t source[16], destination[16], target[16];
	uint8_t type, code, flags, hops, option[16];
	unsigned bytes;
	uint8_t out[128]; // the frame, and what became of it
	unsigned length;
};

static struct nd nd_from_peer(unsigned type, const uint8_t *target)
{
	struct nd nd = { .type = (uint8_t)type, .hops = 255, .option = { type == 135 ? 1 : 2, 1 }, .bytes = 8 };

	memcpy(nd.source, peer6, 16);
	memcpy(nd.destination, our6, 16);
	memcpy(nd.target, target, 16);
	memcpy(nd.option + 2, peer_mac, 6);
	return nd;
}

static void nd_build(struct nd *nd)
{
	uint8_t *ip = nd->out + 14, *icmp = ip + 40;

	memset(nd->out, 0, sizeof(nd->out));
	memcpy(nd->out, our_mac, 6);
	memcpy(nd->out + 6, peer_mac, 6);
	be16_put(nd->out + 12, 0x86dd);
	ip[0] = 0x60;
	be16_put(ip + 4, (uint16_t)(24 + nd->bytes));
	ip[6] = 58;
	ip[7] = nd->hops;
	memcpy(ip + 8, nd->source, 16);
	memcpy(ip + 24, nd->destination, 16);
	icmp[0] = nd->type;
	icmp[1] = nd->code;
	icmp[4] = nd->flags;
	memcpy(icmp + 8, nd->target, 16);
	memcpy(icmp + 24, nd->option, nd->bytes);
	be16_put(icmp + 2, ip6_checksum_upper(ip, 58, icmp, 24 + nd->bytes));
	nd->length = 14 + 40 + 24 + nd->bytes;
}

static unsigned nd_input(struct nd *nd)
{
	nd_build(nd);
	return neigh_input(neigh, CORE, nd->out, &nd->length, now);
}

static void expect_advertisement(const struct nd *nd, const uint8_t *mac, const uint8_t *to, unsigned flags)
{
	const uint8_t *ip = nd->out + 14, *icmp = ip + 40;

	assert_int_equal(nd->length, 86);
	assert_memory_equal(nd->out, mac, 6);
	assert_memory_equal(nd->out + 6, our_mac, 6);
	assert_int_equal(be32_get(ip), 0x60000000);
	assert_int_equal(be32_get(ip + 4), 32 << 16 | 58 << 8 | 255);
	assert_memory_equal(ip + 8, nd->target, 16);
	assert_memory_equal(ip + 24, to, 16);
	assert_int_equal(icmp[0], 136);
	assert_int_equal(icmp[1], 0);
	assert_int_equal(be32_get(icmp + 4), flags << 24);
	assert_memory_equal(icmp + 8, nd->target, 16);
	assert_int_equal(be16_get(icmp + 24), 0x0201);
	assert_memory_equal(icmp + 26, our_mac, 6);
	assert_int_equal(ip6_checksum_upper(ip, 58, icmp, 32), 0);
}

static void answers_solicitations(void **state)
{
	static const uint8_t local[16] = { 0xfe, 0x80, [11] = 0xff, 0xfe, 0, 0, 1 }, none[16];
	static const uint8_t nodes[16] = { 0xff, 2, [15] = 1 }, ours[16] = { 0xff, 2, [11] = 1, 0xff, 0, 0, 1 };
	struct nd nd = nd_from_peer(135, our6);

	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, peer_mac, peer6, 0xe0);
	nd.bytes = 0; // a directed probe bears no option
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, peer_mac, peer6, 0xe0);
	nd.bytes = 8; // a MAC of its own choice, if it is one
	memcpy(nd.option + 2, other_mac, 6);
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, other_mac, peer6, 0xe0);
	memcpy(nd.option + 2, all, 6);
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, peer_mac, peer6, 0xe0);
	memcpy(nd.target, local, 16);
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, peer_mac, peer6, 0xe0);

	memcpy(nd.target, our6, 16);
	memcpy(nd.source, none, 16); // duplicate address detection
	nd.bytes = 0;
	memcpy(nd.destination, ours, 16);
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, (const uint8_t[6]){ 0x33, 0x33, 0, 0, 0, 1 }, nodes, 0xa0);
	nd.bytes = 8; // must not say who asks
	assert_int_equal(nd_input(&nd), VERDICT_BAD_IP);
	nd.bytes = 0;
	memcpy(nd.destination, our6, 16); // must go to the group
	assert_int_equal(nd_input(&nd), VERDICT_BAD_IP);

	nd = nd_from_peer(135, peer6);
	assert_int_equal(nd_input(&nd), VERDICT_NOT_OURS);
}

static void resolves_ipv6(void **state)
{
	static const uint8_t group[16] = { 0xff, 2, [11] = 1, 0xff, 0xab, 0xcd, 0xef };
	struct nd nd = nd_from_peer(136, peer6);
	const uint8_t *f;

	assert_int_equal(nd_input(&nd), VERDICT_NOT_OURS); // nobody asked
	assert_int_equal(send6(peer6), VERDICT_FORWARD);
	assert_int_equal(world.sends, 1);
	expect_l2(0, CORE, (const uint8_t[6]){ 0x33, 0x33, 0xff, 0xab, 0xcd, 0xef }, 0x86dd);
	f = sent(0);
	assert_int_equal(world.sent[0].frame.length, 86);
	assert_int_equal(be32_get(f + 18), 32 << 16 | 58 << 8 | 255);
	assert_memory_equal(f + 22, our6, 16);
	assert_memory_equal(f + 38, group, 16);
	assert_int_equal(f[54], 135);
	assert_int_equal(be32_get(f + 58), 0);
	assert_memory_equal(f + 62, peer6, 16);
	assert_int_equal(be16_get(f + 78), 0x0101);
	assert_memory_equal(f + 80, our_mac, 6);
	assert_int_equal(ip6_checksum_upper(f + 14, 58, f + 54, 32), 0);

	nd.bytes = 0; // answers without a MAC teach nothing
	nd.flags = 0x60;
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	assert_int_equal(neigh_waiting(neigh), 1);
	nd.bytes = 8;
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	assert_int_equal(nd.length, 0);
	assert_int_equal(neigh_waiting(neigh), 0);
	expect_l2(1, CORE, peer_mac, 0x86dd);

	now += 31 * SECOND;
	send6(peer6);
	neigh_tick(neigh, now);
	expect_l2(3, CORE, peer_mac, 0x86dd);
	assert_memory_equal(sent(3) + 38, peer6, 16); // a directed question
	nd.bytes = 0;
	nd.flags = 0x40; // and an answer that needs no MAC
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	now += SECOND;
	neigh_tick(neigh, now);
	assert_int_equal(world.sends, 4);
}

static void unasked_advertisements(void **state)
{
	struct nd nd = nd_from_peer(136, peer6);

	send6(peer6);
	nd.flags = 0x60;
	nd_input(&nd);
	now += 2 * SECOND;
	world.sends = 0;
	memcpy(nd.option + 2, other_mac, 6);
	for (unsigned i = 0; i < 1000; i++) {
		nd.flags = i & 1 ? 0x20 : 0x60; // solicited by us or not, they say; we know better
		nd_input(&nd);
		if (i == 0)
			assert_int_equal(world.sends, 1);
		if (i == 0) { // the true owner answers
			memcpy(nd.option + 2, peer_mac, 6);
			nd_input(&nd);
			memcpy(nd.option + 2, other_mac, 6);
		}
	}
	assert_int_equal(world.sends, 1);
	send6(peer6);
	expect_l2(1, CORE, peer_mac, 0x86dd);
}

// The same once more from an exact heap block: a sanitizer sees a read past the end.
static void expect_bad(struct nd *nd, unsigned verdict)
{
	unsigned length;
	uint8_t *copy;

	assert_int_equal(nd_input(nd), verdict);
	nd_build(nd);
	length = nd->length;
	copy = malloc(length);
	memcpy(copy, nd->out, length);
	assert_int_equal(neigh_input(neigh, CORE, copy, &length, now), verdict);
	free(copy);
}

static void malformed(void **state)
{
	struct nd good = nd_from_peer(135, our6), nd = good;
	unsigned length;

	nd.hops = 254; // came from another link
	expect_bad(&nd, VERDICT_BAD_IP);
	nd = good;
	nd.option[1] = 0;
	expect_bad(&nd, VERDICT_BAD_IP);
	nd.option[1] = 2;
	expect_bad(&nd, VERDICT_BAD_IP);
	nd.option[1] = 1;
	nd.bytes = 9;
	expect_bad(&nd, VERDICT_BAD_IP);
	for (nd.bytes = 1; nd.bytes < 8; nd.bytes++)
		expect_bad(&nd, VERDICT_BAD_IP);
	nd = good;
	nd.code = 1;
	expect_bad(&nd, VERDICT_BAD_IP);
	nd = good;
	nd.target[0] = 0xff;
	expect_bad(&nd, VERDICT_BAD_IP);
	nd = nd_from_peer(136, peer6);
	nd.destination[0] = 0xff;
	nd.flags = 0x40;
	expect_bad(&nd, VERDICT_BAD_IP);
	for (unsigned type = 133; type <= 137; type++) {
		nd = good;
		nd.type = (uint8_t)type;
		assert_int_equal(nd_input(&nd), type == 135 ? VERDICT_ANSWERED : VERDICT_NOT_OURS);
	}
	nd = good;
	nd_input(&nd);
	nd.out[14 + 40 + 20] ^= 1; // our answer with a broken checksum, come back
	length = nd.length;
	assert_int_equal(neigh_input(neigh, CORE, nd.out, &length, now), VERDICT_BAD_IP);
	nd = good;
	nd_build(&nd);
	be16_put(nd.out + 14 + 4, 23); // ends inside the fixed part
	length = 14 + 40 + 23;
	assert_int_equal(neigh_input(neigh, CORE, nd.out, &length, now), VERDICT_SHORT);
	nd_build(&nd);
	nd.out[14 + 6] = 6; // not ICMPv6 at all
	length = nd.length;
	assert_int_equal(neigh_input(neigh, CORE, nd.out, &length, now), VERDICT_NOT_OURS);
	assert_int_equal(world.sends, 0);
}

// Every prefix of every message, in an exact heap block with the answer's room behind it unread: no sanitizer complaint.
static void cut_short(void **state)
{
	uint8_t frame[128] = { 0 };

	for (unsigned l2 = 14; l2 <= 18; l2 += 4)
		for (unsigned kind = 0; kind < 3; kind++)
			for (unsigned n = 0; n < 90; n++) {
				uint8_t *copy = malloc(n ? n : 1);
				unsigned length = n;

				memset(frame, 0, sizeof(frame));
				be16_put(frame + 12, 0x8100);
				be16_put(frame + l2 - 2, kind == 0 ? 0x0806 : kind == 1 ? 0x86dd : 0x0800);
				be32_put(frame + l2, kind ? 0x60000000 : 0x00010800);
				be32_put(frame + l2 + 4, kind ? 32 << 16 | 58 << 8 | 255 : 0x06040002);
				memcpy(copy, frame, n);

				unsigned verdict = neigh_input(neigh, CORE, copy, &length, now);

				assert_int_not_equal(verdict, VERDICT_ANSWERED);
				if (n < l2 + 28 && kind == 0 && n >= l2)
					assert_int_equal(verdict, VERDICT_SHORT);
				free(copy);
			}
}

static void no_room_to_ask(void **state)
{
	uint32_t room;

	world.rooms = 1;
	assert_int_equal(send4(LANE_SIDE_CORE, PEER, &room), VERDICT_FORWARD);
	assert_int_equal(world.sends, 0);
	world.rooms = 2;
	now += SECOND;
	neigh_tick(neigh, now);
	assert_int_equal(world.sends, 1); // later
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(asks_and_sends_what_waited),
					    CASE(tagged),
					    CASE(gateway),
					    CASE(refusals),
					    CASE(gives_up),
					    CASE(proves_again_while_used),
					    CASE(unused_entries_are_left_alone),
					    CASE(answers_for_its_own),
					    CASE(strangers_teach_nothing),
					    CASE(poisoning),
					    CASE(bounded_queues),
					    CASE(scan),
					    CASE(eviction),
					    CASE(gateways_are_kept_ready),
					    CASE(announces),
					    CASE(answers_solicitations),
					    CASE(resolves_ipv6),
					    CASE(unasked_advertisements),
					    CASE(malformed),
					    CASE(malformed_arp),
					    CASE(cut_short),
					    CASE(no_room_to_ask) };
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(world.room);
	return failed;
}
