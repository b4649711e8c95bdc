// test_upgrade.c - the upgrade against a played primary (fleet_play.h): all the way, back for every reason, and on after a restart.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/fleet_play.h"

static void begin(uint32_t permille, uint32_t watch_ms)
{
	Shoal__Oss__UpgradeStart start = SHOAL__OSS__UPGRADE_START__INIT;

	if (!play.upgrade.looked)
		fleet_play_word();
	start.binary = (char *)"/new";
	start.canary_permille = permille;
	start.watch_ms = watch_ms;
	assert_int_equal(upgrade_start(&play.upgrade, &start, play.now_ns), 0);
	assert_int_equal(upgrade_start(&play.upgrade, &start, play.now_ns), -EBUSY);
}

static void until(enum upgrade_step step)
{
	for (unsigned i = 0; i < 5000 && play.upgrade.step != step; i++)
		fleet_play_word();
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
	fleet_play_word();
	assert_int_equal(play.upgrade.phase, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_NONE);
}

static void never_ready(void **state)
{
	begin(0, 0);
	until(UPGRADE_LOAD);
	fleet_play_word();
	play.nest[1].ready = false;
	for (unsigned i = 0; i < 70000 / WORD_MS; i++) {
		fleet_play_word();
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
	fleet_play_word();
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

// A host that keeps the new build's workers off their processors makes most windows dear, not all.
static void a_noisy_host_is_no_cause(void **state)
{
	begin(10, 3000);
	for (unsigned i = 0; i < 5000 && play.upgrade.step != UPGRADE_REST; i++) {
		play.slow = i % 4 ? 30 : 1;
		fleet_play_word();
	}
	assert_int_equal(play.upgrade.phase, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE);
}

// What the old build refuses as well is in the traffic.
static void bad_traffic_is_no_cause(void **state)
{
	begin(10, 1000);
	for (unsigned i = 0; i < 5000 && play.upgrade.step != UPGRADE_REST; i++) {
		for (unsigned seat = 0; seat < 6; seat++)
			play.verdict[seat][VERDICT_RED] += 500;
		fleet_play_word();
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
		fleet_play_word();
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
	fleet_play_word();
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
		fleet_play_word();
	}
	assert_int_equal(play.upgrade.phase, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE);
}

// The controller is shot in each step: the next one goes back before the new build is home, and on afterwards.
static void a_new_controller_goes_on(void **state)
{
	for (enum upgrade_step step = UPGRADE_LOAD; step <= UPGRADE_RETIRE; step++) {
		struct upgrade_hooks hooks = play.upgrade.hooks;
		bool home;

		fleet_play_open(state);
		begin(10, 1000);
		until(step);
		if (step == UPGRADE_LOAD)
			fleet_play_word();
		home = play.nest[1].home;
		play.upgrade = (struct upgrade){ .hooks = hooks };
		play.answers = 0;
		fleet_play_word();
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

static void a_nursery_that_dies_turns_it_back(void **state)
{
	for (enum upgrade_step step = UPGRADE_FIRST; step <= UPGRADE_SPREAD; step++) {
		fleet_play_open(state);
		begin(10, 1000);
		until(step);
		play.nest[1].pid = 0;
		play.nest[1].ready = false;
		play.nest[1].error = (char *)"gone";
		assert_back(ROLLED_BACK, "nursery died");
	}
}

static void behind_the_end_the_other_nursery_ends_it(void **state)
{
	begin(10, 1000);
	until(UPGRADE_STOP);
	play.nest[0].home = true;
	play.nest[1].home = false;
	fleet_play_word();
	assert_int_equal(play.upgrade.step, UPGRADE_REST);
	assert_int_equal(play.upgrade.phase, ROLLED_BACK);
	assert_non_null(strstr(play.last_told, "instead"));
}

// Workers of another build whose nursery has died, some of them guests: the primary puts others in their seats, so nobody stops them.
static void a_new_controller_leaves_stranded_workers_alone(void **state)
{
	play.nest[0] =
	    (Shoal__Fleet__Nest){ play.nest[0].base, 0, (char *)"old", (char *)"", 0, false, false, 0, (char *)"gone" };
	play.nest[1] =
	    (Shoal__Fleet__Nest){ play.nest[1].base, 1, (char *)"new", (char *)"", 0, false, true, 0, (char *)"gone" };
	fleet_play_word();
	assert_false(play.upgrade.looked); // before there is a nursery
	play.nest[1].pid = 78;
	play.nest[1].ready = true;
	play.seat[0].guest = play.seat[2].guest = true;
	play.seat[2].nest = 1;
	for (unsigned i = 0; i < 200; i++)
		fleet_play_word();
	assert_int_equal(play.upgrade.step, UPGRADE_REST);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(play.seat[i].state, READY);
		assert_false(play.seat[i].guest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(goes_all_the_way, fleet_play_open),
		cmocka_unit_test_setup(refused_by_the_primary, fleet_play_open),
		cmocka_unit_test_setup(never_ready, fleet_play_open),
		cmocka_unit_test_setup(no_seat_is_free, fleet_play_open),
		cmocka_unit_test_setup(a_death_turns_it_back, fleet_play_open),
		cmocka_unit_test_setup(an_alarm_turns_it_back, fleet_play_open),
		cmocka_unit_test_setup(forged_handles_turn_it_back, fleet_play_open),
		cmocka_unit_test_setup(refusals_turn_it_back, fleet_play_open),
		cmocka_unit_test_setup(a_slow_build_turns_it_back, fleet_play_open),
		cmocka_unit_test_setup(a_little_worse_is_no_cause, fleet_play_open),
		cmocka_unit_test_setup(a_noisy_host_is_no_cause, fleet_play_open),
		cmocka_unit_test_setup(bad_traffic_is_no_cause, fleet_play_open),
		cmocka_unit_test_setup(the_operator_turns_it_back, fleet_play_open),
		cmocka_unit_test_setup(a_new_primary_ends_it, fleet_play_open),
		cmocka_unit_test_setup(orders_are_given_again, fleet_play_open),
		cmocka_unit_test_setup(a_new_controller_goes_on, fleet_play_open),
		cmocka_unit_test_setup(a_nursery_that_dies_turns_it_back, fleet_play_open),
		cmocka_unit_test_setup(behind_the_end_the_other_nursery_ends_it, fleet_play_open),
		cmocka_unit_test_setup(a_new_controller_leaves_stranded_workers_alone, fleet_play_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
