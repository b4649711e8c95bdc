// clock.c - how fast the TSC runs. No state; any thread may call.
#include "shared/base/clock.h"

#define MEASURE_NS 20000000u
#define TRIES 5

struct moment {
	uint64_t ticks, ns;
};

static uint64_t raw_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Reads both clocks as close together as they come: a preemption between two reads would be taken for speed, so of
// several tries the one whose TSC reads stand closest is kept.
static struct moment moment_now(void)
{
	struct moment best = { 0 };
	uint64_t best_gap = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = clock_ticks();
		uint64_t ns = raw_ns();
		uint64_t gap = clock_ticks() - before;

		if (gap < best_gap) {
			best_gap = gap;
			best = (struct moment){ before + gap / 2, ns };
		}
	}
	return best;
}

uint64_t clock_hz(void)
{
	struct timespec rest = { .tv_nsec = MEASURE_NS };
	struct moment start = moment_now();
	struct moment end;

	nanosleep(&rest, NULL); // cut short by a signal it only measures over less
	do
		end = moment_now();
	while (end.ns - start.ns < MEASURE_NS);
	return (uint64_t)((double)(end.ticks - start.ticks) * 1e9 / (double)(end.ns - start.ns));
}
