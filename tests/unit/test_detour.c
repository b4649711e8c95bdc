// test_detour.c - what comes back and is for a subscriber of ours, or too large: where it goes. Steering, next hops and ends are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "primary/loop/cut.h"
#include "primary/loop/detour.h"
#include "primary/loop/loop.h"
#include "primary/loop/rx.h"
#include "primary/loop/stray.h"
#include "primary/loop/tx.h"
#include "shared/plane/verdict.h"

#define UE 0x0a2d0007u
#define HOST 0x08080808u
#define AT 200u
#define LEFT 0x1000u // towards a next hop

static uint8_t room[ROOM_STRIDE];
static struct plane_view view = { .rooms = { .base = { room }, .count = { 1 } } };
static struct conf conf = { .pools = 1, .pool = { { .ipv4 = 0x0a2d0000, .ipv4_len = 16 } } };
static struct loop *loop;
static struct steer_result steered, home; // on the core side; on the access side
static struct lane_handle passed;
static unsigned list, fate, hop_says, cuts;
static unsigned network; // that steering was asked for
static bool may_cut;

struct steer_result steer_packet(const struct steer *steer, struct steer_side side, const uint8_t *packet,
				 unsigned length)
{
	if (side.role == CONF_ACCESS)
		return home;
	network = side.network;
	return steered;
}

void rx_pass(struct loop *at, unsigned to, struct lane_handle handle)
{
	passed = handle;
	list = to;
}

void rx_refuse(struct loop *at, uint32_t number, struct steer_result to)
{
	fate = to.code;
}

void tx_end(struct loop *at, uint32_t number, unsigned verdict)
{
	fate = verdict;
}

void loss_note(struct loop *at, const struct loss *loss)
{
	fail();
}

void stray_answer(struct loop *at, const struct lane_handle *lent, enum lane_local why, unsigned otherwise)
{
	fate = otherwise;
}

unsigned neigh_send(struct neigh *neigh, unsigned side, struct nic_frame frame, uint64_t now_ns, unsigned *mtu)
{
	*mtu = 1400;
	if (hop_says == VERDICT_FORWARD)
		fate = LEFT;
	return hop_says;
}

void marker_relay(struct loop *at, const struct lane_handle *back)
{
	assert_int_equal(fate, 0); // its room is read before it goes
	passed = *back;
}

bool cut_send(struct loop *at, const struct lane_handle *back, unsigned mtu)
{
	cuts++;
	return may_cut;
}

static int setup(void **state)
{
	static uint8_t fates[1];

	loop = calloc(1, sizeof(*loop));
	loop->part.view = &view;
	loop->part.conf = &conf;
	loop->fate = fates;
	hop_says = VERDICT_FORWARD;
	steered = (struct steer_result){ .kind = LANE_DOWNLINK, .code = STEER_TO_LANE, .shard = 9, .hint = 0x709 };
	home = (struct steer_result){ .code = VERDICT_NOT_OURS };
	list = HOLD_LISTS;
	fate = cuts = 0;
	may_cut = false;
	conf.packets = (struct conf_packets){ .fragment = CONF_YES };
	among_build(&loop->among, &conf);
	return 0;
}

static int teardown(void **state)
{
	free(loop);
	return 0;
}

static void comes_back(uint32_t to, unsigned kind, unsigned side)
{
	const struct lane_handle lent = { .offset = AT - 36, .length = 136, .port = 0, .code = (uint8_t)kind };
	struct lane_handle back = { .offset = AT, .length = 100, .port = (uint8_t)side, .code = VERDICT_FORWARD };

	ip4_put(room + AT, &(struct ip4_fields){ .source = UE - 1, .destination = to, .length = 100, .ttl = 9 });
	detour_apart(loop, &back, &lent);
}

// As a downlink packet of its receiver; what is to be said of it goes to its sender's tunnel.
static void among_subscribers_it_stays_here(void **state)
{
	comes_back(UE, LANE_UPLINK, LANE_SIDE_CORE);
	assert_int_equal(list, 9);
	assert_int_equal(passed.code, LANE_DOWNLINK);
	assert_int_equal(passed.hint, 0x709);
	assert_int_equal(passed.offset, AT);
	assert_int_equal(passed.length, 100);
	assert_int_equal(passed.port, LANE_SIDE_ACCESS);
	assert_int_equal(fate, 0);
	assert_int_equal(loop->tally.among, 1);
}

static void others_leave(void **state)
{
	comes_back(HOST, LANE_UPLINK, LANE_SIDE_CORE);
	assert_int_equal(fate, LEFT);
	fate = 0;
	comes_back(UE, LANE_UPLINK, LANE_SIDE_ACCESS); // from tunnel to tunnel
	assert_int_equal(fate, LEFT);
	fate = 0;
	comes_back(UE, LANE_DOWNLINK, LANE_SIDE_CORE); // it came from there: never round and round
	assert_int_equal(fate, LEFT);
	assert_int_equal(list, HOLD_LISTS);
}

// SGW-U and PGW-U in one: what leaves by the one's tunnel comes by the other's.
static void tunnels_of_ours_meet_here(void **state)
{
	home = (struct steer_result){ .kind = LANE_UPLINK, .code = STEER_TO_LANE, .shard = 5, .hint = 0x12345 };
	for (unsigned kind = LANE_UPLINK; kind <= LANE_DOWNLINK; kind++) {
		list = HOLD_LISTS;
		comes_back(HOST, kind, LANE_SIDE_ACCESS);
		assert_int_equal(list, 5);
		assert_int_equal(passed.code, LANE_UPLINK);
		assert_int_equal(passed.hint, 0x12345);
		assert_int_equal(passed.offset, AT);
		assert_int_equal(passed.length, 100);
	}
	assert_int_equal(fate, 0);
	assert_int_equal(loop->tally.home, 2);
	assert_int_equal(loop->tally.among, 0);
}

static void but_once(void **state)
{
	struct lane_handle back = { .offset = AT, .length = 100, .port = LANE_SIDE_ACCESS, .code = VERDICT_FORWARD };

	home = (struct steer_result){ .kind = LANE_UPLINK, .code = STEER_TO_LANE, .shard = 5 };
	comes_back(HOST, LANE_UPLINK, LANE_SIDE_ACCESS);
	passed.code = LANE_UPLINK;
	detour_apart(loop, &back, &passed); // passed is how it was lent now
	assert_int_equal(fate, LEFT);
	assert_int_equal(loop->tally.home, 1);
}

// Nor what is of the gateway itself, or for it.
static void and_nothing_else_does(void **state)
{
	home = (struct steer_result){ .kind = LANE_LOCAL, .code = STEER_TO_LANE };
	comes_back(HOST, LANE_UPLINK, LANE_SIDE_ACCESS);
	assert_int_equal(fate, LEFT);
	fate = 0;
	home.kind = LANE_UPLINK;
	comes_back(HOST, LANE_UPLINK, 0); // by a port, as it is
	assert_int_equal(fate, LEFT);
	assert_int_equal(list, HOLD_LISTS);
}

static void the_configuration_decides(void **state)
{
	conf.packets.ue_to_ue = CONF_REFUSE;
	among_build(&loop->among, &conf);
	comes_back(UE, LANE_UPLINK, LANE_SIDE_CORE);
	assert_int_equal(fate, VERDICT_UE_TO_UE);
	conf.packets.ue_to_ue = CONF_NETWORK;
	among_build(&loop->among, &conf);
	comes_back(UE, LANE_UPLINK, LANE_SIDE_CORE);
	assert_int_equal(fate, LEFT);
	assert_int_equal(list, HOLD_LISTS);
}

// Its network is told to steering; whose address is in another one only leaves by its own.
static void networks_are_apart(void **state)
{
	loop->networks.count = 2;
	comes_back(UE, LANE_UPLINK, route_network_side(2));
	assert_int_equal(network, 2);
	assert_int_equal(passed.code, LANE_DOWNLINK);
	list = HOLD_LISTS;
	steered = (struct steer_result){ .code = VERDICT_OTHER_NETWORK };
	comes_back(UE, LANE_UPLINK, route_network_side(2));
	assert_int_equal(fate, LEFT);
	assert_int_equal(list, HOLD_LISTS);
}

// What is behind a subscriber is reached by the core side's router, also where another network has a pool.
static void behind_a_subscriber_is_another_hop(void **state)
{
	loop->networks.count = 2;
	steered = (struct steer_result){ .code = STEER_TO_LANE, .kind = LANE_FRAMED };
	comes_back(UE, LANE_UPLINK, route_network_side(2));
	assert_int_equal(fate, LEFT);
	assert_int_equal(list, HOLD_LISTS);
}

// Larger with its tunnel than the way to the radio side: its sender is told of the packet that it has sent, and of the room left for that.
static void a_sender_is_told_of_its_own_packet(void **state)
{
	const struct lane_handle lent = { .offset = AT, .length = 100, .port = LANE_SIDE_CORE, .code = LANE_DOWNLINK };
	const struct lane_handle back = {
		.offset = AT - 36, .length = 136, .port = LANE_SIDE_ACCESS, .code = VERDICT_FORWARD
	};

	hop_says = VERDICT_TO_SLOW_BIG;
	detour_apart(loop, &back, &lent);
	assert_int_equal(cuts, 1);
	assert_int_equal(list, HOLD_SLOW);
	assert_int_equal(passed.code, LANE_BIG);
	assert_int_equal(passed.offset, AT);
	assert_int_equal(passed.length, 100);
	assert_int_equal(passed.hint, 1400 - 36);
	assert_int_equal(passed.port, LANE_SIDE_CORE);
}

// The answer to what came out of a tunnel is for its sender's network.
static void an_answer_finds_its_network_again(void **state)
{
	const struct lane_handle asked = {
		.offset = AT, .length = 100, .port = 0, .code = LANE_UPLINK, .hint = 1u << SHARD_BITS | 7
	};
	struct lane_handle back = { .offset = AT, .length = 100, .port = LANE_SIDE_CORE, .code = VERDICT_TO_SLOW_TTL },
			   lent;

	loop->networks = (struct networks){ .count = 2,
					    .pools = 2,
					    .slot_bits = 4,
					    .places = true,
					    .pool = { { { .first_slot = 0, .rows = 1 }, 1 },
						      { { .first_slot = 1, .rows = 1 }, 2 } } };
	detour_other(loop, 0, &back, &asked);
	assert_int_equal(list, HOLD_SLOW);
	assert_int_equal(passed.hint, 2u << LANE_POOL);
	lent = passed;
	back.code = VERDICT_STEER_AGAIN;
	detour_other(loop, PLANE_SEAT_SLOW, &back, &lent);
	assert_int_equal(network, 2);
	assert_int_equal(passed.code, LANE_DOWNLINK);
}

static void an_end_marker_is_sent_on_and_ends(void **state)
{
	const struct lane_handle lent = { .offset = AT - 36, .length = 36, .code = LANE_UPLINK };
	const struct lane_handle back = { .offset = AT, .length = 56, .code = VERDICT_END_MARKERS };

	detour_other(loop, 0, &back, &lent);
	assert_int_equal(passed.length, 56);
	assert_int_equal(fate, VERDICT_END_MARKER);
}

static void who_is_apart_stays_apart(void **state)
{
	steered = (struct steer_result){ .code = VERDICT_QUARANTINED };
	comes_back(UE, LANE_UPLINK, LANE_SIDE_CORE);
	assert_int_equal(fate, VERDICT_QUARANTINED);
}

static void too_large_is_cut_or_told(void **state)
{
	hop_says = VERDICT_TO_SLOW_BIG;
	may_cut = true;
	comes_back(HOST, LANE_UPLINK, LANE_SIDE_CORE);
	assert_int_equal(cuts, 1);
	assert_int_equal(list, HOLD_LISTS);
	may_cut = false;
	comes_back(HOST, LANE_UPLINK, LANE_SIDE_CORE);
	assert_int_equal(cuts, 2);
	assert_int_equal(list, HOLD_SLOW);
	assert_int_equal(passed.code, LANE_BIG);
	assert_int_equal(passed.hint, 1400);
	conf.packets.fragment = CONF_NO;
	comes_back(HOST, LANE_UPLINK, LANE_SIDE_CORE);
	assert_int_equal(cuts, 2);
	list = HOLD_LISTS;
	comes_back(HOST, LANE_UPLINK, LANE_SIDE_ACCESS); // from tunnel to tunnel nobody is told
	assert_int_equal(fate, VERDICT_TOO_LONG);
	assert_int_equal(list, HOLD_LISTS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(among_subscribers_it_stays_here),
		CASE(others_leave),
		CASE(tunnels_of_ours_meet_here),
		CASE(but_once),
		CASE(and_nothing_else_does),
		CASE(the_configuration_decides),
		CASE(who_is_apart_stays_apart),
		CASE(networks_are_apart),
		CASE(behind_a_subscriber_is_another_hop),
		CASE(a_sender_is_told_of_its_own_packet),
		CASE(an_answer_finds_its_network_again),
		CASE(too_large_is_cut_or_told),
		CASE(an_end_marker_is_sent_on_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
