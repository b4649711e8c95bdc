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
#include "shared/wire/cursor.h"

#define ROOMS 4u
#define HERS 2u // the room that is given

static uint8_t room[ROOMS * ROOM_STRIDE], fates[ROOMS];
static struct plane plane = { .net.gtpu_ipv4 = 0xc0000201 };
static struct plane_view view = { .rooms = { .base = { room }, .count = { ROOMS } }, .plane = &plane };
static struct loop *loop;
static unsigned hop_says, freed, sent;
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

void echo_order(struct loop *at, const struct post_word *order)
{
	fail();
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
	counted(0, 0, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_is_taken_waits_until_it_has_gone),
		TEST(one_that_no_hop_takes_is_lost_and_its_room_free),
		TEST(without_a_room_it_is_lost),
		TEST(others_fates_are_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
