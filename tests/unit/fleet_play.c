// fleet_play.c - what the played primary does with orders, and what it says. State: play.
#include "tests/unit/fleet_play.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct play play;

static void answer_move(const Shoal__Fleet__Move *move)
{
	uint8_t bit = (uint8_t)(1u << move->shard % 8);

	if (move->seat == PLANE_SEAT_NONE) {
		play.pins[move->shard / 8] &= (uint8_t)~bit;
		return;
	}
	assert_int_equal(play.seat[move->seat].state, READY);
	play.owners[move->shard] = (uint8_t)move->seat;
	play.pins[move->shard / 8] |= bit;
}

static void shards_leave(uint32_t seat)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		if (play.owners[i] != seat)
			continue;
		play.pins[i / 8] &= (uint8_t) ~(1u << i % 8);
		for (unsigned to = 0; to < PLANE_SEAT_SLOW; to++)
			if (to != seat && play.seat[to].state == READY && !play.seat[to].guest)
				play.owners[i] = (uint8_t)to;
	}
}

static void answer_seat(const Shoal__Fleet__SeatOrder *order)
{
	Shoal__Fleet__Seat *seat = &play.seat[order->seat];

	if (order->verb == SHOAL__FLEET__SEAT_VERB__SEAT_START) {
		assert_true(seat->state == FREE || seat->state == STOPPED);
		seat->state = READY;
		seat->nest = order->nest;
		seat->guest = order->guest;
		seat->generation++;
	} else if (order->verb == SHOAL__FLEET__SEAT_VERB__SEAT_JOIN) {
		seat->guest = false;
	} else if (order->verb == SHOAL__FLEET__SEAT_VERB__SEAT_DRAIN) {
		seat->guest = true;
		shards_leave(order->seat);
	} else if (order->verb == SHOAL__FLEET__SEAT_VERB__SEAT_STOP) {
		shards_leave(order->seat);
		seat->state = STOPPED;
	} else {
		assert_true(seat->slow);
		seat->nest = play.nest[0].home ? 0 : 1;
		seat->generation++;
	}
}

static void answer_nest(const Shoal__Fleet__NestOrder *order)
{
	Shoal__Fleet__Nest *nest = &play.nest[order->nest];

	if (order->verb == SHOAL__FLEET__NEST_VERB__NEST_LOAD) {
		play.loads++;
		if (play.load_error)
			return;
		nest = &play.nest[play.nest[0].pid ? 1 : 0];
		nest->pid = 77;
		nest->ready = !play.nest_error;
		nest->build = (char *)order->path + 1;
		nest->error = (char *)(play.nest_error ? play.nest_error : "");
	} else if (order->verb == SHOAL__FLEET__NEST_VERB__NEST_HOME) {
		play.nest[0].home = order->nest == 0;
		play.nest[1].home = order->nest == 1;
	} else {
		assert_false(nest->home);
		for (unsigned i = 0; i < PLANE_SEATS; i++)
			assert_true(play.seat[i].state != READY || play.seat[i].nest != order->nest);
		nest->pid = 0;
	}
}

static bool on_order(void *with, const Shoal__Fleet__Order *order)
{
	if (play.deaf)
		return false;
	if (order->body_case == SHOAL__FLEET__ORDER__BODY_MOVE)
		answer_move(order->move);
	else if (order->body_case == SHOAL__FLEET__ORDER__BODY_SEAT)
		answer_seat(order->seat);
	else
		answer_nest(order->nest);
	play.answers++;
	return true;
}

static uint32_t on_sessions(void *with, uint8_t shard)
{
	return shard == 200 ? 9 : shard % 3;
}

static void on_told(void *with, const char *text)
{
	play.told++;
	snprintf(play.last_told, sizeof(play.last_told), "%s", text);
}

static void seat_init(unsigned i)
{
	shoal__fleet__seat__init(&play.seat[i]);
	play.seat[i].seat = i;
	play.seat[i].slow = i == PLANE_SEAT_SLOW;
	play.seat[i].state = i < 3 || i == PLANE_SEAT_SLOW ? READY : FREE;
	play.seat[i].clock_hz = HZ;
	play.seat[i].n_verdicts = VERDICT_COUNT;
	play.seat[i].verdicts = play.verdict[i];
}

int fleet_play_open(void **state)
{
	memset(&play, 0, sizeof(play));
	shoal__fleet__state__init(&play.state);
	for (unsigned i = 0; i < PLANE_SEATS; i++)
		seat_init(i);
	for (unsigned i = 0; i < PLANE_NESTS; i++) {
		shoal__fleet__nest__init(&play.nest[i]);
		play.nest[i].nest = i;
	}
	play.nest[0] =
	    (Shoal__Fleet__Nest){ play.nest[0].base, 0, (char *)"old", (char *)"", 70, true, true, 0, (char *)"" };
	for (unsigned i = 0; i < SHARDS; i++)
		play.owners[i] = (uint8_t)(i % 3);
	shoal__fleet__extra__init(&play.forged);
	play.forged.name = (char *)"primary_handles_forged";
	play.extras[0] = &play.forged;
	play.state.generation = 5;
	play.now_ns = 1000 * MS_NS;
	play.packets = 1000;
	play.upgrade.hooks = (struct upgrade_hooks){ NULL, on_order, on_sessions, on_told };
	return 0;
}

static void packets_flow(unsigned seat)
{
	bool new = play.seat[seat].nest != play.upgrade.old_nest;
	unsigned drops = new ? play.packets *play.drops_permille / 1000 : 0;

	if (!memchr(play.owners, (int)seat, SHARDS))
		return;
	play.verdict[seat][VERDICT_FORWARD] += play.packets - drops;
	play.verdict[seat][VERDICT_BAD_IP] += drops;
	play.seat[seat].busy_ticks += (uint64_t)play.packets * 5000 * (new &&play.slow ? play.slow : 1);
}

void fleet_play_word(void)
{
	play.now_ns += WORD_MS * MS_NS;
	while (play.answers) {
		play.answers--;
		upgrade_answered(&play.upgrade, play.load_error, "");
	}
	play.state.n_seats = play.state.n_nests = 0;
	for (unsigned i = 0; i < PLANE_SEATS; i++) {
		if (play.seat[i].state != FREE)
			play.seats[play.state.n_seats++] = &play.seat[i];
		packets_flow(i);
	}
	for (unsigned i = 0; i < PLANE_NESTS; i++)
		if (play.nest[i].pid || *play.nest[i].error)
			play.nests[play.state.n_nests++] = &play.nest[i];
	play.state.seats = play.seats;
	play.state.nests = play.nests;
	play.state.owners = (ProtobufCBinaryData){ SHARDS, play.owners };
	play.state.pins = (ProtobufCBinaryData){ sizeof(play.pins), play.pins };
	play.state.n_extras = 1;
	play.state.extras = play.extras;
	upgrade_state(&play.upgrade, &play.state, play.now_ns);
}
