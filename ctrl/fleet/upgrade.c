// upgrade.c - the steps of an upgrade in order, what makes it turn back, and where it is found after a restart.
#include "ctrl/fleet/upgrade_inside.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "ctrl/kit/wall.h"

#define AGAIN_NS 300000000ull // orders are given again after that
#define SECOND_NS 1000000000ull
#define CANARY_PERMILLE 10u
#define WATCH_MS 30000u

static const struct {
	upgrade_do *run;
	Shoal__Oss__UpgradePhase phase;
	uint64_t limit_ns;       // 0 = it takes what it takes: there is no other way
	const char *told, *late; // said when it begins; when it takes too long
} steps[UPGRADE_STEPS] = {
	[UPGRADE_LOAD] = { upgrade_load, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_STARTING, 60 * SECOND_NS,
			   "starting the new build", "the new nursery is not ready" },
	[UPGRADE_SEAT] = { upgrade_seat, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_STARTING, 30 * SECOND_NS, NULL,
			   "the workers of the new build are not ready" },
	[UPGRADE_FIRST] = { upgrade_first, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_CANARY, 30 * SECOND_NS,
			    "the new build serves its first shards", "the first shard does not come to the new build" },
	[UPGRADE_GLANCE] = { upgrade_glance, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_CANARY, 0, NULL, NULL },
	[UPGRADE_CANARY] = { upgrade_canary, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_CANARY, 30 * SECOND_NS, NULL,
			     "shards do not come to the new build" },
	[UPGRADE_WATCH] = { upgrade_watch, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_CANARY, 0, NULL, NULL },
	[UPGRADE_SPREAD] = { upgrade_spread, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_SPREADING, 120 * SECOND_NS,
			     "the other shards follow", "shards do not come to the new build" },
	[UPGRADE_HOME] = { upgrade_home, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_RETIRING, 0, "the old build leaves", NULL },
	[UPGRADE_JOIN] = { upgrade_join, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_RETIRING, 0, NULL, NULL },
	[UPGRADE_DRAIN] = { upgrade_drain, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_RETIRING, 0, NULL, NULL },
	[UPGRADE_FREE] = { upgrade_free, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_RETIRING, 0, NULL, NULL },
	[UPGRADE_STOP] = { upgrade_stop, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_RETIRING, 0, NULL, NULL },
	[UPGRADE_SLOW] = { upgrade_slow, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_RETIRING, 0, NULL, NULL },
	[UPGRADE_RETIRE] = { upgrade_retire, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_RETIRING, 0, NULL, NULL },
	[UPGRADE_BACK] = { upgrade_back, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLING_BACK, 0, NULL, NULL },
};

const Shoal__Fleet__Nest *upgrade_nest(const Shoal__Fleet__State *state, uint32_t nest)
{
	for (size_t i = 0; i < state->n_nests; i++)
		if (state->nests[i]->nest == nest)
			return state->nests[i];
	return NULL;
}

const Shoal__Fleet__Seat *upgrade_sitter(const Shoal__Fleet__State *state, uint32_t seat)
{
	for (size_t i = 0; i < state->n_seats; i++)
		if (state->seats[i]->seat == seat)
			return state->seats[i];
	return NULL;
}

bool upgrade_runs(const struct upgrade *upgrade)
{
	return upgrade->step != UPGRADE_REST;
}

static void step_begin(struct upgrade *upgrade, enum upgrade_step step)
{
	upgrade->step = step;
	upgrade->phase = steps[step].phase;
	upgrade->step_ns = upgrade->now_ns;
	upgrade->ordered_ns = 0;
	if (steps[step].told)
		upgrade->hooks.told(upgrade->hooks.with, steps[step].told);
}

static void upgrade_end(struct upgrade *upgrade, Shoal__Oss__UpgradePhase phase)
{
	static const char *const words[] = {
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE] = "done",
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK] = "rolled back",
		[SHOAL__OSS__UPGRADE_PHASE__UPGRADE_REFUSED] = "refused",
	};
	char text[400];

	upgrade->step = UPGRADE_REST;
	upgrade->phase = phase;
	upgrade->ended_ms = wall_ms();
	snprintf(text, sizeof(text), "%s%s%s", words[phase], *upgrade->reason ? ": " : "", upgrade->reason);
	upgrade->hooks.told(upgrade->hooks.with, text);
}

void upgrade_fail(struct upgrade *upgrade, const char *format, ...)
{
	char text[400];
	va_list list;

	if (upgrade->step > UPGRADE_HOME || upgrade->step == UPGRADE_REST)
		return;
	va_start(list, format);
	vsnprintf(upgrade->reason, sizeof(upgrade->reason), format, list);
	va_end(list);
	snprintf(text, sizeof(text), "rolling back: %s", upgrade->reason);
	upgrade->hooks.told(upgrade->hooks.with, text);
	step_begin(upgrade, UPGRADE_BACK);
}

static void upgrade_open(struct upgrade *upgrade, uint64_t now_ns)
{
	*upgrade = (struct upgrade){ .hooks = upgrade->hooks,
				     .looked = upgrade->looked,
				     .unanswered = upgrade->unanswered,
				     .started_ms = wall_ms(),
				     .old_nest = PLANE_NEST_NONE,
				     .new_nest = PLANE_NEST_NONE,
				     .canary_permille = CANARY_PERMILLE,
				     .watch_ms = WATCH_MS,
				     .now_ns = now_ns };
	memset(upgrade->to, PLANE_SEAT_NONE, sizeof(upgrade->to));
}

int upgrade_start(struct upgrade *upgrade, const Shoal__Oss__UpgradeStart *start, uint64_t now_ns)
{
	if (upgrade_runs(upgrade) || !upgrade->looked)
		return -EBUSY;
	upgrade_open(upgrade, now_ns);
	snprintf(upgrade->binary, sizeof(upgrade->binary), "%s", start->binary);
	if (start->canary_permille)
		upgrade->canary_permille = start->canary_permille;
	if (start->watch_ms)
		upgrade->watch_ms = start->watch_ms;
	step_begin(upgrade, UPGRADE_LOAD);
	return 0;
}

int upgrade_abort(struct upgrade *upgrade)
{
	if (upgrade->step == UPGRADE_REST)
		return -ENOENT;
	if (upgrade->step == UPGRADE_BACK)
		return -EALREADY;
	if (upgrade->step >= UPGRADE_HOME)
		return -EBUSY;
	upgrade_fail(upgrade, "the operator wanted it back");
	return 0;
}

void upgrade_alarm(struct upgrade *upgrade, uint8_t shard, const char *text)
{
	if (upgrade->to[shard] != PLANE_SEAT_NONE)
		upgrade_fail(upgrade, "shard %u, served by the new build, %s", shard, text);
}

void upgrade_answered(struct upgrade *upgrade, int error, const char *message)
{
	upgrade->unanswered--;
	upgrade->words = 0;
	if (error && error != EBUSY && error != EAGAIN)
		upgrade_fail(upgrade, "the primary refuses: %s", *message ? message : strerror(error));
}

static uint64_t forged_in(const Shoal__Fleet__State *state)
{
	for (size_t i = 0; i < state->n_extras; i++)
		if (!strcmp(state->extras[i]->name, "primary_handles_forged"))
			return state->extras[i]->value;
	return 0;
}

// Who could fork its workers, and tell them of changes, has died. Before there were workers that is looked at where they are waited for.
static void nursery_look(struct upgrade *upgrade, const Shoal__Fleet__State *state)
{
	const Shoal__Fleet__Nest *nest = upgrade_nest(state, upgrade->new_nest);

	if (upgrade->step > UPGRADE_LOAD && upgrade->step <= UPGRADE_HOME && (!nest || !(nest->home || nest->ready)))
		upgrade_fail(upgrade, "the new build's nursery died");
}

// While the new build is on trial: whether it gives cause to turn back.
static void trial_look(struct upgrade *upgrade, const Shoal__Fleet__State *state)
{
	char why[200];

	for (unsigned i = 0; i < PLANE_SEATS; i++) {
		const Shoal__Fleet__Seat *seat = upgrade_sitter(state, i);

		if (upgrade->new_seats >> i & 1 && seat && seat->deaths != upgrade->deaths[i])
			upgrade_fail(upgrade, "the new build's worker in seat %u died", i);
	}
	if (upgrade->step < UPGRADE_FIRST) {
		upgrade->forged = forged_in(state);
		return;
	}
	if (forged_in(state) > upgrade->forged)
		upgrade_fail(upgrade, "a worker gave back packets that it did not have");
	trial_take(&upgrade->trial, state, upgrade->old_seats, upgrade->new_seats);
	if (trial_condemns(&upgrade->trial, why, sizeof(why)))
		upgrade_fail(upgrade, "%s", why);
}

static void moved_count(struct upgrade *upgrade, const Shoal__Fleet__State *state)
{
	upgrade->moved = 0;
	for (unsigned i = 0; i < SHARDS && i < state->owners.len; i++)
		upgrade->moved +=
		    state->owners.data[i] < PLANE_SEATS && (upgrade->new_seats >> state->owners.data[i] & 1);
}

static bool step_run(struct upgrade *upgrade, const Shoal__Fleet__State *state)
{
	bool may = !upgrade->unanswered && upgrade->now_ns - upgrade->ordered_ns >= AGAIN_NS;
	enum upgrade_step step = upgrade->step;

	if (!steps[step].run(upgrade, state, may) || upgrade->step != step)
		return false;
	if (step == UPGRADE_BACK)
		upgrade_end(upgrade, upgrade->goal ? SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK
						   : SHOAL__OSS__UPGRADE_PHASE__UPGRADE_REFUSED);
	else if (step == UPGRADE_RETIRE)
		upgrade_end(upgrade, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE);
	else
		step_begin(upgrade, step + 1);
	return upgrade_runs(upgrade);
}

static bool somebody_sits(const Shoal__Fleet__Seat *seat)
{
	return seat->state != SHOAL__OSS__WORKER_STATE__WORKER_FREE &&
	       seat->state != SHOAL__OSS__WORKER_STATE__WORKER_STOPPED;
}

// The controller has just started: an upgrade may be in the middle. As long as the nest that is not home has only guests, its build
// is on trial; else it is the old one.
static void state_find(struct upgrade *upgrade, const Shoal__Fleet__State *state)
{
	const Shoal__Fleet__Nest *home = NULL, *other = NULL;
	uint32_t seats[2] = { 0 };
	bool forward = false, there;

	for (size_t i = 0; i < state->n_nests; i++)
		*(state->nests[i]->home ? &home : &other) = state->nests[i];
	if (!home || !other)
		return;
	there = other->pid != 0; // or it is told of for its error alone
	for (size_t i = 0; i < state->n_seats; i++) {
		const Shoal__Fleet__Seat *seat = state->seats[i];

		if (!somebody_sits(seat))
			continue;
		there |= seat->nest == other->nest;
		forward |= seat->nest == other->nest && !seat->guest;
		seats[seat->nest == other->nest] |= seat->slow ? 0 : 1u << seat->seat;
	}
	if (!there)
		return;
	upgrade_open(upgrade, upgrade->now_ns);
	upgrade->old_nest = (forward ? other : home)->nest;
	upgrade->new_nest = (forward ? home : other)->nest;
	upgrade->old_seats = seats[forward];
	upgrade->new_seats = seats[!forward];
	if (forward && !other->pid) { // whom it has left behind the primary sees to, seat by seat
		upgrade->new_seats |= upgrade->old_seats;
		upgrade->old_seats = 0;
	}
	upgrade->goal = 1;
	snprintf(upgrade->from_build, sizeof(upgrade->from_build), "%s", (forward ? other : home)->build);
	snprintf(upgrade->to_build, sizeof(upgrade->to_build), "%s", (forward ? home : other)->build);
	if (forward) {
		step_begin(upgrade, UPGRADE_JOIN);
		return;
	}
	upgrade->step = UPGRADE_SPREAD;
	upgrade_fail(upgrade, "the controller was restarted in the middle");
}

// Else nobody can tell what is old and what is new: whose nursery comes next decides.
static bool home_there(const Shoal__Fleet__State *state)
{
	for (size_t i = 0; i < state->n_nests; i++)
		if (state->nests[i]->home)
			return state->nests[i]->pid != 0;
	return false;
}

// The new build's nursery has died behind the way's end, and the primary has gone on with the other.
static bool home_lost(const struct upgrade *upgrade, const Shoal__Fleet__State *state)
{
	const Shoal__Fleet__Nest *old = upgrade_nest(state, upgrade->old_nest);

	return upgrade->step > UPGRADE_HOME && upgrade->step <= UPGRADE_RETIRE && old && old->home;
}

void upgrade_state(struct upgrade *upgrade, const Shoal__Fleet__State *state, uint64_t now_ns)
{
	upgrade->now_ns = now_ns;
	if (!state)
		return;
	upgrade->words++;
	if (!upgrade->looked && home_there(state)) {
		upgrade->looked = true;
		state_find(upgrade, state);
	}
	if (!upgrade_runs(upgrade))
		return;
	if (!upgrade->generation)
		upgrade->generation = state->generation;
	if (upgrade->generation != state->generation) {
		snprintf(upgrade->reason, sizeof(upgrade->reason), "the primary was restarted in the middle");
		upgrade_end(upgrade, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK);
		return;
	}
	if (home_lost(upgrade, state)) {
		snprintf(upgrade->reason, sizeof(upgrade->reason), "a nursery of the old build serves instead");
		upgrade_end(upgrade, SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK);
		return;
	}
	moved_count(upgrade, state);
	nursery_look(upgrade, state);
	if (upgrade->step < UPGRADE_HOME)
		trial_look(upgrade, state);
	if (steps[upgrade->step].limit_ns && now_ns - upgrade->step_ns > steps[upgrade->step].limit_ns)
		upgrade_fail(upgrade, "%s in time", steps[upgrade->step].late);
	while (step_run(upgrade, state))
		;
}
