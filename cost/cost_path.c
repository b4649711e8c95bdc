// cost_path.c - runs the shipped packet path on a world of its own. State: the world; one thread, two for the lane.
#include "cost/cost_path.h"
#include <stdlib.h>
#include "cost/count.h"
#include "shared/base/clock.h"
#include "shared/plane/verdict.h"

#define BURSTS 256u // a repeat
#define REPEATS_MAX 64u

const char *const path_names[PATHS] = { "up", "down", "lane", "primary" };

// One session line, of its direction. Headers are in the cache of the core that takes them from a copying device, the rates and
// the regions' descriptions in the second cache.
#define COLD_LINES 1

struct run {
	struct world *world;
	unsigned way;
	uint64_t random, refused;
	struct lane_handle handles[LANE_BURST];
};

static uint64_t random_word(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void burst_make(struct run *run)
{
	for (unsigned i = 0; i < LANE_BURST; i++) {
		unsigned n = (unsigned)(random_word(&run->random) >> 32) & (run->world->sessions - 1);

		run->handles[i] = world_lend(run->world, i, n, run->way);
	}
}

static void burst_run(void *with)
{
	struct run *run = with;

	pipe_burst(&run->world->pipe, run->handles, LANE_BURST, clock_ticks());
}

// The median burst of a repeat, in ticks a packet.
static double repeat(struct run *run)
{
	static double spent[BURSTS];

	for (unsigned b = 0; b < BURSTS; b++) {
		uint64_t from;

		burst_make(run);
		from = clock_ticks();
		pipe_burst(&run->world->pipe, run->handles, LANE_BURST, from);
		spent[b] = (double)(clock_ticks() - from) / LANE_BURST;
		for (unsigned i = 0; i < LANE_BURST; i++)
			run->refused += run->handles[i].code != VERDICT_FORWARD;
	}
	return stats_of(spent, BURSTS).median;
}

void path_pipe(struct path *path, struct world *world, enum path_name name, unsigned repeats)
{
	struct run run = { .world = world,
			   .way = name == PATH_UP ? LINE_UPLINK : LINE_DOWNLINK,
			   .random = 0x9e3779b97f4a7c15 };
	double ns[REPEATS_MAX], tick_ns = 1e9 / (double)world->view.plane->net.clock_hz;

	repeats = repeats > REPEATS_MAX ? REPEATS_MAX : repeats;
	repeat(&run);
	burst_make(&run);
	path->recipe.instructions = (double)count_instructions(burst_run, &run) / LANE_BURST;
	path->recipe.cold_lines = COLD_LINES;
	for (unsigned i = 0; i < repeats; i++)
		ns[i] = repeat(&run) * tick_ns;
	if (run.refused)
		abort(); // we have made both sessions and packets
	path->ns = stats_of(ns, repeats);
}
