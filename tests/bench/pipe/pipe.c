// pipe.c - the packet path alone: its time beside that of the memory under it, its instructions, its cache lines.
//
// usage: bench-pipe time SESSIONS ROUNDS        slices: round,variant,sessions,value                  (ns a packet)
//        bench-pipe count WAY SESSIONS BURSTS   for callgrind --toggle-collect=measured
//        bench-pipe trace WAY SESSIONS BURSTS   bursts of one packet and 31 of no kind, for lackey --trace-mem=yes
// WAY: uplink, downlink, mixed. SESSIONS: a power of two; all policed, counted, marked. Random ones in every burst.
#include <immintrin.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cost/world.h"
#include "shared/base/clock.h"
#include "shared/plane/verdict.h"

#define SLICE_BURSTS 64u
#define ROW 4u // bursts in a row that are timed together: one before them, one behind
#define COUNT_HZ 2000000000ull

// Alone: a burst, and no other waits. Else bursts follow one another, as when the lane is full.
enum variant { UPLINK, DOWNLINK, MIXED, UPLINK_ALONE, DOWNLINK_ALONE, MIXED_ALONE, LIMIT, LIMIT_AGAIN, VARIANTS };

static const char *const names[VARIANTS] = { "uplink",         "downlink",    "mixed", "uplink alone",
					     "downlink alone", "mixed alone", "limit", "limit again" };
static struct world world;
static volatile uint64_t mark; // written around what is measured, so that a trace shows where it begins and ends

static uint64_t random_word(void)
{
	static uint64_t state = 0x2545f4914f6cdd1d;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void world_make(unsigned sessions, uint64_t hz, uint64_t began)
{
	const struct bearer_rate rate = { 10000000000, 1000000, 1000000 };

	if (world_open(&world, sessions < SHARDS ? SHARDS : sessions, hz)) {
		fprintf(stderr, "bench-pipe: no memory\n");
		exit(1);
	}
	world.sessions = sessions; // a trace is read by a slow reader: no more than it needs
	world_rate_set(&world, 1, &rate);
	for (unsigned n = 0; n < sessions; n++)
		world_session_set(&world, n, 1);
	world_visit(&world, began);
}

// Packets of random sessions, written by this core: headers are in its cache, session lines are where they are.
static void burst_make(struct lane_handle *handles, enum variant variant)
{
	static unsigned room;

	for (unsigned i = 0; i < LANE_BURST; i++) {
		uint64_t word = random_word();
		unsigned way = variant == MIXED    ? (unsigned)(word >> 63)
			       : variant == UPLINK ? LINE_UPLINK
						   : LINE_DOWNLINK;

		handles[i] = world_lend(&world, room++ % WORLD_ROOMS, (unsigned)word % world.sessions, way);
	}
}

// The next burst is waiting: what is done for it ahead counts in this one's place.
static __attribute__((noipa)) void measured(struct lane_handle *handles, const struct lane_handle *next, uint64_t now)
{
	world.pipe.next = next;
	mark = 1;
	pipe_burst(&world.pipe, handles, LANE_BURST, now);
	mark = 0;
}

static void judge(const struct lane_handle *handles, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (handles[i].code != VERDICT_FORWARD)
			abort();
}

static uint64_t ticks(void)
{
	_mm_lfence();
	return clock_ticks();
}

static uint64_t burst_time(enum variant variant)
{
	struct lane_handle handles[LANE_BURST];
	uint64_t began, ended;

	burst_make(handles, variant);
	began = ticks();
	pipe_burst(&world.pipe, handles, LANE_BURST, began);
	ended = ticks();
	judge(handles, LANE_BURST);
	return ended - began;
}

// A clock read for each burst, as the loop has it.
static uint64_t row_time(enum variant variant)
{
	struct lane_handle handles[ROW + 2][LANE_BURST];
	uint64_t began = 0, ended = 0;

	for (unsigned b = 0; b < ROW + 2; b++)
		burst_make(handles[b], variant);
	for (unsigned b = 0; b < ROW + 2; b++) {
		uint64_t now = b == 1 || b == ROW + 1 ? ticks() : clock_ticks();

		began = b == 1 ? now : began;
		ended = b == ROW + 1 ? now : ended;
		world.pipe.next = b < ROW + 1 ? handles[b + 1] : NULL;
		pipe_burst(&world.pipe, handles[b], LANE_BURST, now);
	}
	for (unsigned b = 0; b < ROW + 2; b++)
		judge(handles[b], LANE_BURST);
	return ended - began;
}

// What the same number of lines costs where nothing is done but to call them into the cache and to count.
static uint64_t limit_time(void)
{
	struct line *lines[LANE_BURST];
	uint64_t began;

	for (unsigned i = 0; i < LANE_BURST; i++) {
		unsigned n = (unsigned)random_word() % world.sessions;

		lines[i] = world.view.shards[world_shard(n)].uplink + world_slot(n);
	}
	began = ticks();
	for (unsigned i = 0; i < LANE_BURST; i++)
		__builtin_prefetch(lines[i], 1);
	for (unsigned i = 0; i < LANE_BURST; i++) {
		lines[i]->bytes += 64;
		lines[i]->packets++;
	}
	return ticks() - began;
}

static double slice(enum variant variant, double hz)
{
	uint64_t spent = 0;

	for (unsigned b = 0; b < SLICE_BURSTS; b += variant < UPLINK_ALONE ? ROW : 1)
		spent += variant < UPLINK_ALONE ? row_time(variant)
			 : variant < LIMIT      ? burst_time(variant - UPLINK_ALONE)
						: limit_time();
	return (double)spent * 1e9 / hz / (SLICE_BURSTS * LANE_BURST);
}

static int time_all(unsigned sessions, unsigned rounds)
{
	uint64_t hz = clock_hz();

	world_make(sessions, hz, clock_ticks());
	printf("round,variant,sessions,value\n");
	for (unsigned r = 0; r < rounds; r++)
		for (unsigned v = 0; v < VARIANTS; v++) {
			enum variant variant = (r % 2 ? VARIANTS - 1 - v + r / 2 : v + r / 2) % VARIANTS;

			printf("%u,%s,%u,%.3f\n", r, names[variant], sessions, slice(variant, (double)hz));
		}
	world_close(&world);
	return 0;
}

// Prints where things lie, so that a trace can be read: mark, lines of both ways of shard 0, and from one shard to the next.
static int count_all(enum variant variant, unsigned sessions, unsigned bursts, unsigned n)
{
	struct lane_handle handles[2][LANE_BURST];
	bool whole = n == LANE_BURST;
	const struct region *region;

	world_make(sessions, COUNT_HZ, 1);
	region = &world.view.shards[0];
	fprintf(stderr, "%p %p %p %llu\n", (const void *)&mark, (const void *)region->header,
		(const void *)region->uplink, (unsigned long long)region_stride(&world.view.plane->shape));
	burst_make(handles[1], variant);
	for (unsigned b = 1; b <= bursts; b++) {
		struct lane_handle *burst = handles[b % 2], *next = handles[(b + 1) % 2];

		burst_make(next, variant);
		memset(burst + n, 0, (LANE_BURST - n) * sizeof(*burst)); // of no kind: the burst is whole
		measured(burst, whole ? next : NULL, b * COUNT_HZ / 1000000);
		judge(burst, n);
	}
	world_close(&world);
	return 0;
}

static enum variant variant_of(const char *name)
{
	unsigned v = 0;

	while (v < MIXED && strcmp(name, names[v]))
		v++;
	return v;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "time"))
		return time_all((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
	if (argc == 5 && !strcmp(argv[1], "count"))
		return count_all(variant_of(argv[2]), (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]), LANE_BURST);
	if (argc == 5 && !strcmp(argv[1], "trace"))
		return count_all(variant_of(argv[2]), (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]), 1);
	fprintf(stderr, "usage: bench-pipe time SESSIONS ROUNDS | count|trace WAY SESSIONS BURSTS\n");
	return 2;
}
