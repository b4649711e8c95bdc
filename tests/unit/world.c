// world.c - the workers' side of the feed as a model, and all that may befall it. State: struct world, the test's.
#include "tests/unit/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/kit/hash.h"
#include "ctrl/session/session.h"

uint32_t world_draw(struct world *world, uint32_t below)
{
	world->random = world->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(world->random >> 33) % below;
}

struct owner *world_owner(struct world *world, uint8_t shard)
{
	return &world->bank[world->apart ? world->home[shard] : 0][shard];
}

uint64_t world_digest(const struct owner *owner)
{
	uint64_t digest = 0;

	for (uint32_t slot = 0; slot < SLOTS; slot++)
		if (owner->bearer[slot].teid && (!owner->sweeping || owner->swept[slot]))
			digest ^= bearer_digest(slot, &owner->bearer[slot]);
	return digest;
}

static void report_add(struct world *world, const struct report *report)
{
	struct wire *wire = &world->wire[world->home[report->shard]];

	if (wire->report_count < QUEUE)
		wire->reports[wire->report_count++] = *report;
}

void world_report(struct world *world, uint8_t shard, uint8_t kind)
{
	const struct owner *owner = world_owner(world, shard);
	struct report report = { .kind = kind, .shard = shard, .epoch = owner->epoch, .seq = owner->seq };

	report.digest = world_digest(owner);
	report_add(world, &report);
}

static void slot_clear(struct world *world, uint8_t shard, uint32_t slot)
{
	struct owner *owner = world_owner(world, shard);
	struct report report = { .kind = REPORT_FINAL, .shard = shard, .slot = slot };

	report.teid = owner->bearer[slot].teid;
	report.uplink_bytes = report.teid;
	if (report.teid)
		report_add(world, &report);
	owner->bearer[slot] = (struct bearer){ 0 };
}

static void owner_apply(struct world *world, const struct change *change)
{
	struct owner *owner = world_owner(world, change->shard);

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

void world_take(struct world *world, const struct change *change, uint64_t epoch)
{
	struct owner *owner = world_owner(world, change->shard);
	bool begin = change->verb == CHANGE_SWEEP_BEGIN;

	if (change->verb == CHANGE_PART && epoch >= owner->epoch && change->prev == owner->seq) {
		if (!world_part(&owner->coming, change, epoch))
			world_report(world, change->shard, REPORT_GAP);
		return;
	}
	if (epoch < owner->epoch || (!begin && change->seq > owner->seq &&
				     (change->prev != owner->seq || !world_sheet(&owner->coming, change, epoch)))) {
		world_report(world, change->shard, REPORT_GAP);
		return;
	}
	if (change->seq > owner->seq && world->unskilled[world->home[change->shard]] && change->verb == CHANGE_SET &&
	    change->bearer.sheet_bytes) {
		report_add(world, &(struct report){ .kind = REPORT_REFUSED,
						    .shard = change->shard,
						    .slot = change->slot,
						    .epoch = owner->epoch,
						    .seq = change->seq });
		return;
	}
	if (begin || change->seq > owner->seq) {
		owner_apply(world, change);
		owner->epoch = epoch;
		owner->seq = change->seq;
	}
	world_report(world, change->shard, REPORT_ACK);
}

void world_hello(struct world *world, unsigned link)
{
	static struct feed_hello hello;

	world->wire[link].change_count = world->wire[link].report_count = 0;
	world->up[link] = true;
	for (unsigned i = 0; i < SHARDS; i++) {
		const struct owner *owner = &world->bank[world->apart ? link : 0][i];
		uint8_t seat = world->home[i] == link ? (uint8_t)link : PLANE_SEAT_NONE;

		hello.stand[i] = (struct feed_stand){ owner->epoch, owner->seq, world_digest(owner), 0, seat };
	}
	hello.skills = world->unskilled[link] ? 0 : SHEET_SKILLS;
	push_hello(&world->stand.push, link, &hello, world->now_ns);
}

void world_hellos(struct world *world)
{
	for (unsigned link = 0; link < PLANE_NESTS; link++)
		if (world->up[link])
			world_hello(world, link);
}

void world_courier_dies(struct world *world, unsigned link)
{
	world->up[link] = false;
	push_goodbye(&world->stand.push, link);
}

void world_goes(struct world *world, uint8_t shard, enum luggage luggage)
{
	struct owner *from = world_owner(world, shard);

	world->home[shard] ^= 1;
	if (luggage == LUGGAGE_IMAGE)
		*world_owner(world, shard) = *from;
	world_report(world, shard, REPORT_GAP);
}

static void ctrl_sends_by(struct world *world, unsigned link)
{
	struct wire *wire = &world->wire[link];

	push_fill(&world->stand.push, link, &world->batch, world->now_ns);
	for (uint32_t i = 0; i < world->batch.count && wire->change_count < QUEUE; i++) {
		uint32_t fate = world_draw(world, 100);
		uint32_t at = wire->change_count;

		if (fate < world->badness / 2)
			continue; // lost
		wire->changes[at].epoch = world->batch.epoch;
		wire->changes[at].change = world->batch.change[i];
		wire->change_count++;
		if (fate < world->badness && at) { // changes places with an earlier one, or comes twice
			uint32_t other = world_draw(world, at);

			wire->changes[at] = wire->changes[other];
			wire->changes[other].epoch = world->batch.epoch;
			wire->changes[other].change = world->batch.change[i];
		}
	}
}

void world_ctrl_sends(struct world *world)
{
	for (unsigned link = 0; link < PLANE_NESTS; link++)
		if (world->up[link])
			ctrl_sends_by(world, link);
}

// What reaches a courier whose workers do not hold the shard stays there, and is dropped when they do.
static void owners_hear_by(struct world *world, unsigned link)
{
	struct wire *wire = &world->wire[link];
	uint32_t count = wire->change_count ? 1 + world_draw(world, wire->change_count) : 0;

	for (uint32_t i = 0; i < count; i++)
		if (world->home[wire->changes[i].change.shard] == link)
			world_take(world, &wire->changes[i].change, wire->changes[i].epoch);
	wire->change_count -= count;
	memmove(wire->changes, wire->changes + count, wire->change_count * sizeof(*wire->changes));
}

void world_owners_hear(struct world *world)
{
	for (unsigned link = 0; link < PLANE_NESTS; link++)
		if (world->up[link])
			owners_hear_by(world, link);
}

static void ctrl_hears_by(struct world *world, unsigned link)
{
	static struct feed_reports reports;
	struct wire *wire = &world->wire[link];

	reports.count = 0;
	for (uint32_t i = 0; i < wire->report_count && reports.count < FEED_BATCH_MAX; i++)
		if (world_draw(world, 100) >= world->badness)
			reports.report[reports.count++] = wire->reports[i];
	wire->report_count = 0;
	push_reports(&world->stand.push, link, &reports, world->now_ns);
}

// Which link is heard first is a matter of luck.
void world_ctrl_hears(struct world *world)
{
	unsigned first = world_draw(world, PLANE_NESTS);

	for (unsigned i = 0; i < PLANE_NESTS; i++)
		if (world->up[(first + i) % PLANE_NESTS])
			ctrl_hears_by(world, (first + i) % PLANE_NESTS);
}

void world_time_passes(struct world *world)
{
	world->now_ns += SECOND_NS / 4;
	push_tick(&world->stand.push, world->now_ns);
	if (world->now_ns % SECOND_NS)
		return;
	for (unsigned i = 0; i < SHARDS; i++)
		world_report(world, (uint8_t)i, REPORT_ACK);
}

static void disaster(struct world *world)
{
	struct owner *owner = world_owner(world, (uint8_t)world_draw(world, SHARDS));
	uint32_t slot = world_draw(world, SLOTS);
	unsigned link = world_draw(world, PLANE_NESTS);

	switch (world_draw(world, 6)) {
	case 0: // ctrl is shot and comes back
		ctrl_stand_restart(&world->stand);
		world_hellos(world);
		break;
	case 1: // a courier is
		world_courier_dies(world, link);
		world_hello(world, link);
		break;
	case 2: // and this one comes back later
		world_courier_dies(world, link);
		break;
	case 3: // a bit flips in a line
		if (owner->bearer[slot].teid)
			owner->bearer[slot].peer_teid ^= 1;
		break;
	case 4: // a session nobody knows
		owner->bearer[slot].teid = 0x7f000000;
		owner->bearer[slot].ue_ipv4 = 0x01020304;
		break;
	default: // the primary is born again: all shards are empty
		memset(world->bank, 0, sizeof(world->bank));
		memset(world->home, 0, sizeof(world->home));
		world_courier_dies(world, 1);
		world_hello(world, 0);
	}
}

void world_step(struct world *world)
{
	uint32_t what = world_draw(world, 100);

	world->walks = true;
	if (what < 20)
		world_create(world);
	else if (what < 35)
		world_change(world, what < 26);
	else if (what < 55)
		world_ctrl_sends(world);
	else if (what < 75)
		world_owners_hear(world);
	else if (what < 88)
		world_ctrl_hears(world);
	else if (what < 92)
		world_goes(world, (uint8_t)world_draw(world, SHARDS),
			   world_draw(world, 2) ? LUGGAGE_IMAGE : LUGGAGE_NONE);
	else if (what < 99 || !world->badness)
		world_time_passes(world);
	else
		disaster(world);
}

static bool alike(struct world *world)
{
	const struct chains *chains = &world->stand.truth.chains;
	const struct grid *grid = &world->stand.truth.grid;

	for (uint32_t i = 0; i < SLOTS * SHARDS; i++) {
		const struct owner *owner = world_owner(world, cell_shard(grid, i));
		const struct bearer *bearer = &owner->bearer[cell_slot(grid, i)];
		const struct session *session = grid->cells[i].session;
		uint16_t rate = bearer->uplink.rate;

		if (!bearer->teid != !session || owner->sweeping)
			return false;
		if (session && memcmp(bearer, &session->bearer, sizeof(*bearer)))
			return false;
		if (session && rate && memcmp(&owner->rate[rate], rates_at(world->stand.truth.rates, rate), 16))
			return false;
		if (world_digest(owner) != chains->chain[cell_shard(grid, i)].digest)
			return false;
	}
	return true;
}

void world_settle(struct world *world)
{
	world->badness = 0;
	world->walks = false;
	for (unsigned link = 0; link < PLANE_NESTS; link++)
		if (!world->up[link])
			world_hello(world, link);
	for (unsigned turn = 0; turn < 2000; turn++) {
		world_ctrl_sends(world);
		world_owners_hear(world);
		world_ctrl_hears(world);
		if (turn % 4 == 0)
			world_time_passes(world);
		if (!push_waiting(&world->stand.push) && alike(world))
			return;
	}
	fail_msg("seed %llu: the owners do not come to what the store holds", (unsigned long long)world->seed);
}

void world_open(struct world *world, uint64_t seed, uint32_t badness)
{
	memset(world, 0, sizeof(*world));
	ctrl_stand_open(&world->stand);
	assert_int_equal(world->stand.truth.grid.slots, SLOTS);
	world->seed = seed;
	world->random = hash_u64(seed, 1);
	world->badness = badness;
	world->now_ns = SECOND_NS;
	world->up[0] = world->up[1] = true;
}
