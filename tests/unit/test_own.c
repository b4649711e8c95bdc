// test_own.c - what becomes of a GTP-U message of ours that cannot leave at once, or never: rooms and next hops are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <cmocka.h>
#include "primary/loop/echo.h"
#include "primary/loop/loop.h"
#include "primary/loop/own.h"
#include "primary/loop/tx.h"
#include "shared/wire/cursor.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

#define ROOMS 4u
#define HERS 2u // the room that is given

static uint8_t room[ROOMS * ROOM_STRIDE], fates[ROOMS];
static struct plane plane = { .net.gtpu_ipv4 = 0xc0000201 };
static struct plane_view view = { .rooms = { .base = { room }, .count = { ROOMS } }, .plane = &plane };
static struct loop *loop;
static unsigned hop_says, freed, sent, left_as, ended_as;
static struct post_word told;
static bool full;
static struct nic_frame frame_sent;

int nic_room(struct nic *nic, uint32_t *number)
{
	*number = HERS;
	return full ? -ENOBUFS : 0;
}

void nic_free(struct nic *nic, uint32_t number)
{
	assert_int_equal(number, HERS);
	freed++;
}

unsigned neigh_send(struct neigh *neigh, unsigned side, struct nic_frame frame, uint64_t now_ns, unsigned *mtu)
{
	assert_int_equal(side, LANE_SIDE_ACCESS);
	assert_int_equal(frame.room, HERS);
	frame_sent = frame;
	sent++;
	return hop_says;
}

void tx_frame(struct loop *at, unsigned port, struct nic_frame frame, unsigned verdict)
{
	left_as = verdict;
}

void tx_end(struct loop *at, uint32_t number, unsigned verdict)
{
	assert_int_equal(number, HERS);
	ended_as = verdict;
}

bool loop_tell(struct loop *at, struct post_word fact)
{
	told = fact;
	return true;
}

void marker_order(struct loop *at, const struct post_word *order)
{
	fail();
}

static int setup(void **state)
{
	loop = calloc(1, sizeof(*loop));
	loop->part.view = &view;
	loop->fate = fates;
	hop_says = VERDICT_FORWARD;
	full = false;
	freed = sent = 0;
	ended_as = VERDICT_COUNT;
	return !loop;
}

static int teardown(void **state)
{
	free(loop);
	return 0;
}

static void send(uint8_t fate)
{
	static const uint8_t message[] = { 0x30, 254, 0, 0, 0, 0, 0, 7 };

	fates[HERS] = VERDICT_FORWARD;
	own_send(loop, (struct own_peer){ .ipv4 = 0xc6336401 }, message, sizeof(message), fate);
}

static void counted(uint64_t markers, uint64_t lost, uint64_t asked, uint64_t asked_lost)
{
	assert_int_equal(loop->tally.markers, markers);
	assert_int_equal(loop->tally.markers_lost, lost);
	assert_int_equal(loop->tally.asked, asked);
	assert_int_equal(loop->tally.asked_lost, asked_lost);
}

// One to each who is asked, each with its number; then the list is given back.
static void echoes_are_sent_as_ordered(void **state)
{
	static struct echo_order list[] = { { .ipv4 = 0xc6336401, .sequence = 7 },
					    { .ipv6 = { 0x20, 1, [15] = 9 }, .sequence = 8 } };
	const struct post_word order = { .verb = POST_ECHOES, .list = list, .value = 2 };
	const uint8_t *packet = room + HERS * ROOM_STRIDE + ROOM_HEADROOM;

	own_order(loop, &order);
	assert_int_equal(sent, 2);
	assert_int_equal(loop->own_waiting, 2);
	assert_int_equal(frame_sent.length, IP6_HEADER + UDP_HEADER + ECHO_BYTES); // the second
	assert_memory_equal(packet + 24, list[1].ipv6, 16);
	assert_int_equal(be16_get(packet + IP6_HEADER + UDP_HEADER + GTPU_HEADER), 8);
	assert_int_equal(fates[HERS], LOOP_ECHO);
	assert_int_equal(told.verb, POST_RETURN);
	assert_ptr_equal(told.list, list);
}

// Its room says what it is, until it leaves.
static void one_that_is_taken_waits_until_it_has_gone(void **state)
{
	const uint8_t *packet = room + HERS * ROOM_STRIDE + ROOM_HEADROOM;

	send(LOOP_MARKER);
	assert_int_equal(sent, 1);
	assert_int_equal(frame_sent.offset, ROOM_HEADROOM);
	assert_int_equal(frame_sent.length, 20 + 8 + 8);
	assert_int_equal(be32_get(packet + 12), plane.net.gtpu_ipv4);
	assert_int_equal(be32_get(packet + 16), 0xc6336401);
	assert_int_equal(fates[HERS], LOOP_MARKER);
	assert_int_equal(loop->own_waiting, 1);
	counted(0, 0, 0, 0);
	assert_true(own_gone(loop, LOOP_MARKER, true));
	assert_int_equal(loop->own_waiting, 0);
	counted(1, 0, 0, 0);
	send(LOOP_ECHO);
	assert_true(own_gone(loop, fates[HERS], false));
	assert_int_equal(loop->own_waiting, 0);
	counted(1, 0, 0, 1);
	assert_int_equal(freed, 0); // whoever had it frees it
}

static void one_that_no_hop_takes_is_lost_and_its_room_free(void **state)
{
	hop_says = VERDICT_NO_ROUTE;
	send(LOOP_MARKER);
	assert_int_equal(loop->own_waiting, 0);
	assert_int_equal(freed, 1);
	counted(0, 1, 0, 0);
	send(LOOP_ECHO);
	assert_int_equal(loop->own_waiting, 0);
	assert_int_equal(freed, 2);
	counted(0, 1, 0, 1);
}

static void without_a_room_it_is_lost(void **state)
{
	full = true;
	send(LOOP_ECHO);
	assert_int_equal(loop->own_waiting, 0);
	assert_int_equal(sent + freed, 0);
	counted(0, 0, 0, 1);
}

static void others_fates_are_not_ours(void **state)
{
	loop->own_waiting = 1;
	assert_false(own_gone(loop, VERDICT_FORWARD, true));
	assert_false(own_gone(loop, LOOP_OWN, true));
	assert_int_equal(loop->own_waiting, 1);
	assert_true(own_gone(loop, LOOP_PIECE, true));
	assert_int_equal(loop->tally.pieces_lost, 0);
	loop->own_waiting = 1;
	assert_true(own_gone(loop, LOOP_PIECE, false));
	assert_int_equal(loop->tally.pieces_lost, 1);
	assert_int_equal(loop->own_waiting, 0);
	loop->own_waiting = 2;
	own_gone(loop, LOOP_PIECE, false);
	own_gone(loop, LOOP_PIECE, true);
	assert_int_equal(loop->tally.pieces_lost, 2);
	counted(0, 0, 0, 0);
}

static const struct nic_frame here = { .room = HERS, .offset = 100, .length = 60 };

static void what_waited_at_a_hop_leaves_as_what_it_is(void **state)
{
	struct neigh_out out = tx_neigh_out(loop);

	send(LOOP_MARKER);
	out.send(out.with, 0, here);
	assert_int_equal(left_as, LOOP_OWN);
	counted(1, 0, 0, 0);
	fates[HERS] = VERDICT_FORWARD;
	out.send(out.with, 0, here);
	assert_int_equal(left_as, VERDICT_FORWARD);
	send(LOOP_ECHO);
	out.drop(out.with, here, VERDICT_NO_ROUTE);
	assert_int_equal(freed, 1);
	counted(1, 0, 0, 1);
	assert_int_equal(ended_as, VERDICT_COUNT);
	fates[HERS] = VERDICT_FORWARD;
	out.drop(out.with, here, VERDICT_NO_ROUTE);
	assert_int_equal(ended_as, VERDICT_NO_ROUTE);
	assert_int_equal(freed, 1);
	assert_int_equal(loop->own_waiting, 0);
}

static void a_question_of_a_hop_is_ours(void **state)
{
	struct neigh_out out = tx_neigh_out(loop);
	uint32_t number;

	fates[HERS] = VERDICT_FORWARD;
	assert_int_equal(out.room(out.with, &number), 0);
	assert_int_equal(number, HERS);
	assert_ptr_equal(out.bytes(out.with, number), room + HERS * ROOM_STRIDE);
	assert_int_equal(fates[HERS], LOOP_OWN);
	fates[HERS] = VERDICT_FORWARD;
	full = true;
	assert_int_equal(out.room(out.with, &number), -ENOBUFS);
	assert_int_equal(fates[HERS], VERDICT_FORWARD);
}

// A trace hears when it leaves; by a port without a link it does not.
static void a_traced_one_is_told_of_as_it_leaves(void **state)
{
	static const uint32_t zones[ROOM_ZONES] = { ROOMS };
	struct trace_key key[TRACE_KEYS] = { { .number = 1, .teid = 0x04000512, .snap = 60, .window = 9 } };
	const struct lane_handle lent = { .room = HERS, .hint = 0x04000512, .length = 60, .code = LANE_UPLINK };
	struct neigh_out out = tx_neigh_out(loop);
	struct trace_cell *cell;

	assert_int_equal(hold_init(&loop->hold, zones), 0);
	assert_int_equal(traces_init(&loop->traces, &loop->hold, &(struct plane_net){ .slot_bits = 10 }), 0);
	for (unsigned port = 0; port < 2; port++) {
		loop->link = 1u << 1;
		traces_keys(&loop->traces, key);
		assert_true(trace_enter(&loop->traces, &lent, room + HERS * ROOM_STRIDE, 1));
		fates[HERS] = VERDICT_FORWARD;
		out.send(out.with, port, here);
		cell = trace_pick(&loop->traces);
		assert_non_null(cell);
		assert_int_equal(cell->verdict, port ? VERDICT_FORWARD : VERDICT_TX_DOWN);
		trace_give(&loop->traces, cell);
	}
	traces_fini(&loop->traces);
	hold_fini(&loop->hold);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(echoes_are_sent_as_ordered),
		TEST(one_that_is_taken_waits_until_it_has_gone),
		TEST(one_that_no_hop_takes_is_lost_and_its_room_free),
		TEST(without_a_room_it_is_lost),
		TEST(others_fates_are_not_ours),
		TEST(what_waited_at_a_hop_leaves_as_what_it_is),
		TEST(a_question_of_a_hop_is_ours),
		TEST(a_traced_one_is_told_of_as_it_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
