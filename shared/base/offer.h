// offer.h - an idle loop offers its core to whoever may have work for it, and learns whether that is cheap here.
//
// Alone on its core, or beside a loop that does the same, who yields is back within microseconds. Beside somebody who works, Linux lets
// him have his turn, and from 6.18 on takes a whole turn of what is due to us for each yield, however little of it was used: milliseconds
// for nothing. So an offer that lasted long is not made again for a second: that loop sleeps, and is woken by its bell.
// A loop's own; no other thread's.
#pragma once
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include "shared/base/clock.h"

#define OFFER_DEAR 8192u // an offer that lasts longer than this part of a second was dear

struct offer {
	uint64_t again; // not before that clock
};

// How an offer went that lasted from one clock to the other.
static inline void offer_took(struct offer *offer, uint64_t from, uint64_t to, uint64_t hz)
{
	if ((to - from) * OFFER_DEAR > hz)
		offer->again = to + hz;
}

static inline void offer_core(struct offer *offer, uint64_t hz)
{
	uint64_t from = clock_ticks();

	sched_yield();
	offer_took(offer, from, clock_ticks(), hz);
}

static inline bool offer_worth(const struct offer *offer)
{
	return clock_ticks() >= offer->again;
}
