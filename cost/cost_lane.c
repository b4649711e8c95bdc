// cost_lane.c - the primary's side of a lane against a worker's loop that does nothing with what it gets. State: both sides'
// on the heap; one thread each.
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "cost/cost_path.h"
#include "cost/count.h"
#include "cost/fenced.h"
#include "cost/pair.h"
#include "primary/edge/steer.h"
#include "primary/lane/lane_back.h"
#include "shared/base/clock.h"
#include "shared/plane/verdict.h"
#include "workers/loop/loop.h"

#define SPAN \
	LANE_SLOTS // handles that are timed together: the median of short ones counts, since a core that others want is taken away
#define SPANS 31u
#define REPEATS 31u
#define OWN_BURSTS (LANE_SLOTS / LANE_BURST / 2) // half of what may be lent
#define OWN_REPEATS 501u
#define ETHERNET 14u

static const uint8_t ethernet[ETHERNET] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 }; // to us, IPv4

struct sides {
	_Alignas(128) struct lane lane; // primary's
	struct steer *steer;            // null: nothing is looked at
	struct world *world;
	struct lane_handle ready[WORLD_ROOMS];
	uint32_t next, wrong;
	double ticks[SPANS];
	_Alignas(128) struct loop loop; // worker's
	_Alignas(128) _Atomic bool over;
};

static void nothing(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	for (unsigned i = 0; i < n; i++) {
		handles[i].code = VERDICT_FORWARD;
		handles[i].port = LANE_SIDE_CORE;
	}
}

// Frames as the device left them: steering looks at them and says what the handles say.
static void lend_steered(struct sides *sides)
{
	const struct lane_handle *ready = &sides->ready[sides->next % WORLD_ROOMS];
	struct nic_burst in = { .n = LANE_BURST };
	struct steer_burst to;

	for (unsigned i = 0; i < LANE_BURST; i++) {
		uint16_t offset = (uint16_t)(ready[i].offset - ETHERNET),
			 length = (uint16_t)(ready[i].length + ETHERNET);

		in.frame[i] = (struct nic_frame){ .room = ready[i].room, .offset = offset, .length = length };
		in.bytes[i] = room_at(&sides->world->view.rooms, ready[i].room) + offset;
	}
	sides->wrong += steer_usual(sides->steer, 0, &in, &to) != UINT32_MAX;
	for (unsigned i = 0; i < LANE_BURST; i++) {
		sides->wrong += to.words[i].place != (ready[i].room | (uint64_t)ready[i].hint << 32);
		lane_lend(&sides->lane, &to.words[i]);
	}
}

static void lend(void *with)
{
	_Static_assert(WORLD_ROOMS % LANE_BURST == 0 && NIC_BURST == LANE_BURST, "bursts are whole");
	struct sides *sides = with;

	if (lease_credit(&sides->lane.lease) < LANE_BURST)
		return;
	if (sides->steer)
		lend_steered(sides);
	for (unsigned i = 0; !sides->steer && i < LANE_BURST; i++) {
		struct lane_words words = lane_words(&sides->ready[(sides->next + i) % WORLD_ROOMS]);

		lane_lend(&sides->lane, &words);
	}
	sides->next += LANE_BURST;
	lane_publish(&sides->lane);
}

static void take_one(struct sides *sides, const struct lane_handle *back)
{
	const struct lane_handle *lent = lease_find(&sides->lane.lease, back);

	if (lent)
		lease_end(&sides->lane.lease, lent);
	sides->wrong++;
}

static void take(void *with)
{
	struct sides *sides = with;
	struct lane_back back;
	int n = lane_take(&sides->lane, back.handle);
	unsigned until = 0;

	back.n = n > 0 ? (unsigned)n : 0;
	for (unsigned i = 0; i < back.n; i = until) {
		uint64_t usual = lane_usual(&sides->lane, &sides->world->view.rooms, &back, i, &until);
		unsigned run = (unsigned)__builtin_ctzll(~(usual >> i));

		lease_end_oldest(&sides->lane.lease, run);
		for (i += run; i < until; i++)
			take_one(sides, &back.handle[i]); // all of them are usual, or something is wrong
	}
}

// So many handles lent.
static void span(struct sides *sides)
{
	for (uint32_t end = sides->next + SPAN; sides->next != end;) {
		lend(sides);
		take(sides);
	}
}

static void primary_side(void *with)
{
	struct sides *sides = with;

	for (unsigned i = 0; i < SPANS; i++) {
		uint64_t from = clock_ticks();

		span(sides);
		sides->ticks[i] = (double)(clock_ticks() - from);
	}
	while (sides->lane.lease.live)
		take(sides);
	atomic_store(&sides->over, true);
}

static void worker_side(void *with)
{
	struct sides *sides = with;
	unsigned spins = 0;

	while (!atomic_load_explicit(&sides->over, memory_order_relaxed))
		if (!loop_turn(&sides->loop))
			pair_wait(&spins);
}

static struct steer *steer_open(const struct world *world)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct steer *steer;

	if (!conf)
		return NULL;
	conf->ports = 1;
	conf->port[0].role = CONF_ACCESS;
	steer = steer_make(conf, world->view.plane);
	if (steer)
		steer_mac(steer, 0, ethernet);
	free(conf);
	return steer;
}

static bool sides_open(struct sides *sides, struct world *world, bool steer)
{
	static const struct loop_wires wires = { -1, -1, -1, -1 };

	memset(sides, 0, sizeof(*sides));
	sides->world = world;
	if (steer && !(sides->steer = steer_open(world)))
		return false;
	world_seat_clear(world);
	lane_init(&sides->lane, world->view.seats[0], -1);
	loop_open(&sides->loop, &world->view, 0, &wires);
	loop_set_work(&sides->loop, nothing, NULL);
	for (unsigned i = 0; i < WORLD_ROOMS; i++) {
		uint8_t *ether;

		sides->ready[i] = world_lend(world, i, i & (world->sessions - 1), LINE_UPLINK);
		ether = room_at(&world->view.rooms, i) + sides->ready[i].offset - ETHERNET;
		memcpy(ether, ethernet, ETHERNET);
	}
	return true;
}

static void lend_and_turn(void *with)
{
	struct sides *sides = with;

	lend(sides);
	loop_turn(&sides->loop);
}

static void round_trip(void *with)
{
	lend_and_turn(with);
	take(with);
}

// The primary's own share: lending, and taking back. Without a packet's steering, if there is any.
static double handle_instructions(struct sides *sides)
{
	uint64_t lent = count_instructions(lend, sides), turned = count_instructions(lend_and_turn, sides),
		 taken = count_instructions(round_trip, sides);

	return lent && taken > turned ? (double)(lent + taken - turned) / LANE_BURST : 0;
}

static double steer_instructions(struct sides *sides, double handles)
{
	struct steer *steer = sides->steer;
	double all;

	if (!steer || handles <= 0)
		return 0;
	all = (double)count_instructions(lend, sides);
	sides->steer = NULL;
	all -= (double)count_instructions(lend, sides);
	sides->steer = steer;
	return all / LANE_BURST;
}

// Lines that move for a handle, by tests/bench/lane/lines.py, which holds them as a gate: handles lie four to a line. Of the indices
// two move with each burst: ours is written with the handles, the worker's is waited for alone when we look.
static struct predict_recipe recipe_of(struct sides *sides)
{
	const double handles = (double)sizeof(struct lane_handle) / 64, index = 1.0 / LANE_BURST;
	struct predict_recipe recipe = { .taken_lines = handles,
					 .given_lines = handles + index,
					 .awaited_lines = index };
	struct steer *steer = sides->steer;

	sides->steer = NULL;
	recipe.handle_instructions = handle_instructions(sides);
	sides->steer = steer;
	recipe.instructions = steer_instructions(sides, recipe.handle_instructions);
	return recipe;
}

static uint64_t bursts(void (*work)(void *with), struct sides *sides)
{
	uint64_t from = fenced_ticks();

	for (unsigned i = 0; i < OWN_BURSTS; i++)
		work(sides);
	return fenced_ticks() - from;
}

static void turn(void *with)
{
	struct sides *sides = with;

	loop_turn(&sides->loop);
}

// The primary's side of a lane on the CPU that the worker is on as well, so that no line has to come from elsewhere.
static struct stats own_side(struct sides *sides)
{
	static double ns[OWN_REPEATS];
	double tick_ns = 1e9 / (double)sides->world->view.plane->net.clock_hz;

	for (unsigned i = 0; i < OWN_REPEATS; i++) {
		uint64_t spent = bursts(lend, sides);

		bursts(turn, sides);
		spent += bursts(take, sides);
		ns[i] = (double)spent * tick_ns / (OWN_BURSTS * LANE_BURST);
	}
	return stats_of(ns, OWN_REPEATS);
}

static struct stats stats_over(struct stats stats, double by)
{
	return (struct stats){ stats.median / by, stats.low / by,  stats.high / by,
			       stats.least / by,  stats.most / by, stats.count };
}

static void measure(struct path *path, struct sides *sides, const struct line_pair *pair)
{
	double ns[REPEATS], tick_ns = 1e9 / (double)sides->world->view.plane->net.clock_hz;

	for (unsigned i = 0; i < REPEATS + 1; i++) { // the first warms up
		atomic_store(&sides->over, false);
		if (pair_run(&(struct pair){ pair->a, pair->b, primary_side, worker_side, sides }) <= 0)
			return;
		ns[i ? i - 1 : 0] = stats_of(sides->ticks, SPANS).median * tick_ns / SPAN;
	}
	path->ns = stats_of(ns, REPEATS);
}

void path_lane(struct path *path, struct world *world, enum path_name name, const struct line_pair *pair)
{
	struct sides *sides = aligned_alloc(128, (sizeof(*sides) + 127) / 128 * 128);

	if (sides && sides_open(sides, world, name == PATH_PRIMARY)) {
		path->recipe = recipe_of(sides);
		if (name == PATH_LANE && path->recipe.handle_instructions > 0)
			path->handle_ns = stats_over(own_side(sides), path->recipe.handle_instructions);
		if (pair)
			measure(path, sides, pair);
		if (sides->wrong)
			abort(); // we have made both ends
	}
	if (sides && sides->steer)
		steer_free(sides->steer);
	free(sides);
}
