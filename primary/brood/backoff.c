// backoff.c - reckons with deaths. Its state is the caller's; the fleet thread.
#include "primary/brood/backoff.h"

// Whether the last BACKOFF_DEATHS came too close together, for as late as they came.
static bool backoff_storm(const struct backoff *backoff, uint64_t now_ns)
{
	uint64_t oldest_ns = backoff->died_ns[backoff->deaths % BACKOFF_DEATHS];

	return backoff->deaths >= BACKOFF_DEATHS &&
	       now_ns - oldest_ns < BACKOFF_PERIOD_NS + backoff->rest_ns * BACKOFF_DEATHS;
}

bool backoff_death(struct backoff *backoff, bool own_doing, uint64_t born_ns, uint64_t now_ns)
{
	bool lived = now_ns >= born_ns + BACKOFF_PERIOD_NS;

	backoff->died_ns[backoff->deaths++ % BACKOFF_DEATHS] = now_ns;
	backoff->row = (lived ? 0 : backoff->row) + own_doing;
	backoff->over = backoff->row >= BACKOFF_ENOUGH;
	if (!backoff_storm(backoff, now_ns)) {
		backoff->rest_ns = 0;
		return backoff->over;
	}
	if (!own_doing)
		backoff->rest_ns = BACKOFF_REST_KILLED_NS;
	else if (backoff->rest_ns < BACKOFF_REST_MIN_NS)
		backoff->rest_ns = BACKOFF_REST_MIN_NS;
	else
		backoff->rest_ns =
		    backoff->rest_ns < BACKOFF_REST_MAX_NS / 2 ? 2 * backoff->rest_ns : BACKOFF_REST_MAX_NS;
	return true;
}

void backoff_tell(const struct backoff *backoff, unsigned seat, struct journal *journal)
{
	struct journal_place place = { seat, 0 };

	if (backoff->over)
		journal_write(journal, JOURNAL_ALARM, place,
			      "seat %u: %u workers in a row died at once; stays empty until it is started by hand",
			      seat, backoff->row);
	else
		journal_write(journal, JOURNAL_ALARM, place, "seat %u: %u deaths, the next worker comes in %lu ms",
			      seat, backoff->deaths, (unsigned long)(backoff->rest_ns / 1000000u));
}

void backoff_pardon(struct backoff *backoff)
{
	*backoff = (struct backoff){ .deaths = 0 };
}
