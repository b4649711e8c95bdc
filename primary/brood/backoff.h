// backoff.h - how soon a seat's next worker comes, by how its last ones ended. The fleet thread.
//
// At once, as a rule. After BACKOFF_DEATHS in BACKOFF_PERIOD_NS a second later, and twice as late each time they go on dying of
// their own doing. After BACKOFF_ENOUGH such in a row that did not live for BACKOFF_PERIOD_NS nobody comes any more until an operator
// says so. Those that somebody killed or stopped say nothing about the next one, which comes BACKOFF_REST_KILLED_NS later.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/brood/journal.h"

#define BACKOFF_DEATHS 3u
#define BACKOFF_PERIOD_NS 10000000000ull
#define BACKOFF_REST_MIN_NS 1000000000ull
#define BACKOFF_REST_KILLED_NS 200000000ull
#define BACKOFF_REST_MAX_NS 30000000000ull
#define BACKOFF_ENOUGH 10u

struct backoff {
	uint64_t died_ns[BACKOFF_DEATHS]; // the last deaths
	unsigned deaths;
	unsigned row;     // of short lives that ended by themselves
	uint64_t rest_ns; // how long the next one is put off
	bool over;        // nobody comes any more
};

// One of them died who had come at born_ns. True: it is no ordinary death, and people should hear of it.
bool backoff_death(struct backoff *backoff, bool own_doing, uint64_t born_ns, uint64_t now_ns);

void backoff_tell(const struct backoff *backoff, unsigned seat, struct journal *journal);

// Forgets what was.
void backoff_pardon(struct backoff *backoff);
