// test_push.c - ctrl's side of the feed against a model of the workers' side (world.h). Whatever happened: when it stops, every
// shard's owner holds what the store holds. test_push [SEEDS [FIRST]]: more of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/session/session.h"
#include "tests/unit/world.h"

#define STEPS 1200u

static uint64_t seeds = 40, seed_first = 1;

static void any_harm_heals(void **state)
{
	static struct world world;

	for (uint64_t seed = seed_first; seed < seed_first + seeds; seed++) {
		world_open(&world, seed, 1 + (uint32_t)(seed % 4) * 8);
		world.apart = seed / 4 % 2;
		world_hellos(&world);
		for (unsigned i = 0; i < STEPS; i++)
			world_step(&world);
		world_settle(&world);
		assert_true(push_applied(&world.stand.push) == world.stand.truth.sessions.by_id.count);
		assert_int_equal(world.stand.push.departed, 0);
		ctrl_stand_close(&world.stand);
	}
}

// A transport that does no harm never gives cause to send a shard again.
static void no_harm_no_alarm(void **state)
{
	static struct world world;

	for (uint64_t seed = seed_first; seed < seed_first + seeds; seed++) {
		world_open(&world, seed, 0);
		world.apart = seed % 2;
		for (unsigned i = 0; i < 100; i++)
			world_create(&world);
		world_hellos(&world);
		for (unsigned i = 0; i < STEPS; i++)
			world_step(&world);
		world_settle(&world);
		assert_int_equal(world.stand.alarms, 0);
		ctrl_stand_close(&world.stand);
	}
}

static void sends_only_what_is_missing(void **state)
{
	static struct world world;

	world_open(&world, 99, 0);
	world_hellos(&world);
	for (unsigned i = 0; i < 200; i++)
		world_create(&world);
	world_settle(&world);
	ctrl_stand_restart(&world.stand);
	world_hellos(&world);
	assert_int_equal(push_waiting(&world.stand.push), 0);
	push_fill(&world.stand.push, 0, &world.batch, world.now_ns);
	assert_int_equal(world.batch.count, 0);
	push_goodbye(&world.stand.push, 0);
	assert_int_equal(ctrl_stand_delete(&world.stand, 5), 0);
	assert_int_equal(ctrl_stand_modify(&world.stand, 6, 0xc6336499, 77000), 0);
	ctrl_stand_restart(&world.stand);
	world_hellos(&world);
	push_fill(&world.stand.push, 0, &world.batch, world.now_ns);
	assert_int_equal(world.batch.count, 3); // CLEAR; RATE, SET
	assert_int_equal(world.stand.alarms, 0);
	ctrl_stand_close(&world.stand);
}

static void a_stuck_owner_stops_nobody(void **state)
{
	static struct world world;
	uint8_t stuck = 17;
	unsigned others = 0;

	world_open(&world, 7, 0);
	world_hellos(&world);
	for (unsigned i = 0; i < 600; i++)
		world_create(&world);
	for (unsigned turn = 0; turn < 400; turn++) {
		push_fill(&world.stand.push, 0, &world.batch, world.now_ns);
		for (uint32_t i = 0; i < world.batch.count; i++)
			if (world.batch.change[i].shard != stuck)
				world_take(&world, &world.batch.change[i], world.batch.epoch);
		world_ctrl_hears(&world);
		world_time_passes(&world);
	}
	for (unsigned i = 0; i < SHARDS; i++)
		others += i != stuck ? world.stand.push.shard[i].waiting : 0;
	assert_int_equal(others, 0);
	assert_true(world.stand.push.shard[stuck].waiting > 0);
	ctrl_stand_close(&world.stand);
}

static void drift_is_found_and_mended(void **state)
{
	static struct feed_reports reports = { .count = 1 };
	static struct world world;

	world_open(&world, 3, 0);
	world_hellos(&world);
	for (unsigned i = 0; i < 100; i++)
		world_create(&world);
	world_settle(&world);
	for (unsigned i = 0; i < 8; i++) // the last sweep has to be a while ago
		world_time_passes(&world);
	world_ctrl_hears(&world);
	assert_int_equal(world.stand.alarms, 0);
	world.bank[0][9].bearer[0].peer_teid ^= 4;
	world.bank[0][9].bearer[0].teid |= 1u << 31;
	world_settle(&world);
	assert_int_equal(world.stand.alarms, 1);
	reports.report[0] = (struct report){ .kind = REPORT_ACK, .shard = 9, .epoch = world.bank[0][9].epoch };
	reports.report[0].seq = world.bank[0][9].seq + 1000; // more than was ever written
	push_reports(&world.stand.push, 0, &reports, world.now_ns);
	assert_int_equal(world.stand.alarms, 2);
	assert_int_equal(world.stand.push.shard[9].phase, PUSH_BEGIN);
	world_settle(&world);
	ctrl_stand_close(&world.stand);
}

// An owner that found something spoilt says so: what it cannot mend is sent at once, what it has mended is only told.
static void what_an_owner_lost_comes_again(void **state)
{
	static struct world world;
	static struct feed_reports reports;

	world_open(&world, 3, 0);
	world_hellos(&world);
	for (unsigned i = 0; i < 100; i++)
		world_create(&world);
	world_settle(&world);
	for (unsigned i = 0; i < 8; i++)
		world_time_passes(&world);
	world_ctrl_hears(&world);
	for (unsigned what = LOST_CELL; what <= LOST_HEADER + 1; what++) { // the last is a later build's
		struct report *report = &reports.report[0];
		uint8_t shard = (uint8_t)(9 + what);
		bool again = what < LOST_INDEX;

		reports.count = 1;
		*report = (struct report){ .kind = REPORT_LOST, .shard = shard, .slot = 3 };
		report->epoch = world.bank[0][shard].epoch;
		report->seq = world.bank[0][shard].seq;
		report->digest = what;
		push_reports(&world.stand.push, 0, &reports, world.now_ns);
		assert_int_equal(world.stand.alarms, what <= LOST_HEADER ? what + 1 : LOST_HEADER + 1);
		assert_int_equal(world.stand.push.shard[shard].phase, again ? PUSH_BEGIN : PUSH_REPLAY);
		push_reports(&world.stand.push, 0, &reports, world.now_ns); // under way already
		assert_int_equal(world.stand.push.shard[shard].phase, again ? PUSH_BEGIN : PUSH_REPLAY);
		world.stand.alarms = what <= LOST_HEADER ? what + 1 : LOST_HEADER + 1;
	}
	world_settle(&world);
	ctrl_stand_close(&world.stand);
}

static void a_refused_change_stops_only_itself(void **state)
{
	static struct world world;
	static struct feed_reports reports;
	struct report *report = &reports.report[0];
	uint8_t shard;

	world_open(&world, 3, 0);
	world_hellos(&world);
	for (unsigned i = 0; i < 600; i++)
		world_create(&world);
	push_fill(&world.stand.push, 0, &world.batch, world.now_ns);
	shard = world.batch.change[0].shard;
	reports.count = 1;
	*report = (struct report){ .kind = REPORT_REFUSED, .shard = shard, .epoch = world.batch.epoch };
	for (uint32_t i = 0; !report->seq; i++) {
		assert_true(i < world.batch.count);
		if (world.batch.change[i].verb != CHANGE_SET)
			continue;
		report->seq = world.batch.change[i].seq;
		report->slot = world.batch.change[i].slot;
	}
	push_reports(&world.stand.push, 0, &reports, world.now_ns);
	assert_int_equal(world.stand.alarms, 1);
	for (unsigned turn = 0; turn < 100 && push_waiting(&world.stand.push); turn++) {
		world_ctrl_sends(&world);
		world_owners_hear(&world);
		world_ctrl_hears(&world);
		world_time_passes(&world);
	}
	assert_int_equal(push_waiting(&world.stand.push), 0);
	assert_int_equal(push_applied(&world.stand.push), world.stand.truth.sessions.by_id.count - 1);
	assert_true(world_digest(&world.bank[0][shard]) == world.stand.truth.chains.chain[shard].digest);
	ctrl_stand_close(&world.stand);
}

static void a_final_count_reaches_the_deleted(void **state)
{
	static struct world world;

	world_open(&world, 5, 0);
	world_hellos(&world);
	for (unsigned i = 0; i < 5; i++)
		world_create(&world);
	world_settle(&world);
	assert_int_equal(ctrl_stand_delete(&world.stand, 2), 0);
	assert_int_equal(world.stand.departed, 0);
	world_settle(&world);
	assert_int_equal(world.stand.departed, 1);
	ctrl_stand_keep(&world.stand);
	ctrl_stand_keep(&world.stand);
	assert_true(world.stand.settled_bytes > 0); // the model counts the TEID as bytes
	ctrl_stand_close(&world.stand);
}

// A cell that is emptied and taken again before anything was sent: the first session's last counters are asked for all the
// same.
static void a_final_count_survives_a_new_tenant(void **state)
{
	static struct world world;
	struct ctrl_session session;
	uint32_t ipv4;

	world_open(&world, 5, 0);
	world_hellos(&world);
	world_create(&world);
	ipv4 = world.stand.answer->session->session->ue->ipv4;
	world_settle(&world);
	assert_int_equal(ctrl_stand_delete(&world.stand, 1), 0);
	ctrl_session_init(&session, 77);
	session.ue.ipv4 = ipv4;
	assert_int_equal(ctrl_stand_create(&world.stand, &session), 0);
	world_settle(&world);
	assert_int_equal(world.stand.departed, 1);
	ctrl_stand_keep(&world.stand);
	assert_true(world.stand.settled_bytes > 0);
	ctrl_stand_close(&world.stand);
}

// All SETs of a snapshot have arrived, its end has not, and a session nobody knows lives on: the digest cannot tell.
static void a_sweep_cut_short_begins_again(void **state)
{
	static struct world world;
	struct owner *owner;
	unsigned turn = 0;
	uint8_t shard;

	world_open(&world, 11, 0);
	world_create(&world);
	shard = (uint8_t)world.stand.answer->session->session->shard;
	owner = &world.bank[0][shard];
	owner->seq = 1000; // ahead of the store: a sweep is due
	owner->bearer[7].teid = 0x7f000000;
	world_hellos(&world);
	do {
		world_ctrl_sends(&world);
		for (uint32_t i = 0; i < world.wire[0].change_count; i++)
			if (world.wire[0].changes[i].change.verb != CHANGE_SWEEP_END)
				world_take(&world, &world.wire[0].changes[i].change, world.wire[0].changes[i].epoch);
		world.wire[0].change_count = 0;
		world_ctrl_hears(&world);
	} while (!chain_sweeping(owner->seq) && ++turn < 10);
	assert_true(chain_sweeping(owner->seq));
	assert_true(world_digest(owner) == world.stand.truth.chains.chain[shard].digest);
	push_goodbye(&world.stand.push, 0);
	world_hellos(&world);
	world_settle(&world);
	ctrl_stand_close(&world.stand);
}

static void world_with_sessions(struct world *world, bool apart)
{
	world_open(world, 21, 0);
	world->apart = apart;
	world_hellos(world);
	for (unsigned i = 0; i < 200; i++)
		world_create(world);
	world_settle(world);
	assert_int_equal(world->ids_count, 200);
}

// Everything goes to the other nest: what that costs in changes.
static uint64_t all_go(struct world *world, enum luggage luggage)
{
	for (unsigned shard = 0; shard < SHARDS; shard++)
		world_goes(world, (uint8_t)shard, luggage);
	world_ctrl_hears(world);
	return push_waiting(&world->stand.push);
}

static void a_move_costs_what_the_new_owner_lacks(void **state)
{
	static struct world world;
	static const struct {
		bool apart;
		enum luggage luggage;
		uint64_t changes;
	} cases[] = { { false, LUGGAGE_NONE, 0 }, { true, LUGGAGE_IMAGE, 0 }, { true, LUGGAGE_NONE, 200 } };

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t epoch;

		world_with_sessions(&world, cases[i].apart);
		epoch = world.stand.push.epoch;
		assert_int_equal(all_go(&world, cases[i].luggage), cases[i].changes);
		push_fill(&world.stand.push, 0, &world.batch, world.now_ns);
		assert_int_equal(world.batch.count, 0);
		world_settle(&world);
		assert_int_equal(ctrl_stand_modify(&world.stand, 6, 0xc6336499, 77000), 0);
		world_time_passes(&world);
		assert_int_equal(all_go(&world, cases[i].luggage), 1); // back again: it knows all but the last
		world_settle(&world);
		assert_int_equal(world.stand.alarms, 0);
		assert_true(world.stand.push.epoch == epoch); // no sweep
		ctrl_stand_close(&world.stand);
	}
}

static void a_late_word_of_the_old_nest_is_not_believed(void **state)
{
	static struct world world;
	struct push_shard *shard = &world.stand.push.shard[9];

	world_with_sessions(&world, false);
	world_goes(&world, 9, LUGGAGE_NONE);
	world_ctrl_hears(&world);
	assert_int_equal(shard->link, 1);
	world.home[9] = 0;
	world_report(&world, 9, REPORT_GAP);
	world_report(&world, 9, REPORT_ACK);
	world_ctrl_hears(&world);
	assert_int_equal(shard->link, 1);
	// It was no late word: the other link says nothing any more.
	for (unsigned i = 0; i < 20; i++) {
		world_time_passes(&world);
		world_ctrl_hears(&world);
	}
	assert_int_equal(shard->link, 0);
	assert_int_equal(world.stand.alarms, 0);
	ctrl_stand_close(&world.stand);
}

// The courier of one nest dies: the other's shards are told of changes as before, and the dead one's when it is back.
static void a_couriers_death_stops_its_own_shards_alone(void **state)
{
	static struct world world;
	const Shoal__Oss__Session *session;

	world_with_sessions(&world, false);
	session = ctrl_stand_get(&world.stand, 6);
	world_goes(&world, (uint8_t)session->shard, LUGGAGE_NONE);
	world_ctrl_hears(&world);
	world_courier_dies(&world, 1);
	for (unsigned i = 5; i < 7; i++)
		assert_int_equal(ctrl_stand_modify(&world.stand, i, 0xc6336499, 77000), 0);
	for (unsigned i = 0; i < 40; i++) {
		world_ctrl_sends(&world);
		world_owners_hear(&world);
		world_ctrl_hears(&world);
		world_time_passes(&world);
	}
	assert_int_equal(push_waiting(&world.stand.push), 1);
	world_hello(&world, 1);
	world_settle(&world);
	assert_int_equal(world.stand.alarms, 0);
	ctrl_stand_close(&world.stand);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_harm_heals),
		cmocka_unit_test(sends_only_what_is_missing),
		cmocka_unit_test(a_stuck_owner_stops_nobody),
		cmocka_unit_test(drift_is_found_and_mended),
		cmocka_unit_test(what_an_owner_lost_comes_again),
		cmocka_unit_test(a_refused_change_stops_only_itself),
		cmocka_unit_test(a_final_count_reaches_the_deleted),
		cmocka_unit_test(no_harm_no_alarm),
		cmocka_unit_test(a_final_count_survives_a_new_tenant),
		cmocka_unit_test(a_sweep_cut_short_begins_again),
		cmocka_unit_test(a_move_costs_what_the_new_owner_lacks),
		cmocka_unit_test(a_late_word_of_the_old_nest_is_not_believed),
		cmocka_unit_test(a_couriers_death_stops_its_own_shards_alone),
	};

	if (argc > 1)
		seeds = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		seed_first = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
