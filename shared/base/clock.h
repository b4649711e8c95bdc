// clock.h - the two clocks of the house. No wall clock ever decides anything.
#pragma once
#include <stdint.h>
#include <time.h>
#include <x86intrin.h>

// Invariant TSC: what the packet loops read, once a burst. A simulation brings its own (tests/sim).
#ifdef SHOAL_SIMULATED
uint64_t clock_ticks(void);
#else
static inline uint64_t clock_ticks(void)
{
	return __rdtsc();
}
#endif

// CLOCK_MONOTONIC, nanoseconds: timeouts outside the loops.
static inline uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Nanoseconds since 1970, for people and for telling one life of counters from the next.
static inline uint64_t clock_wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Ticks per second, measured against CLOCK_MONOTONIC_RAW over about 20 ms. Blocks that long.
uint64_t clock_hz(void);
