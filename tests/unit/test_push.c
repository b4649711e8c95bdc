// test_push.c - ctrl's side of the feed against a model of the workers' side, over a transport that loses, doubles and
// reorders. Whatever happened: when it stops, every shard's owner holds what the store holds.
// test_push [SEEDS [FIRST]]: more of them. It is longer than the house allows because the model stands beside what is tried on it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/hash.h"
#include "ctrl/session.h"
#include "tests/unit/ctrl_stand.h"

#define SECOND_NS 1000000000ull
#define SLOTS 9u // of the stand: 5 rows and 4 foreign
#define RATES 16u
#define QUEUE 4096u
#define STEPS 1200u

// A shard as its owner has it: the rules of shared/wire/change.h, nothing else.
struct owner {
	uint64_t epoch, seq;
	struct bearer bearer[SLOTS]; // teid 0 = empty
	bool swept[SLOTS];           // SET since SWEEP_BEGIN
	bool sweeping;
	struct bearer_rate rate[RATES];
};

static uint64_t seeds = 40, seed_first = 1;

struct wire {
	struct {
		uint64_t epoch;
		struct change change;
	} changes[QUEUE];
	struct report reports[QUEUE];
	uint32_t change_count, report_count;
};

struct world {
	struct ctrl_stand stand;
	struct owner owner[SHARDS];
	struct wire wire;
	struct feed_batch batch;
	uint64_t seed, random, now_ns, ids[512];
	uint32_t ids_count, created, badness; // badness: percent of messages that come to harm
};

static uint32_t draw(struct world *world, uint32_t below)
{
	world->random = world->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(world->random >> 33) % below;
}

static uint64_t owner_digest(const struct owner *owner)
{
	uint64_t digest = 0;

	for (uint32_t slot = 0; slot < SLOTS; slot++)
		if (owner->bearer[slot].teid && (!owner->sweeping || owner->swept[slot]))
			digest ^= bearer_digest(slot, &owner->bearer[slot]);
	return digest;
}

static void report_add(struct world *world, const struct report *report)
{
	struct wire *wire = &world->wire;

	if (wire->report_count < QUEUE)
		wire->reports[wire->report_count++] = *report;
}

static void stand_report(struct world *world, uint8_t shard, uint8_t kind)
{
	const struct owner *owner = &world->owner[shard];
	struct report report = { .kind = kind, .shard = shard, .epoch = owner->epoch, .seq = owner->seq };

	report.digest = owner_digest(owner);
	report_add(world, &report);
}

static void slot_clear(struct world *world, uint8_t shard, uint32_t slot)
{
	struct owner *owner = &world->owner[shard];
	struct report report = { .kind = REPORT_FINAL, .shard = shard, .slot = slot };

	report.teid = owner->bearer[slot].teid;
	report.uplink_bytes = report.teid;
	if (report.teid)
		report_add(world, &report);
	owner->bearer[slot] = (struct bearer){ 0 };
}

static void owner_apply(struct world *world, const struct change *change)
{
	struct owner *owner = &world->owner[change->shard];

	if (change->verb == CHANGE_SET) {
		// A worker polices by the rate it has been told: it has to be the right one by now.
		assert_true(!change->bearer.uplink.rate || owner->rate[change->bearer.uplink.rate].cir_bps);
		owner->bearer[change->slot] = change->bearer;
		owner->swept[change->slot] = true;
	} else if (change->verb == CHANGE_CLEAR) {
		slot_clear(world, change->shard, change->slot);
	} else if (change->verb == CHANGE_RATE) {
		owner->rate[change->rate_index] = change->rate;
	} else if (change->verb == CHANGE_SWEEP_BEGIN) {
		owner->sweeping = true;
		memset(owner->swept, 0, sizeof(owner->swept));
	} else {
		for (uint32_t slot = 0; slot < SLOTS; slot++)
			if (!owner->swept[slot] && owner->sweeping)
				slot_clear(world, change->shard, slot);
		owner->sweeping = false;
	}
}

static void owner_take(struct world *world, const struct change *change, uint64_t epoch)
{
	struct owner *owner = &world->owner[change->shard];
	bool begin = change->verb == CHANGE_SWEEP_BEGIN;

	if (epoch < owner->epoch || (!begin && change->seq > owner->seq && change->prev != owner->seq)) {
		stand_report(world, change->shard, REPORT_GAP);
		return;
	}
	if (begin || change->seq > owner->seq) {
		owner_apply(world, change);
		owner->epoch = epoch;
		owner->seq = change->seq;
	}
	stand_report(world, change->shard, REPORT_ACK);
}

static void say_hello(struct world *world)
{
	static struct feed_hello hello;

	world->wire.change_count = world->wire.report_count = 0;
	for (unsigned i = 0; i < SHARDS; i++) {
		const struct owner *owner = &world->owner[i];

		hello.stand[i] = (struct feed_stand){ owner->epoch, owner->seq, owner_digest(owner), 0, 0 };
	}
	push_hello(&world->stand.push, &hello, world->now_ns);
}

static void ctrl_sends(struct world *world)
{
	struct wire *wire = &world->wire;

	push_fill(&world->stand.push, &world->batch, world->now_ns);
	for (uint32_t i = 0; i < world->batch.count && wire->change_count < QUEUE; i++) {
		uint32_t fate = draw(world, 100);
		uint32_t at = wire->change_count;

		if (fate < world->badness / 2)
			continue; // lost
		wire->changes[at].epoch = world->batch.epoch;
		wire->changes[at].change = world->batch.change[i];
		wire->change_count++;
		if (fate < world->badness && at) { // changes places with an earlier one, or comes twice
			uint32_t other = draw(world, at);

			wire->changes[at] = wire->changes[other];
			wire->changes[other].epoch = world->batch.epoch;
			wire->changes[other].change = world->batch.change[i];
		}
	}
}

static void owners_hear(struct world *world)
{
	struct wire *wire = &world->wire;
	uint32_t count = wire->change_count ? 1 + draw(world, wire->change_count) : 0;

	for (uint32_t i = 0; i < count; i++)
		owner_take(world, &wire->changes[i].change, wire->changes[i].epoch);
	wire->change_count -= count;
	memmove(wire->changes, wire->changes + count, wire->change_count * sizeof(*wire->changes));
}

static void ctrl_hears(struct world *world)
{
	static struct feed_reports reports;
	struct wire *wire = &world->wire;

	reports.count = 0;
	for (uint32_t i = 0; i < wire->report_count && reports.count < FEED_BATCH_MAX; i++)
		if (draw(world, 100) >= world->badness)
			reports.report[reports.count++] = wire->reports[i];
	wire->report_count = 0;
	push_reports(&world->stand.push, &reports, world->now_ns);
}

static void time_passes(struct world *world)
{
	world->now_ns += SECOND_NS / 4;
	push_tick(&world->stand.push, world->now_ns);
	if (world->now_ns % SECOND_NS)
		return;
	for (unsigned i = 0; i < SHARDS; i++)
		stand_report(world, (uint8_t)i, REPORT_ACK);
}

static void create_one(struct world *world)
{
	struct ctrl_session session;

	ctrl_session_init(&session, world->created++);
	session.ue.want_ipv6 = draw(world, 2);
	session.bearer.uplink = &session.uplink;
	session.uplink.cir_bps = draw(world, 4) ? 1000 * (1 + draw(world, 12)) : 0;
	if (world->ids_count < 512 && !ctrl_stand_create(&world->stand, &session))
		world->ids[world->ids_count++] = world->stand.answer->session->session->id;
}

static void change_one(struct world *world, bool delete)
{
	uint32_t i = draw(world, world->ids_count + 1);

	if (i == world->ids_count)
		return;
	if (!delete) {
		ctrl_stand_modify(&world->stand, world->ids[i], 0xc6330000 + draw(world, 999),
				  1000 * (1 + draw(world, 12)));
		return;
	}
	assert_int_equal(ctrl_stand_delete(&world->stand, world->ids[i]), 0);
	world->ids[i] = world->ids[--world->ids_count];
}

static void disaster(struct world *world)
{
	struct owner *owner = &world->owner[draw(world, SHARDS)];
	uint32_t slot = draw(world, SLOTS);

	switch (draw(world, 5)) {
	case 0: // ctrl is shot and comes back
		ctrl_stand_restart(&world->stand);
		say_hello(world);
		break;
	case 1: // the courier is
		push_goodbye(&world->stand.push);
		say_hello(world);
		break;
	case 2: // a bit flips in a line
		if (owner->bearer[slot].teid)
			owner->bearer[slot].peer_teid ^= 1;
		break;
	case 3: // a session nobody knows
		owner->bearer[slot].teid = 0x7f000000;
		owner->bearer[slot].ue_ipv4 = 0x01020304;
		break;
	default: // the primary is born again: all shards are empty
		memset(world->owner, 0, sizeof(world->owner));
		say_hello(world);
	}
}

static void step(struct world *world)
{
	uint32_t what = draw(world, 100);

	if (what < 20)
		create_one(world);
	else if (what < 35)
		change_one(world, what < 26);
	else if (what < 55)
		ctrl_sends(world);
	else if (what < 75)
		owners_hear(world);
	else if (what < 90)
		ctrl_hears(world);
	else if (what < 99 || !world->badness)
		time_passes(world);
	else
		disaster(world);
}

static bool alike(const struct world *world)
{
	const struct chains *chains = &world->stand.truth.chains;
	const struct grid *grid = &world->stand.truth.grid;

	for (uint32_t i = 0; i < SLOTS * SHARDS; i++) {
		const struct owner *owner = &world->owner[cell_shard(grid, i)];
		const struct bearer *bearer = &owner->bearer[cell_slot(grid, i)];
		const struct session *session = grid->cells[i].session;
		uint16_t rate = bearer->uplink.rate;

		if (!bearer->teid != !session || owner->sweeping)
			return false;
		if (session && memcmp(bearer, &session->bearer, sizeof(*bearer)))
			return false;
		if (session && rate && memcmp(&owner->rate[rate], rates_at(world->stand.truth.rates, rate), 16))
			return false;
		if (owner_digest(owner) != chains->chain[cell_shard(grid, i)].digest)
			return false;
	}
	return true;
}

static void settle(struct world *world)
{
	world->badness = 0;
	for (unsigned turn = 0; turn < 2000; turn++) {
		ctrl_sends(world);
		owners_hear(world);
		ctrl_hears(world);
		if (turn % 4 == 0)
			time_passes(world);
		if (!push_waiting(&world->stand.push) && alike(world))
			return;
	}
	fail_msg("seed %llu: the owners do not come to what the store holds", (unsigned long long)world->seed);
}

static void world_open(struct world *world, uint64_t seed, uint32_t badness)
{
	memset(world, 0, sizeof(*world));
	ctrl_stand_open(&world->stand);
	assert_int_equal(world->stand.truth.grid.slots, SLOTS);
	world->seed = seed;
	world->random = hash_u64(seed, 1);
	world->badness = badness;
	world->now_ns = SECOND_NS;
}

static void any_harm_heals(void **state)
{
	static struct world world;

	for (uint64_t seed = seed_first; seed < seed_first + seeds; seed++) {
		world_open(&world, seed, 1 + (uint32_t)(seed % 4) * 8);
		say_hello(&world);
		for (unsigned i = 0; i < STEPS; i++)
			step(&world);
		settle(&world);
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
		for (unsigned i = 0; i < 100; i++)
			create_one(&world);
		say_hello(&world);
		for (unsigned i = 0; i < STEPS; i++)
			step(&world);
		settle(&world);
		assert_int_equal(world.stand.alarms, 0);
		ctrl_stand_close(&world.stand);
	}
}

static void sends_only_what_is_missing(void **state)
{
	static struct world world;

	world_open(&world, 99, 0);
	say_hello(&world);
	for (unsigned i = 0; i < 200; i++)
		create_one(&world);
	settle(&world);
	ctrl_stand_restart(&world.stand);
	say_hello(&world);
	assert_int_equal(push_waiting(&world.stand.push), 0);
	push_fill(&world.stand.push, &world.batch, world.now_ns);
	assert_int_equal(world.batch.count, 0);
	push_goodbye(&world.stand.push);
	assert_int_equal(ctrl_stand_delete(&world.stand, 5), 0);
	assert_int_equal(ctrl_stand_modify(&world.stand, 6, 0xc6336499, 77000), 0);
	ctrl_stand_restart(&world.stand);
	say_hello(&world);
	push_fill(&world.stand.push, &world.batch, world.now_ns);
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
	say_hello(&world);
	for (unsigned i = 0; i < 600; i++)
		create_one(&world);
	for (unsigned turn = 0; turn < 400; turn++) {
		push_fill(&world.stand.push, &world.batch, world.now_ns);
		for (uint32_t i = 0; i < world.batch.count; i++)
			if (world.batch.change[i].shard != stuck)
				owner_take(&world, &world.batch.change[i], world.batch.epoch);
		ctrl_hears(&world);
		time_passes(&world);
	}
	for (unsigned i = 0; i < SHARDS; i++)
		others += i != stuck ? world.stand.push.shard[i].waiting : 0;
	assert_int_equal(others, 0);
	assert_true(world.stand.push.shard[stuck].waiting > 0);
	ctrl_stand_close(&world.stand);
}

static void drift_is_found_and_mended(void **state)
{
	static struct world world;

	world_open(&world, 3, 0);
	say_hello(&world);
	for (unsigned i = 0; i < 100; i++)
		create_one(&world);
	settle(&world);
	for (unsigned i = 0; i < 8; i++) // the last sweep has to be a while ago
		time_passes(&world);
	ctrl_hears(&world);
	assert_int_equal(world.stand.alarms, 0);
	world.owner[9].bearer[0].peer_teid ^= 4;
	world.owner[9].bearer[0].teid |= 1u << 31;
	settle(&world);
	assert_int_equal(world.stand.alarms, 1);
	ctrl_stand_close(&world.stand);
}

static void a_refused_change_stops_only_itself(void **state)
{
	static struct world world;
	static struct feed_reports reports;
	struct report *report = &reports.report[0];
	uint8_t shard;

	world_open(&world, 3, 0);
	say_hello(&world);
	for (unsigned i = 0; i < 600; i++)
		create_one(&world);
	push_fill(&world.stand.push, &world.batch, world.now_ns);
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
	push_reports(&world.stand.push, &reports, world.now_ns);
	assert_int_equal(world.stand.alarms, 1);
	for (unsigned turn = 0; turn < 100 && push_waiting(&world.stand.push); turn++) {
		ctrl_sends(&world);
		owners_hear(&world);
		ctrl_hears(&world);
		time_passes(&world);
	}
	assert_int_equal(push_waiting(&world.stand.push), 0);
	assert_int_equal(push_applied(&world.stand.push), world.stand.truth.sessions.by_id.count - 1);
	assert_true(owner_digest(&world.owner[shard]) == world.stand.truth.chains.chain[shard].digest);
	ctrl_stand_close(&world.stand);
}

static void a_final_count_reaches_the_deleted(void **state)
{
	static struct world world;

	world_open(&world, 5, 0);
	say_hello(&world);
	for (unsigned i = 0; i < 5; i++)
		create_one(&world);
	settle(&world);
	assert_int_equal(ctrl_stand_delete(&world.stand, 2), 0);
	assert_int_equal(world.stand.departed, 0);
	settle(&world);
	assert_int_equal(world.stand.departed, 1);
	assert_true(world.stand.departed_bytes > 0); // the model counts the TEID as bytes
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
	say_hello(&world);
	create_one(&world);
	ipv4 = world.stand.answer->session->session->ue->ipv4;
	settle(&world);
	assert_int_equal(ctrl_stand_delete(&world.stand, 1), 0);
	ctrl_session_init(&session, 77);
	session.ue.ipv4 = ipv4;
	assert_int_equal(ctrl_stand_create(&world.stand, &session), 0);
	settle(&world);
	assert_int_equal(world.stand.departed, 1);
	assert_true(world.stand.departed_bytes > 0);
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
	create_one(&world);
	shard = (uint8_t)world.stand.answer->session->session->shard;
	owner = &world.owner[shard];
	owner->seq = 1000; // ahead of the store: a sweep is due
	owner->bearer[7].teid = 0x7f000000;
	say_hello(&world);
	do {
		ctrl_sends(&world);
		for (uint32_t i = 0; i < world.wire.change_count; i++)
			if (world.wire.changes[i].change.verb != CHANGE_SWEEP_END)
				owner_take(&world, &world.wire.changes[i].change, world.wire.changes[i].epoch);
		world.wire.change_count = 0;
		ctrl_hears(&world);
	} while (!chain_sweeping(owner->seq) && ++turn < 10);
	assert_true(chain_sweeping(owner->seq));
	assert_true(owner_digest(owner) == world.stand.truth.chains.chain[shard].digest);
	push_goodbye(&world.stand.push);
	say_hello(&world);
	settle(&world);
	ctrl_stand_close(&world.stand);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_harm_heals),
		cmocka_unit_test(sends_only_what_is_missing),
		cmocka_unit_test(a_stuck_owner_stops_nobody),
		cmocka_unit_test(drift_is_found_and_mended),
		cmocka_unit_test(a_refused_change_stops_only_itself),
		cmocka_unit_test(a_final_count_reaches_the_deleted),
		cmocka_unit_test(no_harm_no_alarm),
		cmocka_unit_test(a_final_count_survives_a_new_tenant),
		cmocka_unit_test(a_sweep_cut_short_begins_again),
	};

	if (argc > 1)
		seeds = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		seed_first = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
