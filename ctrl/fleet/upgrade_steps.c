// upgrade_steps.c - what each step of an upgrade orders, and by what it is seen to be done.
#include <stdio.h>
#include <string.h>
#include "ctrl/fleet/upgrade_inside.h"

#define MS_NS 1000000ull
#define GLANCE_MS 1000u // at the first shard, before others follow
#define WAVE_REST_NS (100 * MS_NS)
#define WAVE_MIN 4u
#define WAVE_MAX 16u // the packets of so many shards wait at once, should the host keep their workers off the processor

// ---- Orders

static bool order_give(struct upgrade *upgrade, const Shoal__Fleet__Order *order)
{
	if (!upgrade->hooks.order(upgrade->hooks.with, order))
		return false;
	upgrade->unanswered++;
	upgrade->ordered_ns = upgrade->now_ns;
	return true;
}

static void nest_order(struct upgrade *upgrade, Shoal__Fleet__NestVerb verb, uint32_t nest)
{
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__NestOrder body = SHOAL__FLEET__NEST_ORDER__INIT;

	body.verb = verb;
	body.nest = nest;
	body.path = verb == SHOAL__FLEET__NEST_VERB__NEST_LOAD ? upgrade->binary : (char *)"";
	order.body_case = SHOAL__FLEET__ORDER__BODY_NEST;
	order.nest = &body;
	order_give(upgrade, &order);
}

static void seat_order(struct upgrade *upgrade, Shoal__Fleet__SeatVerb verb, uint32_t seat)
{
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__SeatOrder body = SHOAL__FLEET__SEAT_ORDER__INIT;

	body.seat = seat;
	body.verb = verb;
	body.nest = upgrade->new_nest;
	body.guest = verb == SHOAL__FLEET__SEAT_VERB__SEAT_START;
	order.body_case = SHOAL__FLEET__ORDER__BODY_SEAT;
	order.seat = &body;
	order_give(upgrade, &order);
}

static bool shard_order(struct upgrade *upgrade, uint32_t shard, uint32_t seat)
{
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__Move body = SHOAL__FLEET__MOVE__INIT;

	body.shard = shard;
	body.seat = seat;
	order.body_case = SHOAL__FLEET__ORDER__BODY_MOVE;
	order.move = &body;
	return order_give(upgrade, &order);
}

// ---- What is seen

static bool in_set(uint32_t set, uint32_t seat)
{
	return seat < PLANE_SEATS && (set >> seat & 1);
}

static bool seat_empty(const Shoal__Fleet__Seat *seat)
{
	return !seat || seat->state == SHOAL__OSS__WORKER_STATE__WORKER_FREE ||
	       seat->state == SHOAL__OSS__WORKER_STATE__WORKER_STOPPED;
}

static bool seat_ready(const Shoal__Fleet__Seat *seat, uint32_t nest)
{
	return seat && seat->state == SHOAL__OSS__WORKER_STATE__WORKER_READY && seat->nest == nest;
}

static uint32_t owner_of(const Shoal__Fleet__State *state, unsigned shard)
{
	return shard < state->owners.len ? state->owners.data[shard] : PLANE_SEAT_NONE;
}

static bool seat_owns(const Shoal__Fleet__State *state, uint32_t seat)
{
	return memchr(state->owners.data, (int)seat, state->owners.len) != NULL;
}

static bool pinned(const Shoal__Fleet__State *state, unsigned shard)
{
	return shard / 8 < state->pins.len && (state->pins.data[shard / 8] >> shard % 8 & 1);
}

// ---- The new build comes up

static void nests_find(struct upgrade *upgrade, const Shoal__Fleet__State *state)
{
	for (size_t i = 0; i < state->n_nests; i++) {
		const Shoal__Fleet__Nest *nest = state->nests[i];
		char *build = nest->home ? upgrade->from_build : upgrade->to_build;

		*(nest->home ? &upgrade->old_nest : &upgrade->new_nest) = nest->nest;
		snprintf(build, sizeof(upgrade->to_build), "%s", nest->build);
	}
}

bool upgrade_load(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	const Shoal__Fleet__Nest *nest;

	if (!upgrade->ordered_ns) {
		if (may)
			nest_order(upgrade, SHOAL__FLEET__NEST_VERB__NEST_LOAD, 0);
		return false;
	}
	if (upgrade->unanswered || upgrade->words < 2) // the first word may be older than the answer
		return false;
	nests_find(upgrade, state);
	nest = upgrade_nest(state, upgrade->new_nest);
	if (nest && *nest->error)
		upgrade_fail(upgrade, "%s", nest->error);
	else if (!nest)
		upgrade_fail(upgrade, "the new nursery is gone");
	return nest && nest->ready && upgrade->old_nest != PLANE_NEST_NONE;
}

// As many free seats as the old build has workers.
static void seats_choose(struct upgrade *upgrade, const Shoal__Fleet__State *state)
{
	unsigned wanted = 0;

	for (size_t i = 0; i < state->n_seats; i++) {
		const Shoal__Fleet__Seat *seat = state->seats[i];

		if (seat->slow || seat_empty(seat) || seat->nest != upgrade->old_nest)
			continue;
		upgrade->old_seats |= 1u << seat->seat;
		wanted += !seat->guest;
	}
	for (unsigned i = 0; i < PLANE_SEAT_SLOW && wanted; i++) {
		const Shoal__Fleet__Seat *seat = upgrade_sitter(state, i);

		if (!seat_empty(seat))
			continue;
		upgrade->new_seats |= 1u << i;
		upgrade->deaths[i] = seat ? seat->deaths : 0;
		wanted--;
	}
}

bool upgrade_seat(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	bool ready = true;

	if (!upgrade->new_seats)
		seats_choose(upgrade, state);
	if (!upgrade->new_seats)
		upgrade_fail(upgrade, "there is no free seat for a worker of the new build");
	for (unsigned i = 0; i < PLANE_SEATS; i++) {
		const Shoal__Fleet__Seat *seat = upgrade_sitter(state, i);

		if (!in_set(upgrade->new_seats, i))
			continue;
		ready &= seat_ready(seat, upgrade->new_nest);
		if (seat_empty(seat) && may)
			seat_order(upgrade, SHOAL__FLEET__SEAT_VERB__SEAT_START, i);
	}
	return ready;
}

// ---- Shards go over

// The seat of the new build that is to have the fewest.
static uint32_t seat_next(const struct upgrade *upgrade)
{
	unsigned has[PLANE_SEATS] = { 0 };
	uint32_t best = PLANE_SEAT_NONE;

	for (unsigned i = 0; i < SHARDS; i++)
		if (upgrade->to[i] < PLANE_SEATS)
			has[upgrade->to[i]]++;
	for (unsigned i = 0; i < PLANE_SEATS; i++)
		if (in_set(upgrade->new_seats, i) && (best == PLANE_SEAT_NONE || has[i] < has[best]))
			best = i;
	return best;
}

// The shard with the most sessions of those that stay so far: a trial without packets shows nothing.
static uint32_t shard_next(const struct upgrade *upgrade)
{
	uint32_t best = SHARDS, sessions = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		uint32_t has = upgrade->hooks.sessions(upgrade->hooks.with, (uint8_t)i);

		if (upgrade->to[i] != PLANE_SEAT_NONE || (best < SHARDS && has <= sessions))
			continue;
		best = i;
		sessions = has;
	}
	return best;
}

static void goal_set(struct upgrade *upgrade, unsigned goal)
{
	for (; upgrade->goal < goal && upgrade->goal < SHARDS; upgrade->goal++)
		upgrade->to[shard_next(upgrade)] = (uint8_t)seat_next(upgrade);
}

static bool shards_move(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	unsigned missing = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		if (upgrade->to[i] == PLANE_SEAT_NONE || owner_of(state, i) == upgrade->to[i])
			continue;
		missing++;
		if (may && !shard_order(upgrade, i, upgrade->to[i]))
			break;
	}
	return !missing;
}

bool upgrade_first(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	goal_set(upgrade, 1);
	return shards_move(upgrade, state, may);
}

bool upgrade_glance(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	uint32_t ms = upgrade->watch_ms < GLANCE_MS ? upgrade->watch_ms : GLANCE_MS;

	return upgrade->now_ns - upgrade->step_ns >= ms * MS_NS;
}

bool upgrade_canary(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	goal_set(upgrade, (SHARDS * upgrade->canary_permille + 500) / 1000);
	return shards_move(upgrade, state, may);
}

bool upgrade_watch(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	return upgrade->now_ns - upgrade->step_ns >= upgrade->watch_ms * MS_NS;
}

// Each wave is half as large as all before it together, up to a limit.
bool upgrade_spread(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	unsigned wave = upgrade->goal / 2 > WAVE_MIN ? upgrade->goal / 2 : WAVE_MIN;

	if (!shards_move(upgrade, state, may))
		return false;
	if (upgrade->goal == SHARDS)
		return true;
	if (upgrade->now_ns - upgrade->ordered_ns < WAVE_REST_NS)
		return false;
	goal_set(upgrade, upgrade->goal + (wave < WAVE_MAX ? wave : WAVE_MAX));
	shards_move(upgrade, state, !upgrade->unanswered);
	return false;
}

// ---- The old build leaves

bool upgrade_home(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	const Shoal__Fleet__Nest *nest = upgrade_nest(state, upgrade->new_nest);

	if (nest && nest->home)
		return true;
	if (may)
		nest_order(upgrade, SHOAL__FLEET__NEST_VERB__NEST_HOME, upgrade->new_nest);
	return false;
}

// Pins keep the shards where they are until the old seats take none any more.
bool upgrade_join(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	bool joined = true;

	for (size_t i = 0; i < state->n_seats; i++) {
		if (!in_set(upgrade->new_seats, state->seats[i]->seat) || !state->seats[i]->guest)
			continue;
		joined = false;
		if (may)
			seat_order(upgrade, SHOAL__FLEET__SEAT_VERB__SEAT_JOIN, state->seats[i]->seat);
	}
	return joined;
}

bool upgrade_drain(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	bool drained = true;

	for (size_t i = 0; i < state->n_seats; i++) {
		const Shoal__Fleet__Seat *seat = state->seats[i];

		if (!in_set(upgrade->old_seats, seat->seat) || seat_empty(seat))
			continue;
		drained &= seat->guest && !seat_owns(state, seat->seat);
		if (may && !seat->guest)
			seat_order(upgrade, SHOAL__FLEET__SEAT_VERB__SEAT_DRAIN, seat->seat);
	}
	return drained;
}

bool upgrade_free(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	bool freed = true;

	for (unsigned i = 0; i < SHARDS; i++) {
		if (!pinned(state, i))
			continue;
		freed = false;
		if (may && !shard_order(upgrade, i, PLANE_SEAT_NONE))
			break;
	}
	return freed;
}

static bool seats_stop(struct upgrade *upgrade, const Shoal__Fleet__State *state, uint32_t seats, bool may)
{
	bool stopped = true;

	for (size_t i = 0; i < state->n_seats; i++) {
		const Shoal__Fleet__Seat *seat = state->seats[i];

		if (!in_set(seats, seat->seat) || seat_empty(seat))
			continue;
		stopped = false;
		if (may)
			seat_order(upgrade, SHOAL__FLEET__SEAT_VERB__SEAT_STOP, seat->seat);
	}
	return stopped;
}

bool upgrade_stop(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	return seats_stop(upgrade, state, upgrade->old_seats, may);
}

// The slow lane comes last: as long as it is of the old nest, that is known to be the one that leaves.
bool upgrade_slow(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	const Shoal__Fleet__Seat *seat = upgrade_sitter(state, PLANE_SEAT_SLOW);

	if (seat_empty(seat) || seat_ready(seat, upgrade->new_nest))
		return true;
	if (may && seat_ready(seat, upgrade->old_nest))
		seat_order(upgrade, SHOAL__FLEET__SEAT_VERB__SEAT_RESTART, PLANE_SEAT_SLOW);
	return false;
}

static bool nest_retire(struct upgrade *upgrade, const Shoal__Fleet__State *state, uint32_t index, bool may)
{
	const Shoal__Fleet__Nest *nest = upgrade_nest(state, index);

	if (!nest || !nest->pid)
		return true;
	if (may)
		nest_order(upgrade, SHOAL__FLEET__NEST_VERB__NEST_RETIRE, index);
	return false;
}

bool upgrade_retire(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	return nest_retire(upgrade, state, upgrade->old_nest, may);
}

// ---- Back

// Stopping hands their shards over first: to the regular ones, which are the old build's.
bool upgrade_back(struct upgrade *upgrade, const Shoal__Fleet__State *state, bool may)
{
	if (upgrade->unanswered || upgrade->words < 2) // what was ordered last may not be seen yet
		return false;
	nests_find(upgrade, state);
	return seats_stop(upgrade, state, upgrade->new_seats, may) && upgrade_free(upgrade, state, may) &&
	       nest_retire(upgrade, state, upgrade->new_nest, may);
}
