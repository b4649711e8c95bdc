// played.h - a gateway in one thread: primary and worker as they are shipped, by turns, between two ports that are played (ports.h).
//
// Primary and worker share what they share in service, and nothing else: plane, seat, rooms, sessions. Time is told, not read.
#pragma once
#include "primary/loop/loop.h"
#include "shared/plane/verdict.h"
#include "tests/bench/lane/marks.h"
#include "tests/bench/lane/ports.h"

extern struct played {
	struct plane_view *view;
	struct loop *loop; // the primary's
	const struct nic *nic;
	uint64_t now_ns;
} played;

// Until shards are owned, sessions served and next hops known.
void played_open(void);

// Frames that will be found at the next turn.
void played_offer(unsigned up, unsigned down);

// A turn of the primary's, then one of the worker's; their marks beside.
void played_turn(void);

// Lets what is under way out, and says whether everything has come through.
bool played_close(void);

static inline uint64_t played_forwarded(void)
{
	return played.loop->tally.verdict[VERDICT_FORWARD];
}
