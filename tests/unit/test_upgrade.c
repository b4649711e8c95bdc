// test_upgrade.c - the upgrade against a played primary: it obeys orders a word later, and goes wrong where the test wants it.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/upgrade.h"

#define MS_NS 1000000ull
#define WORD_MS 50u
#define HZ 1000000000ull

enum { FREE, STARTING, READY, DRAINING, DEAD, STOPPED };

// What the primary says, and what it has been ordered.
struct play {
	struct upgrade upgrade;
	Shoal__Fleet__State state;
	Shoal__Fleet__Seat seat[PLANE_SEATS], *seats[PLANE_SEATS];
	Shoal__Fleet__Nest nest[PLANE_NESTS], *nests[PLANE_NESTS];
	uint64_t verdict[PLANE_SEATS][VERDICT_COUNT];
	uint8_t owners[SHARDS], pins[SHARDS / 8];
	Shoal__Fleet__Extra forged, *extras[1];
	uint64_t now_ns;
	unsigned loads, answers; // answers: orders not answered yet
	int load_error;          // to answer a LOAD with
	bool deaf;               // takes no orders
	unsigned told;
	char last_told[400];
	// The new build's faults:
	const char *nest_error;
	unsigned drops_permille, slow; // slow: how many times the ticks of the old one
	unsigned packets;              // of each seat with a shard, from word to word
};

static struct play play;

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

// Three workers of nest 0, and a primary that has been seen.
static int setup(void **state)
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

// A word of the primary, with the answers to what was ordered before it.
static void word(void)
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

static void begin(uint32_t permille, uint32_t watch_ms)
{
	Shoal__Oss__UpgradeStart start = SHOAL__OSS__UPGRADE_START__INIT;

	if (!play.upgrade.looked)
		word();
	start.binary = (char *)"/new";
	start.canary_permille = permille;
	start.watch_ms = watch_ms;
	assert_int_equal(upgrade_start(&play.upgrade, &start, play.now_ns), 0);
	assert_int_equal(upgrade_start(&play.upgrade, &start, play.now_ns), -EBUSY);
}

static void until(enum upgrade_step step)
{
	for (unsigned i = 0; i < 5000 && play.upgrade.step != step; i++)
		word();
	assert_int_equal(play.upgrade.step, step);
}

static void assert_back(Shoal__Oss__UpgradePhase phase, const char *reason)
{
	until(UPGRADE_REST);
	assert_int_equal(play.upgrade.phase, phase);
	assert_non_null(strstr(play.upgrade.reason, reason));
	assert_non_null(strstr(play.last_told, reason));
	assert_true(play.upgrade.ended_ms);
	assert_int_equal(play.nest[1].pid, 0);
	assert_true(play.nest[0].home);
	for (unsigned i = 0; i < SHARDS; i++) {
		assert_true(play.owners[i] < 3);
		assert_false(play.pins[i / 8] >> i % 8 & 1);
	}
}

#define ROLLED_BACK SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK
#define REFUSED SHOAL__OSS__UPGRADE_PHASE__UPGRADE_REFUSED

static void goes_all_the_way(void **state)
{
	for (unsigned round = 0; round < 4; round++) {
		unsigned from = round % 2, first = from ? 0 : 3;

		begin(50, 2000);
		until(UPGRADE_GLANCE);
		assert_int_equal(play.upgrade.moved, 1);
		assert_true(play.owners[200] >= first && play.owners[200] < first + 3); // where most sessions are
		until(UPGRADE_WATCH);
		assert_int_equal(play.upgrade.moved, 13); // 5 % of 256
		until(UPGRADE_REST);
		assert_int_equal(play.upgrade.phase, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE);
		assert_string_equal(play.upgrade.to_build, "new");
		assert_int_equal(play.nest[from].pid, 0);
		assert_true(play.nest[!from].home);
		assert_int_equal(play.seat[PLANE_SEAT_SLOW].nest, !from);
		for (unsigned i = 0; i < SHARDS; i++) {
			assert_int_equal(play.seat[play.owners[i]].nest, !from);
			assert_false(play.seat[play.owners[i]].guest);
			assert_false(play.pins[i / 8] >> i % 8 & 1);
		}
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(play.seat[3 - first + i].state, STOPPED);
	}
	assert_int_equal(play.loads, 4);
}

static void refused_by_the_primary(void **state)
{
	play.load_error = EACCES;
	begin(0, 0);
	assert_back(REFUSED, "refuses");
	play.load_error = 0;
	play.nest_error = "speaks another ABI";
	begin(0, 0);
	assert_back(REFUSED, "another ABI");
	play.upgrade = (struct upgrade){ .hooks = play.upgrade.hooks }; // the next controller still sees the error
	word();
	assert_int_equal(play.upgrade.phase, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_NONE);
}

static void never_ready(void **state)
{
	begin(0, 0);
	until(UPGRADE_LOAD);
	word();
	play.nest[1].ready = false;
	for (unsigned i = 0; i < 70000 / WORD_MS; i++) {
		word();
		play.nest[1].ready = false;
	}
	assert_back(REFUSED, "nursery is not ready in time");
}

static void no_seat_is_free(void **state)
{
	for (unsigned i = 3; i < PLANE_SEAT_SLOW; i++)
		play.seat[i].state = READY;
	begin(0, 0);
	assert_back(REFUSED, "no free seat");
}

static void a_death_turns_it_back(void **state)
{
	begin(10, 10000);
	until(UPGRADE_WATCH);
	play.seat[1].deaths++; // the old build's are its own
	word();
	assert_int_equal(play.upgrade.step, UPGRADE_WATCH);
	play.seat[4].deaths++;
	assert_back(ROLLED_BACK, "seat 4 died");
}

static void an_alarm_turns_it_back(void **state)
{
	begin(10, 10000);
	until(UPGRADE_WATCH);
	upgrade_alarm(&play.upgrade, 1, "has drifted");
	assert_int_equal(play.upgrade.step, UPGRADE_WATCH); // not one of the new build's
	upgrade_alarm(&play.upgrade, 200, "has drifted");
	assert_back(ROLLED_BACK, "shard 200");
}

static void forged_handles_turn_it_back(void **state)
{
	play.forged.value = 7; // from before
	begin(10, 10000);
	until(UPGRADE_WATCH);
	play.forged.value++;
	assert_back(ROLLED_BACK, "did not have");
}

static void refusals_turn_it_back(void **state)
{
	play.drops_permille = 100;
	begin(10, 10000);
	assert_back(ROLLED_BACK, "bad_ip to 10.0 %");
}

static void a_slow_build_turns_it_back(void **state)
{
	play.slow = 20;
	begin(10, 10000);
	assert_back(ROLLED_BACK, "more than twice");
}

static void a_little_worse_is_no_cause(void **state)
{
	play.slow = 2;
	play.drops_permille = 15;
	begin(10, 1000);
	until(UPGRADE_REST);
	assert_int_equal(play.upgrade.phase, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE);
}

// What the old build refuses as well is in the traffic.
static void bad_traffic_is_no_cause(void **state)
{
	begin(10, 1000);
	for (unsigned i = 0; i < 5000 && play.upgrade.step != UPGRADE_REST; i++) {
		for (unsigned seat = 0; seat < 6; seat++)
			play.verdict[seat][VERDICT_RED] += 500;
		word();
	}
	assert_int_equal(play.upgrade.phase, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE);
}

static void the_operator_turns_it_back(void **state)
{
	assert_int_equal(upgrade_abort(&play.upgrade), -ENOENT);
	begin(10, 10000);
	assert_int_equal(upgrade_abort(&play.upgrade), 0); // the order to load is not even answered
	assert_int_equal(upgrade_abort(&play.upgrade), -EALREADY);
	assert_back(REFUSED, "operator");
	for (enum upgrade_step step = UPGRADE_SEAT; step < UPGRADE_HOME; step++) {
		begin(10, 1000);
		until(step);
		word();
		assert_int_equal(upgrade_abort(&play.upgrade), 0);
		assert_back(step > UPGRADE_SEAT || play.upgrade.goal ? ROLLED_BACK : REFUSED, "operator");
	}
	begin(10, 1000);
	until(UPGRADE_HOME);
	assert_int_equal(upgrade_abort(&play.upgrade), -EBUSY);
	until(UPGRADE_REST);
	assert_int_equal(play.upgrade.phase, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE);
}

static void a_new_primary_ends_it(void **state)
{
	begin(10, 10000);
	until(UPGRADE_WATCH);
	upgrade_state(&play.upgrade, NULL, play.now_ns);
	play.state.generation++;
	word();
	assert_int_equal(play.upgrade.step, UPGRADE_REST);
	assert_int_equal(play.upgrade.phase, ROLLED_BACK);
	assert_non_null(strstr(play.upgrade.reason, "primary"));
}

// A primary that takes no orders for a while delays it.
static void orders_are_given_again(void **state)
{
	begin(10, 1000);
	for (unsigned i = 0; i < 5000 && play.upgrade.step != UPGRADE_REST; i++) {
		play.deaf = i / 7 % 2;
		word();
	}
	assert_int_equal(play.upgrade.phase, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE);
}

// The controller is shot in each step: the next one goes back before the new build is home, and on afterwards.
static void a_new_controller_goes_on(void **state)
{
	for (enum upgrade_step step = UPGRADE_LOAD; step <= UPGRADE_RETIRE; step++) {
		struct upgrade_hooks hooks = play.upgrade.hooks;
		bool home;

		setup(state);
		begin(10, 1000);
		until(step);
		if (step == UPGRADE_LOAD)
			word();
		home = play.nest[1].home;
		play.upgrade = (struct upgrade){ .hooks = hooks };
		play.answers = 0;
		word();
		until(UPGRADE_REST);
		assert_int_equal(play.nest[0].pid != 0, play.nest[0].home);
		assert_int_equal(play.nest[1].pid != 0, play.nest[1].home);
		assert_int_equal(play.nest[1].home, home);
		for (unsigned i = 0; i < SHARDS; i++) {
			assert_int_equal(play.seat[play.owners[i]].nest, home);
			assert_false(play.seat[play.owners[i]].guest);
			assert_false(play.pins[i / 8] >> i % 8 & 1);
		}
		begin(10, 1000);
		until(UPGRADE_REST);
		assert_int_equal(play.upgrade.phase, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(goes_all_the_way, setup),
		cmocka_unit_test_setup(refused_by_the_primary, setup),
		cmocka_unit_test_setup(never_ready, setup),
		cmocka_unit_test_setup(no_seat_is_free, setup),
		cmocka_unit_test_setup(a_death_turns_it_back, setup),
		cmocka_unit_test_setup(an_alarm_turns_it_back, setup),
		cmocka_unit_test_setup(forged_handles_turn_it_back, setup),
		cmocka_unit_test_setup(refusals_turn_it_back, setup),
		cmocka_unit_test_setup(a_slow_build_turns_it_back, setup),
		cmocka_unit_test_setup(a_little_worse_is_no_cause, setup),
		cmocka_unit_test_setup(bad_traffic_is_no_cause, setup),
		cmocka_unit_test_setup(the_operator_turns_it_back, setup),
		cmocka_unit_test_setup(a_new_primary_ends_it, setup),
		cmocka_unit_test_setup(orders_are_given_again, setup),
		cmocka_unit_test_setup(a_new_controller_goes_on, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
