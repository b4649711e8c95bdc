// awake.h - how long a loop without work stays awake before it sleeps, learnt from how long its sleeps were. Pure.
//
// To sleep and be woken costs a loop some 20 us in a virtual machine, and whoever rings its bell 10 us more. A loop that falls asleep
// between two packets of a stream makes the ringer late for the next loop, which then falls asleep, too: at 1,000,000 packets a second
// each of two workers slept 8,000 times a second. So after a few sleeps that were short a loop waits longer. If nothing comes meanwhile,
// as where it shares its core with the one it waits for, the next such wait costs twice as many short sleeps; if something does, half.
// A loop's own; no other thread's.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define AWAKE_LEAST 50000u // parts of a second: 20 us,
#define AWAKE_MOST 5000u   // 200 us
#define AWAKE_SHORT 10000u // a sleep of less than this part of a second, 100 us, was short
#define AWAKE_CHEAP 4u     // short sleeps that a longer wait costs, at least
#define AWAKE_DEAR 1024u   // and at most

struct awake {
	uint64_t least, most, brief; // clock ticks
	uint32_t price, paid;        // short sleeps
	bool longer;                 // the next wait is a longer one
	bool waits;                  // and it is under way
};

static inline void awake_open(struct awake *awake, uint64_t hz)
{
	*awake = (struct awake){ hz / AWAKE_LEAST, hz / AWAKE_MOST, hz / AWAKE_SHORT, .price = AWAKE_CHEAP };
}

// Whether to stay awake after so many ticks without work.
static inline bool awake_stays(struct awake *awake, uint64_t silence)
{
	if (silence < awake->least)
		return true;
	awake->waits = awake->longer;
	return awake->longer && silence < awake->most;
}

// There was work.
static inline void awake_works(struct awake *awake)
{
	if (awake->waits && awake->price > AWAKE_CHEAP)
		awake->price /= 2;
	awake->waits = false;
}

// It slept for so many ticks, waking included.
static inline void awake_slept(struct awake *awake, uint64_t ticks)
{
	if (awake->waits && awake->price < AWAKE_DEAR)
		awake->price *= 2;
	awake->waits = awake->longer = false;
	awake->paid = ticks < awake->brief ? awake->paid + 1 : 0;
	if (awake->paid < awake->price)
		return;
	awake->paid = 0;
	awake->longer = true;
}
