// test_neigh_flood.c - the neighbour table when too much is wanted of it: queues, scans, no place left.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "primary/edge/address.h"
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"
#include "tests/unit/link.h"

// Sends to one next hop until it is refused; how many wait for it.
static unsigned queue_filled(uint32_t to)
{
	unsigned before = neigh_waiting(link_world.neigh);

	while (link_send4(LANE_SIDE_CORE, to, NULL) == VERDICT_FORWARD)
		;
	return neigh_waiting(link_world.neigh) - before;
}

static void bounded_queues(void **state)
{
	uint32_t dead = 0x0a030200;
	unsigned waiting;

	// A router's answer may take milliseconds of a fast link; the second, the third then have less each.
	assert_int_equal(queue_filled(LINK_PEER), 205); // a quarter of what is then free
	assert_int_equal(queue_filled(dead++), 164);
	while (queue_filled(dead) > 0)
		dead++;
	assert_true(dead - 0x0a030200 > 20);
	assert_true(neigh_waiting(link_world.neigh) <= NEIGH_WAITING);
	link_world.sends = 0;
	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER + 1, NULL), VERDICT_NEIGHBOUR_FULL);
	assert_int_equal(link_world.sends, 1); // asked all the same: the next packet will find it
	assert_int_equal(link_arp(LINK_CORE, 2, LINK_PEER + 1, link_peer_mac, LINK_OURS), VERDICT_ANSWERED);
	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER + 1, NULL), VERDICT_FORWARD);
	assert_int_equal(link_world.sends, 2);
	waiting = neigh_waiting(link_world.neigh);
	for (unsigned i = 0; i < 4; i++, link_world.now += LINK_SECOND)
		neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(neigh_waiting(link_world.neigh), 0);
	assert_int_equal(link_world.drops, waiting);
	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, NULL), VERDICT_FORWARD); // all places are free again
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

	for (unsigned i = 1; i <= 500; i++, link_world.next = link_world.sends = 0) {
		link_send4(LANE_SIDE_CORE, scattered(i), NULL);
		link_arp(LINK_TAGGED, 2, scattered(i), link_peer_mac, 0x0a030101);
	}
	for (unsigned i = 501; i < 2 * NEIGH_ENTRIES; i++, link_world.next = link_world.sends = 0) {
		link_send4(LANE_SIDE_CORE, scattered(i), NULL);
		asked += link_world.sends;
	}
	assert_int_equal(asked, NEIGH_ENTRIES / 2);
	for (unsigned i = 0; i < 4; i++, link_world.now += LINK_SECOND, link_world.next = link_world.sends = 0)
		neigh_tick(link_world.neigh, link_world.now);
	for (unsigned i = 1; i <= 500; i++, link_world.next = link_world.sends = 0) {
		link_send4(LANE_SIDE_CORE, scattered(i), NULL);
		link_expect_l2(0, LINK_TAGGED, link_peer_mac, 0x8100);
		assert_int_equal(be16_get(link_sent(0) + 16), 0x0800);
	}
	assert_int_equal(neigh_waiting(link_world.neigh), 0);
	link_send4(LANE_SIDE_CORE, 0x0a03f001, NULL);
	assert_int_equal(link_world.sends, 1); // there is a place again
}

// The table full of known but unused entries: a new one takes a stale one's place, never a fresh one's.
static void eviction(void **state)
{
	neigh_announce(link_world.neigh, link_world.now); // a pinned entry comes first
	link_arp(LINK_CORE, 2, LINK_GATEWAY, link_peer_mac, LINK_OURS);
	for (unsigned i = 1; i < NEIGH_ENTRIES; i++, link_world.next = link_world.sends = 0) {
		link_send4(LANE_SIDE_CORE, 0x0a030300 + i, NULL);
		link_arp(LINK_TAGGED, 2, 0x0a030300 + i, link_peer_mac, 0x0a030101);
	}
	for (unsigned i = 0; i < NEIGH_ENTRIES / 64; i++) // all are fresh; the hand comes round to where it began
		assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, NULL), VERDICT_NEIGHBOUR_FULL);
	link_world.now += 31 * LINK_SECOND;
	link_arp(LINK_TAGGED, 1, 0x0a030301, link_other_mac, 0x0a030301); // one in doubt, 62 in use: none of them goes
	for (unsigned i = 2; i < 64; i++, link_world.next = link_world.sends = 0)
		link_send4(LANE_SIDE_CORE, 0x0a030300 + i, NULL);
	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, NULL), VERDICT_NEIGHBOUR_FULL);
	assert_int_equal(link_send4(LANE_SIDE_CORE, LINK_PEER, NULL), VERDICT_FORWARD);
	assert_int_equal(neigh_waiting(link_world.neigh), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, link_setup, link_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(bounded_queues), CASE(scan), CASE(eviction) };

	return cmocka_run_group_tests(tests, NULL, link_end);
}
