// awake.h - how long a loop without work stays awake before it sleeps, learnt from how long its sleeps were. Pure.
//
// To sleep and be woken costs a loop some 20 us in a virtual machine, and whoever rings its bell 10 us more. A loop that falls asleep
// between two packets of a stream makes the ringer late for the next loop, which then falls asleep, too: at 1,000,000 packets a second
// each of two workers slept 8,000 times a second. So a sleep that was short doubles the wait before the next one, and one that was not
// halves it again.
// A loop's own; no other thread's.
#pragma once
#include <stdint.h>

#define AWAKE_LEAST 50000u // parts of a second: 20 us,
#define AWAKE_MOST 5000u   // 200 us
#define AWAKE_SHORT 10000u // a sleep of less than this part of a second, 100 us, was not worth it

struct awake {
	uint64_t ticks; // without work before it sleeps
};

static inline void awake_open(struct awake *awake, uint64_t hz)
{
	awake->ticks = hz / AWAKE_LEAST;
}

// How long a sleep was that lasted from one clock to the other, waking included.
static inline void awake_slept(struct awake *awake, uint64_t from, uint64_t to, uint64_t hz)
{
	if ((to - from) * AWAKE_SHORT < hz)
		awake->ticks = awake->ticks * 2 < hz / AWAKE_MOST ? awake->ticks * 2 : hz / AWAKE_MOST;
	else
		awake->ticks = awake->ticks / 2 > hz / AWAKE_LEAST ? awake->ticks / 2 : hz / AWAKE_LEAST;
}
