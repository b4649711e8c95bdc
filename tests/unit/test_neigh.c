// test_neigh.c - next hops by ARP: questions, answers, packets that wait, age, claims and lies.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "primary/edge/address.h"
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"
#include "tests/unit/link.h"

static void asks_and_sends_what_waited(void **state)
{
	uint32_t first, second;

	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, &first), VERDICT_FORWARD);
	assert_int_equal(link_world.sends, 1); // the question, and only one
	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, &second), VERDICT_FORWARD);
	assert_int_equal(link_world.sends, 1);
	assert_int_equal(neigh_waiting(link_world.neigh), 2);
	link_expect_l2(0, LINK_CORE, link_all, 0x0806);
	link_expect_arp(link_sent(0) + 14, 1, LINK_OURS, LINK_PEER);
	assert_int_equal(link_world.sent[0].frame.length, 42);

	assert_int_equal(link_arp(LINK_CORE, 2, LINK_PEER, link_peer_mac, LINK_OURS), VERDICT_ANSWERED);
	assert_int_equal(link_world.sends, 3);
	assert_int_equal(neigh_waiting(link_world.neigh), 0);
	assert_int_equal(link_world.sent[1].frame.room, first);
	assert_int_equal(link_world.sent[2].frame.room, second);
	for (unsigned i = 1; i < 3; i++) {
		link_expect_l2(i, LINK_CORE, link_peer_mac, 0x0800);
		assert_int_equal(link_world.sent[i].frame.offset, 200 - 14);
		assert_int_equal(link_world.sent[i].frame.length, 114);
		assert_int_equal(be32_get(link_sent(i) + 14 + 16), LINK_PEER);
	}
	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, NULL), VERDICT_FORWARD);
	assert_int_equal(link_world.sends, 4);
	link_expect_l2(3, LINK_CORE, link_peer_mac, 0x0800);
}

static void tagged(void **state)
{
	assert_int_equal(link_send4(LANE_SIDE_CORE, 0x0a030102, NULL), VERDICT_FORWARD);
	link_expect_l2(0, LINK_TAGGED, link_all, 0x8100);
	assert_int_equal(be32_get(link_sent(0) + 14), 0x00640806);
	link_expect_arp(link_sent(0) + 18, 1, 0x0a030101, 0x0a030102);
	assert_int_equal(link_arp(LINK_TAGGED, 2, 0x0a030102, link_peer_mac, 0x0a030101), VERDICT_ANSWERED);
	link_expect_l2(1, LINK_TAGGED, link_peer_mac, 0x8100);
	assert_int_equal(be32_get(link_sent(1) + 14), 0x00640800);
	assert_int_equal(link_world.sent[1].frame.offset, 200 - 18);
	assert_int_equal(link_world.sent[1].frame.length, 118);
	assert_int_equal(link_arp(LINK_TAGGED, 1, 0x0a030102, link_peer_mac, 0x0a030101), VERDICT_ANSWERED);
	link_expect_l2(2, LINK_TAGGED, link_peer_mac, 0x8100);
	link_expect_arp(link_sent(2) + 18, 2, 0x0a030101, 0x0a030102);
}

static void gateway(void **state)
{
	assert_int_equal(link_send4(LANE_SIDE_CORE, 0x08080808, NULL), VERDICT_FORWARD);
	link_expect_arp(link_sent(0) + 14, 1, LINK_OURS, LINK_GATEWAY);
	assert_int_equal(link_send4(LANE_SIDE_CORE, 0x09090909, NULL), VERDICT_FORWARD);
	assert_int_equal(link_world.sends, 1);
	link_arp(LINK_CORE, 2, LINK_GATEWAY, link_peer_mac, LINK_OURS);
	assert_int_equal(link_world.sends, 3);
	assert_int_equal(link_send4(LANE_SIDE_ACCESS, 0x08080808, NULL), VERDICT_NO_ROUTE);
}

static void refusals(void **state)
{
	struct nic_frame frame = { .offset = 200, .length = 1501 };
	unsigned mtu = 0;
	uint32_t room;

	link_send4(LANE_SIDE_CORE, LINK_PEER, &room);
	frame.room = room;
	assert_int_equal(neigh_send(link_world.neigh, LANE_SIDE_CORE, frame, link_world.now, &mtu),
			 VERDICT_TO_SLOW_BIG);
	assert_int_equal(mtu, 1500);
	frame.length = 1500;
	assert_int_equal(neigh_send(link_world.neigh, LANE_SIDE_CORE, frame, link_world.now, &mtu), VERDICT_FORWARD);
	frame.length = 19;
	assert_int_equal(neigh_send(link_world.neigh, LANE_SIDE_CORE, frame, link_world.now, &mtu), VERDICT_SHORT);
	frame.length = 100;
	link_world.room[room][200] = 0x55;
	assert_int_equal(neigh_send(link_world.neigh, LANE_SIDE_CORE, frame, link_world.now, &mtu), VERDICT_SHORT);
	link_world.room[room][200] = 0x60;
	frame.length = 39;
	assert_int_equal(neigh_send(link_world.neigh, LANE_SIDE_CORE, frame, link_world.now, &mtu), VERDICT_SHORT);
	link_world.room[room][17] = 0x45;
	frame = (struct nic_frame){ room, 17, 100 }; // no place for an L2 header
	assert_int_equal(neigh_send(link_world.neigh, LANE_SIDE_CORE, frame, link_world.now, &mtu), VERDICT_SHORT);
}

static void gives_up(void **state)
{
	uint32_t room;

	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, &room), VERDICT_FORWARD);
	for (unsigned ask = 1; ask < 3; ask++) {
		link_world.now += LINK_SECOND - 1;
		neigh_tick(link_world.neigh, link_world.now);
		assert_int_equal(link_world.sends, ask);
		link_world.now += 1;
		neigh_tick(link_world.neigh, link_world.now);
		assert_int_equal(link_world.sends, ask + 1);
		link_expect_l2(ask, LINK_CORE, link_all, 0x0806);
	}
	assert_int_equal(link_world.drops, 0);
	link_world.now += LINK_SECOND;
	neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 3);
	assert_int_equal(link_world.drops, 1);
	assert_int_equal(link_world.dropped[0], room);
	assert_int_equal(link_world.drop_verdict, VERDICT_NO_NEIGHBOUR);
	assert_int_equal(neigh_waiting(link_world.neigh), 0);
	assert_int_equal(link_arp(LINK_CORE, 2, LINK_PEER, link_peer_mac, LINK_OURS),
			 VERDICT_NOT_OURS); // too late: no longer wanted
	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, NULL), VERDICT_FORWARD);
	assert_int_equal(link_world.sends, 4); // asks anew
}

static void proves_again_while_used(void **state)
{
	link_resolve(LINK_PEER, link_peer_mac);
	link_world.sends = 0;
	link_world.now += 29 * LINK_SECOND;
	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);
	neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 1);
	link_world.now += LINK_SECOND;
	neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 2);
	link_expect_l2(1, LINK_CORE, link_peer_mac, 0x0806); // directly
	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);         // goes meanwhile
	link_expect_l2(2, LINK_CORE, link_peer_mac, 0x0800);
	assert_int_equal(link_arp(LINK_CORE, 2, LINK_PEER, link_peer_mac, LINK_OURS), VERDICT_ANSWERED);
	link_world.now += 29 * LINK_SECOND;
	neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 3); // proven: no question
	link_world.now += 2 * LINK_SECOND;
	neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 3); // and not used since

	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);
	neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_arp(LINK_CORE, 2, LINK_PEER, link_peer_mac, LINK_OURS), VERDICT_ANSWERED);
	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);
	link_world.sends = 0;
	link_world.now += 29 * LINK_SECOND;
	neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 0); // used, but proven
	link_world.now += LINK_SECOND;
	for (unsigned i = 0; i < 5; i++, link_world.now += LINK_SECOND)
		neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 3);
	link_expect_l2(0, LINK_CORE, link_peer_mac, 0x0806);
	link_expect_l2(1, LINK_CORE, link_peer_mac, 0x0806);
	link_expect_l2(2, LINK_CORE, link_all, 0x0806); // the last one is for everybody
	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);
	assert_int_equal(neigh_waiting(link_world.neigh), 1); // forgotten: waits for a new answer
}

static void unused_entries_are_left_alone(void **state)
{
	link_resolve(LINK_PEER, link_peer_mac);
	link_world.sends = 0;
	for (unsigned i = 0; i < 599; i++, link_world.now += LINK_SECOND)
		neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 0);
	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);
	assert_int_equal(neigh_waiting(link_world.neigh), 0); // the old MAC is the first guess
	neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 2); // and is asked about at once
	link_arp(LINK_CORE, 2, LINK_PEER, link_peer_mac, LINK_OURS);
	for (unsigned i = 0; i < 601; i++, link_world.now += LINK_SECOND)
		neigh_tick(link_world.neigh, link_world.now);
	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);
	assert_int_equal(neigh_waiting(link_world.neigh), 1);
}

static void answers_for_its_own(void **state)
{
	assert_int_equal(link_arp(LINK_CORE, 1, LINK_PEER, link_peer_mac, LINK_OURS), VERDICT_ANSWERED);
	link_expect_l2(0, LINK_CORE, link_peer_mac, 0x0806);
	link_expect_arp(link_sent(0) + 14, 2, LINK_OURS, LINK_PEER);
	assert_memory_equal(link_sent(0) + 14 + 18, link_peer_mac, 6);
	assert_int_equal(link_arp(LINK_CORE, 1, 0, link_peer_mac, LINK_OURS), VERDICT_ANSWERED); // RFC 5227 probe
	assert_int_equal(link_arp(LINK_CORE, 1, LINK_PEER, link_peer_mac, LINK_GATEWAY), VERDICT_NOT_OURS);
	assert_int_equal(link_arp(LINK_ACCESS, 1, LINK_PEER, link_peer_mac, LINK_OURS),
			 VERDICT_NOT_OURS); // of another port
	assert_int_equal(link_arp(LINK_CORE, 3, LINK_PEER, link_peer_mac, LINK_OURS), VERDICT_NOT_OURS);
	assert_int_equal(link_world.sends, 2);
}

static void strangers_teach_nothing(void **state)
{
	assert_int_equal(link_arp(LINK_CORE, 2, LINK_PEER, link_peer_mac, LINK_OURS), VERDICT_NOT_OURS);
	assert_int_equal(link_arp(LINK_CORE, 1, LINK_PEER, link_peer_mac, LINK_OURS), VERDICT_ANSWERED);
	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, NULL), VERDICT_FORWARD);
	assert_int_equal(neigh_waiting(link_world.neigh), 1);
	link_world.ether_mac = link_all; // from a group's MAC
	assert_int_equal(link_arp(LINK_CORE, 2, LINK_PEER, link_peer_mac, LINK_OURS), VERDICT_NOT_OURS);
	link_world.ether_mac = link_peer_mac;
	assert_int_equal(link_arp(LINK_CORE, 2, LINK_PEER, link_all, LINK_OURS), VERDICT_NOT_OURS);
	link_world.ether_mac = NULL;
	assert_int_equal(link_arp(LINK_CORE, 2, LINK_PEER, (const uint8_t[6]){ 0 }, LINK_OURS), VERDICT_NOT_OURS);
	assert_int_equal(link_arp(LINK_ACCESS, 2, LINK_PEER, link_peer_mac, 0x0a010101), VERDICT_NOT_OURS);
	assert_int_equal(neigh_waiting(link_world.neigh), 1);
	assert_int_equal(link_arp(LINK_CORE, 1, LINK_PEER, link_peer_mac, LINK_OURS),
			 VERDICT_ANSWERED); // the wanted one asks us: as good as an answer
	assert_int_equal(neigh_waiting(link_world.neigh), 0);
}

// Unasked claims make us ask, at most once a second; the answer decides.
static void poisoning(void **state)
{
	link_resolve(LINK_PEER, link_peer_mac);
	link_world.now += 2 * LINK_SECOND;
	link_world.sends = 0;
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(link_arp(LINK_CORE, 1, LINK_PEER, link_other_mac, LINK_PEER),
				 VERDICT_ANSWERED); // gratuitous
	assert_int_equal(link_world.sends, 1);
	link_expect_l2(0, LINK_CORE, link_all, 0x0806);
	link_expect_arp(link_sent(0) + 14, 1, LINK_OURS, LINK_PEER);
	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);
	link_expect_l2(1, LINK_CORE, link_peer_mac, 0x0800);             // still the proven one
	link_arp(LINK_CORE, 2, LINK_PEER, link_other_mac, LINK_GATEWAY); // an answer, to somebody else
	link_world.ether_mac = link_peer_mac;
	link_arp(LINK_CORE, 1, LINK_PEER, link_other_mac, LINK_OURS); // a question is no answer
	link_world.ether_mac = NULL;
	link_world.sends = 1;
	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);
	link_expect_l2(1, LINK_CORE, link_peer_mac, 0x0800);
	link_world.sends = 2;
	link_arp(LINK_CORE, 2, LINK_PEER, link_peer_mac, LINK_OURS);
	link_arp(LINK_CORE, 2, LINK_PEER, link_other_mac, LINK_OURS); // a second answer to one question is none
	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);
	link_expect_l2(2, LINK_CORE, link_peer_mac, 0x0800);

	link_world.now += 2 * LINK_SECOND; // a real failover
	link_arp(LINK_CORE, 1, LINK_PEER, link_other_mac, LINK_PEER);
	link_arp(LINK_CORE, 2, LINK_PEER, link_other_mac, LINK_OURS);
	link_world.sends = 0;
	link_send4(LANE_SIDE_CORE, LINK_PEER, NULL);
	link_expect_l2(0, LINK_CORE, link_other_mac, 0x0800);
}

static void malformed_arp(void **state)
{
	static const uint8_t good[28] = { 0,    1,    8, 0,  6, 4, 0, 1,         2, 0xaa, 0xbb,
					  0xcc, 0xdd, 5, 10, 2, 2, 5, [24] = 10, 2, 2,    1 };

	for (unsigned i = 0; i < 6; i++) {
		uint8_t frame[42] = { 2, [12] = 8, 6 };
		unsigned length = sizeof(frame);

		memcpy(frame + 14, good, sizeof(good));
		assert_int_equal(neigh_input(link_world.neigh, LINK_CORE, frame, &length, link_world.now),
				 VERDICT_ANSWERED);
		memcpy(frame + 14, good, sizeof(good));
		frame[14 + i] ^= 1;
		length = sizeof(frame);
		assert_int_equal(neigh_input(link_world.neigh, LINK_CORE, frame, &length, link_world.now),
				 VERDICT_NOT_IP);
	}
}

static void gateways_are_kept_ready(void **state)
{
	neigh_announce(link_world.neigh, link_world.now);

	unsigned asked = 0;

	for (unsigned i = 0; i < link_world.sends; i++)
		asked += link_world.sent[i].port == LINK_CORE && be16_get(link_sent(i) + 12) == 0x0806 &&
			 be32_get(link_sent(i) + 14 + 24) == LINK_GATEWAY;
	assert_int_equal(asked, 1);
	for (unsigned i = 0; i < 100; i++, link_world.now += LINK_SECOND) { // for ever, once a second
		link_world.sends = link_world.next = 0;
		neigh_tick(link_world.neigh, link_world.now);
		assert_in_range(link_world.sends, 0, 1);
	}
	assert_int_equal(link_world.sends, 1);
	assert_int_equal(link_arp(LINK_CORE, 2, LINK_GATEWAY, link_peer_mac, LINK_OURS), VERDICT_ANSWERED);
	link_world.now += 31 * LINK_SECOND;
	link_world.sends = 0;
	neigh_tick(link_world.neigh, link_world.now); // proven again though nobody uses it
	link_expect_l2(0, LINK_CORE, link_peer_mac, 0x0806);
	assert_int_equal(link_send4(LANE_SIDE_CORE, 0x08080808, NULL), VERDICT_FORWARD);
	link_expect_l2(1, LINK_CORE, link_peer_mac, 0x0800); // never waited
}

static void announces(void **state)
{
	bool seen4 = false, seen6 = false;

	neigh_announce(link_world.neigh, link_world.now);
	for (unsigned i = 0; i < link_world.sends; i++) {
		const uint8_t *f = link_sent(i);

		if (link_world.sent[i].port != LINK_CORE)
			continue;
		if (be16_get(f + 12) == 0x0806 && be32_get(f + 14 + 24) == LINK_OURS) {
			link_expect_arp(f + 14, 1, LINK_OURS, LINK_OURS);
			link_expect_l2(i, LINK_CORE, link_all, 0x0806);
			seen4 = true;
		}
		if (be16_get(f + 12) == 0x86dd && !memcmp(f + 14 + 8, link_our6, 16)) {
			link_expect_l2(i, LINK_CORE, (const uint8_t[6]){ 0x33, 0x33, 0, 0, 0, 1 }, 0x86dd);
			assert_int_equal(be32_get(f + 54) >> 16, 136 << 8);
			assert_int_equal(f[58], 0xa0); // router, override, not solicited
			assert_memory_equal(f + 62, link_our6, 16);
			assert_int_equal(ip6_checksum_upper(f + 14, 58, f + 54, 32), 0);
			seen6 = true;
		}
	}
	assert_true(seen4 && seen6);
}

// The first `length` bytes of a message, in an exact heap block: a sanitizer sees a read past the end.
static void cut(unsigned l2, unsigned type, unsigned length)
{
	uint8_t frame[128] = { 0 }, *copy = malloc(length ? length : 1);
	unsigned left = length, verdict;

	be16_put(frame + 12, 0x8100);
	be16_put(frame + l2 - 2, (uint16_t)type);
	be32_put(frame + l2, type == 0x0806 ? 0x00010800 : 0x60000000);
	be32_put(frame + l2 + 4, type == 0x0806 ? 0x06040002 : 32 << 16 | 58 << 8 | 255);
	memcpy(copy, frame, length);
	verdict = neigh_input(link_world.neigh, LINK_CORE, copy, &left, link_world.now);
	assert_int_not_equal(verdict, VERDICT_ANSWERED);
	if (length < l2 + 28 && type == 0x0806 && length >= l2)
		assert_int_equal(verdict, VERDICT_SHORT);
	free(copy);
}

static void cut_short(void **state)
{
	for (unsigned length = 0; length < 90; length++)
		for (unsigned l2 = 14; l2 <= 18; l2 += 4) {
			cut(l2, 0x0806, length);
			cut(l2, 0x86dd, length);
			cut(l2, 0x0800, length);
		}
}

static void no_room_to_ask(void **state)
{
	uint32_t room;

	link_world.rooms = 1;
	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, &room), VERDICT_FORWARD);
	assert_int_equal(link_world.sends, 0);
	link_world.rooms = 2;
	link_world.now += LINK_SECOND;
	neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 1); // later
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, link_setup, link_teardown)

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
					    CASE(malformed_arp),
					    CASE(gateways_are_kept_ready),
					    CASE(announces),
					    CASE(cut_short),
					    CASE(no_room_to_ask) };

	return cmocka_run_group_tests(tests, NULL, link_end);
}
