// rings.c - a handle's way over a lane and back, by the primary's code and the worker's, against rte_ring between the same cores.
//
//   bench-rings time ROUNDS [CPU,CPU]   round,variant,burst,value: nanoseconds a handle and hop, in throughput, as CSV
//   bench-rings count BURST TURNS       both sides by turns in one thread, to be counted: side_primary, side_worker
//
// `lane` is all that the code does: the book of leases, the copy in it, the check of what comes back, the clock, the look at the change
// ring; only the work on packets is left out. `ring` is two rte_rings, single producer and consumer, of 16-byte elements, and nothing
// else: no book, so nobody could say who has what. Half a round trip is a hop.
#include <pthread.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "primary/lane/lane_back.h"
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/plane/verdict.h"
#include "workers/loop/loop.h"

#define SPANS 31u          // in a slice
#define SPAN_HANDLES 2048u //
#define RING_SLOTS 1024u
#define BURST_MAX 128u

enum { LANE, LANE_AGAIN, RING, VARIANTS, NOBODY = VARIANTS };

static const char *names[VARIANTS] = { "lane", "lane again", "ring" };

// A pair of rings, its two sides on lines of their own.
struct pair {
	_Alignas(128) struct lane lane;
	_Alignas(128) struct loop loop; // the worker's
};

static _Alignas(128) _Atomic unsigned turn_of = NOBODY; // whose slice it is
static _Alignas(128) struct pair pairs[2];
static _Alignas(128) struct rte_ring *in, *out;
static struct lane_words
    made[BURST_MAX]; // a burst, as the door has it when it lends: steering has made the handles of all
static struct plane_view view;
static int cpu[2] = { 0, 1 };

static void no_work(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	for (unsigned i = 0; i < n; i++)
		handles[i].code = VERDICT_FORWARD, handles[i].port = LANE_SIDE_CORE;
}

static void *pages(size_t bytes)
{
	void *memory = aligned_alloc(PLANE_PAGE, (bytes + PLANE_PAGE - 1) / PLANE_PAGE * PLANE_PAGE);

	if (!memory)
		exit(1);
	return memset(memory, 0, bytes);
}

static struct rte_ring *ring_make(const char *name)
{
	struct rte_ring *ring = pages((size_t)rte_ring_get_memsize_elem(16, RING_SLOTS));

	if (rte_ring_init(ring, name, RING_SLOTS, RING_F_SP_ENQ | RING_F_SC_DEQ))
		exit(1);
	return ring;
}

static void make(void)
{
	const struct loop_wires wires = { -1, -1, -1, -1 };

	view.plane = pages(sizeof(*view.plane));
	view.plane->net.clock_hz = clock_hz();
	for (unsigned i = 0; i < 2; i++) {
		view.seats[i] = seat_at(pages(3 * PLANE_PAGE));
		loop_open(&pairs[i].loop, &view, i, &wires);
		loop_set_work(&pairs[i].loop, no_work, NULL);
		lane_init(&pairs[i].lane, view.seats[i], -1);
	}
	for (unsigned i = 0; i < BURST_MAX; i++)
		made[i] = lane_words(
		    &(struct lane_handle){ .room = i, .hint = i, .offset = 130, .length = 128, .code = LANE_UPLINK });
	in = ring_make("in");
	out = ring_make("out");
}

// ---- The worker's side

static void ring_worker(void)
{
	struct lane_handle burst[LANE_BURST];
	unsigned n = rte_ring_sc_dequeue_burst_elem(in, burst, 16, LANE_BURST, NULL);

	no_work(NULL, burst, n, 0);
	if (n)
		rte_ring_sp_enqueue_burst_elem(out, burst, 16, n, NULL);
}

__attribute__((noipa)) static void side_worker(unsigned variant)
{
	if (variant < RING)
		loop_turn(&pairs[variant].loop);
	else if (variant == RING)
		ring_worker();
}

static void pin(int to)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(to, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *worker(void *with)
{
	unsigned variant;

	pin(cpu[1]);
	while ((variant = atomic_load_explicit(&turn_of, memory_order_relaxed)) != NOBODY)
		side_worker(variant);
	return NULL;
}

// ---- The primary's side: both return how many handles came back

static void lane_lends(struct lane *lane, unsigned burst)
{
	for (unsigned i = 0; i < burst; i++)
		lane_lend(lane, &made[i]);
	lane_publish(lane);
}

// All of them are the next to come back, but where the book begins anew.
static unsigned lane_takes(struct lane *lane)
{
	static uint8_t room;
	static const struct rooms rooms = { .base[0] = &room };
	struct lane_back back;
	int n = lane_take(lane, back.handle);

	back.n = n > 0 ? (unsigned)n : 0;
	for (unsigned i = 0, until; i < back.n; i = until) {
		uint32_t usual = lane_usual(lane, &rooms, &back, i, &until);

		if (usual != (uint32_t)((1ull << until) - (1ull << i)))
			exit(1);
		lease_end_oldest(&lane->lease, until - i);
	}
	return back.n;
}

static unsigned lane_primary(struct lane *lane, unsigned burst)
{
	unsigned total = 0, n;

	if (lane_space(lane) >= burst)
		lane_lends(lane, burst);
	while (total < burst && (n = lane_takes(lane)) > 0)
		total += n;
	return total;
}

static unsigned ring_primary(unsigned burst)
{
	struct lane_handle back[LANE_BURST];
	unsigned total = 0, n;

	rte_ring_sp_enqueue_bulk_elem(in, made, 16, burst, NULL);
	while ((n = rte_ring_sc_dequeue_burst_elem(out, back, 16, LANE_BURST, NULL)) > 0) {
		for (unsigned i = 0; i < n; i++)
			if (back[i].code != VERDICT_FORWARD)
				exit(1);
		total += n;
		if (total >= burst)
			break;
	}
	return total;
}

__attribute__((noipa)) static unsigned side_primary(unsigned variant, unsigned burst)
{
	return variant < RING ? lane_primary(&pairs[variant].lane, burst) : ring_primary(burst);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

// Nanoseconds a hop: the median of so many short spans, because a core that others want is taken away for milliseconds.
static double slice(unsigned variant, unsigned burst)
{
	double spans[SPANS];

	atomic_store(&turn_of, variant);
	for (unsigned s = 0; s < SPANS; s++) {
		uint64_t from = clock_ns(), handles = 0;

		while (handles < SPAN_HANDLES)
			handles += side_primary(variant, burst);
		spans[s] = (double)(clock_ns() - from) / (double)handles / 2;
	}
	qsort(spans, SPANS, sizeof(*spans), by_value);
	return spans[SPANS / 2];
}

static int time_them(unsigned rounds)
{
	static const unsigned bursts[] = { 1, 8, 32, 128 };
	pthread_t thread;

	atomic_store(&turn_of, LANE);
	if (pthread_create(&thread, NULL, worker, NULL))
		return 1;
	pin(cpu[0]);
	printf("round,variant,burst,value\n");
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned b = 0; b < 4; b++)
			for (unsigned i = 0; i < VARIANTS; i++) {
				unsigned variant = (i + round) % VARIANTS;

				slice(variant, bursts[b]); // the first finds the caches with another's lines
				printf("%u,%s,%u,%.4f\n", round, names[variant], bursts[b], slice(variant, bursts[b]));
			}
	atomic_store(&turn_of, NOBODY);
	pthread_join(thread, NULL);
	return 0;
}

static int count_them(unsigned burst, unsigned turns)
{
	uint64_t handles = 0;

	for (unsigned i = 0; i < turns; i++) {
		handles += side_primary(LANE, burst);
		for (unsigned n = 0; n < burst; n += LANE_BURST)
			side_worker(LANE);
	}
	printf("%lu handles\n", (unsigned long)handles);
	return 0;
}

int main(int argc, char **argv)
{
	make();
	if (argc == 4 && !strcmp(argv[1], "count") && atoi(argv[2]) > 0 && atoi(argv[2]) <= (int)BURST_MAX)
		return count_them((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
	if (argc >= 3 && argc <= 4 && !strcmp(argv[1], "time") &&
	    (argc == 3 || sscanf(argv[3], "%d,%d", &cpu[0], &cpu[1]) == 2))
		return time_them((unsigned)atoi(argv[2]));
	fprintf(stderr, "usage: bench-rings time ROUNDS [CPU,CPU] | count BURST TURNS\n");
	return 2;
}
