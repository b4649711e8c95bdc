// test_neigh_ready.c - packets in a row: whatever neigh has ready leaves as neigh_send would have it leave, and what is left out is a
// case for that. Next hops come, go and fall silent meanwhile.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"
#include "tests/unit/link.h"

#define OFFSET 200u
#define KINDS 11u
#define OURS_TOO 0x0a010101u // where subscribers must not reach us: the way there is the gateway

static struct lane_back back;

static const uint32_t addresses[KINDS - 1] = {
	0x08080808,    0x0a020205, 0x0a020245, 0x0a030102, // behind the gateway, neighbours
	LINK_OURS,     OURS_TOO,   0x0a010105, 0x0a0202ff, // ourselves; on the radio side; everybody's
	0x7f000001,                                        // nobody's
	LINK_POOL + 7,                                     // a subscriber's: no port has a prefix near it
};

static void packet_make(unsigned i, unsigned side)
{
	unsigned kind = (unsigned)rand() % (rand() % 3 ? 4 : KINDS),
		 length = rand() % 8 ? 100 : 1400 + (unsigned)rand() % 200;
	uint8_t *ip = link_world.room[i] + OFFSET;
	struct ip4_fields fields = { .source = LINK_OURS, .length = (uint16_t)length, .ttl = 9, .protocol = 17 };

	memset(link_world.room[i], 0xee, ROOM_STRIDE);
	if (kind < KINDS - 1) {
		fields.destination = addresses[kind] + (kind ? 0 : (uint32_t)rand() % 65536);
		ip4_put(ip, &fields);
		if (rand() % 16 == 0)
			ip[0] = 0x46;
	} else {
		ip[0] = 0x60;
		memcpy(ip + 24, rand() % 4 ? link_peer6 : link_our6, 16);
	}
	back.handle[i] = (struct lane_handle){
		.room = i, .offset = OFFSET, .length = (uint16_t)length, .port = (uint8_t)side, .code = VERDICT_FORWARD
	};
	back.packet[i] = ip;
}

// Mostly the same side as before.
static void burst_make(void)
{
	unsigned side = LANE_SIDE_ACCESS + (unsigned)rand() % 2;

	back.n = 1 + (unsigned)rand() % LANE_BURST;
	for (unsigned i = 0; i < back.n; i++) {
		side ^= rand() % 16 == 0;
		packet_make(i, side);
	}
}

// How neigh_send would send the packet, from a room of its own; false: not at once.
static bool sent_alone(unsigned i, unsigned *port, struct nic_frame *frame)
{
	const struct lane_handle *handle = &back.handle[i];
	struct nic_frame alone = { 100, handle->offset, handle->length };
	unsigned before = link_world.sends = 0, mtu;

	memset(link_world.room[100], 0xee, ROOM_STRIDE);
	memcpy(link_world.room[100] + OFFSET, link_world.room[i] + OFFSET, handle->length);
	link_world.next = 200;
	if (neigh_send(link_world.neigh, handle->port, alone, link_world.now, &mtu) != VERDICT_FORWARD)
		return false;
	if (link_world.sends != before + 1 || link_world.sent[before].frame.room != 100)
		return false;
	*port = link_world.sent[before].port;
	*frame = link_world.sent[before].frame;
	return true;
}

static bool is_ours(unsigned i)
{
	const uint8_t *ip = back.packet[i];

	return back.handle[i].port == LANE_SIDE_CORE &&
	       (ip[0] >> 4 == 4 ? be32_get(ip + 16) == LINK_OURS || be32_get(ip + 16) == OURS_TOO ||
				      be32_get(ip + 16) == LINK_POOL + 7
				: !memcmp(ip + 24, link_our6, 16));
}

static void leaves_alike(unsigned i, const struct nic_frames *out, unsigned k)
{
	struct nic_frame frame = { 0 };
	unsigned port = 99;

	assert_false(is_ours(i));
	assert_true(sent_alone(i, &port, &frame));
	assert_int_equal(port, out->port);
	assert_int_equal(out->frame[k].room, i);
	assert_int_equal(out->frame[k].offset, frame.offset);
	assert_int_equal(out->frame[k].length, frame.length);
	assert_memory_equal(link_world.room[i] + frame.offset, link_world.room[100] + frame.offset, frame.length);
}

// A packet for us or a subscriber is left out. So is one whose last byte is one of our addresses' too.
static bool may_be_ours(unsigned i)
{
	const uint8_t *ip = back.packet[i];
	uint8_t last = ip[ip[0] >> 4 == 6 ? 39 : 19] % 64;

	return is_ours(i) || (back.handle[i].port == LANE_SIDE_CORE && (last == 1 || last == link_our_mac[5]));
}

// Returns how many were left out.
static unsigned burst_leaves(void)
{
	unsigned apart = 0, port;
	struct nic_frames out;
	struct nic_frame frame;

	for (unsigned i = 0; i < back.n; i += out.n) {
		neigh_ready(link_world.neigh, &back, i, back.n - i, &out);
		assert_true(out.n <= back.n - i);
		for (unsigned k = 0; k < out.n; k++)
			leaves_alike(i + k, &out, k);
		if (out.n > 0)
			continue;
		assert_true(may_be_ours(i) || !sent_alone(i, &port, &frame));
		out.n = 1;
		apart++;
	}
	return apart;
}

static void answer(uint32_t who)
{
	unsigned port = who >> 16 == 0x0a03 ? LINK_TAGGED : who >> 16 == 0x0a01 ? LINK_ACCESS : LINK_CORE;

	link_world.sends = 0;
	link_world.next = 200;
	link_arp(port, 2, who, rand() % 2 ? link_peer_mac : link_other_mac, LINK_OURS);
}

static void runs_leave_as_each_alone(void **state)
{
	static const uint32_t who[] = { LINK_GATEWAY, 0x0a020205, 0x0a020245, 0x0a030102, 0x0a010105, LINK_OURS };
	unsigned all = 0, apart = 0;

	srand(5);
	link_world.next = 200;
	neigh_announce(link_world.neigh, link_world.now);
	for (unsigned round = 0; round < 20000; round++) {
		burst_make();
		apart += burst_leaves();
		all += back.n;
		if (rand() % 3)
			answer(who[rand() % 6]);
		link_world.now += (uint64_t)(rand() % 400) * 1000000;
		link_world.sends = link_world.drops = 0;
		link_world.next = 200;
		neigh_tick(link_world.neigh, link_world.now);
	}
	assert_true(apart > all / 10 && apart < all / 4 * 3);
}

// What the next hop of the one before is must not be asked of one of another family, whatever stands where the address would be.
static void the_family_counts(void **state)
{
	struct nic_frames out;

	neigh_announce(link_world.neigh, link_world.now);
	link_resolve(LINK_PEER, link_peer_mac);
	srand(1);
	for (unsigned i = 0; i < 2; i++) {
		do
			packet_make(i, LANE_SIDE_CORE);
		while (be32_get(back.packet[i] + 16) != LINK_PEER || back.packet[i][0] != 0x45 ||
		       back.handle[i].length > 1000);
	}
	back.packet[1][0] = 0x60;
	back.n = 2;
	neigh_ready(link_world.neigh, &back, 0, 2, &out);
	assert_int_equal(out.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(runs_leave_as_each_alone, link_setup, link_teardown),
		cmocka_unit_test_setup_teardown(the_family_counts, link_setup, link_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, link_end);
}
