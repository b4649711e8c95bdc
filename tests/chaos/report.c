// report.c - what happened between two marks, as JSON. Called by the gauge's thread, which stands still meanwhile and knows it.
#include <stdlib.h>
#include <string.h>
#include "tests/chaos/report.h"

struct side { // one of the two sets of shards
	struct account_tally sum;
	struct spread blackouts; // one a shard
	json_t *each;            // the same as they were
	uint64_t blackout;
	unsigned shards;
};

static double us_of(const struct report_ask *ask, uint64_t ticks)
{
	return (double)ticks * 1e6 / (double)ask->hz;
}

static unsigned sessions_of(const struct account *account, unsigned shard)
{
	unsigned count = 0;

	for (unsigned i = 0; i < account->book->sessions; i++)
		count += gauge_shard(&account->book->session[i]) == shard;
	return count;
}

// Ticks between two packets of one session and way.
static uint64_t pace_of(const struct account *account, const struct report_ask *ask)
{
	return ask->pps ? ask->hz * account->book->sessions * GAUGE_WAYS / ask->pps : 0;
}

// A shard was dark for as long as its longest delayed packet was under way, or its longest silence lasted beyond its pace.
static void side_add(struct side *side, const struct account_tally *tally, const struct report_ask *ask, uint64_t pace)
{
	uint64_t dark = tally->shard_gap > pace ? tally->shard_gap - pace : 0;

	dark = RTE_MAX(dark, tally->delay);
	side->shards++;
	side->blackout = RTE_MAX(side->blackout, dark);
	spread_add(&side->blackouts, dark);
	json_array_append_new(side->each, json_real(us_of(ask, dark)));
	account_join(&side->sum, tally);
}

static json_t *times(const struct report_ask *ask, const struct spread *spread, uint64_t longest)
{
	return json_pack("{s:f, s:f, s:f}", "p50", us_of(ask, spread_quantile(spread, 0.5)), "p99",
			 us_of(ask, spread_quantile(spread, 0.99)), "max", us_of(ask, longest));
}

static json_t *side_json(const struct side *side, const struct report_ask *ask, double seconds)
{
	const struct account_tally *sum = &side->sum;
	json_int_t lost = (json_int_t)sum->sent - (json_int_t)sum->received;

	return json_pack(
	    "{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:f, s:o, s:o, s:o}", "shards", side->shards,
	    "sent", (json_int_t)sum->sent, "received", (json_int_t)sum->received, "arrived", (json_int_t)sum->arrived,
	    "lost", lost, "duplicated", (json_int_t)sum->duplicated, "reordered", (json_int_t)sum->reordered, "stale",
	    (json_int_t)sum->stale, "damaged", (json_int_t)sum->damaged, "stray", (json_int_t)sum->stray, "rate",
	    seconds > 0 ? (double)sum->received / seconds : 0., "gap_us", times(ask, &sum->gaps, sum->flow_gap),
	    "shard_gap_us", us_of(ask, sum->shard_gap), "delay_us", times(ask, &sum->delays, sum->delay), "blackout_us",
	    times(ask, &side->blackouts, side->blackout), "shard_blackout_us", side->each);
}

struct instrument {
	uint64_t refused, skipped, stalls, stall, longest, blind, broken, foreign;
};

static void instrument_add(struct instrument *sum, const struct account_span *span)
{
	sum->refused += span->refused[GAUGE_UP] + span->refused[GAUGE_DOWN];
	sum->skipped += span->skipped;
	sum->stalls += span->stalls;
	sum->stall += span->stall;
	sum->longest = RTE_MAX(sum->longest, span->stall_longest);
	sum->blind += span->blind;
	sum->broken += span->broken;
	sum->foreign += span->foreign;
}

static json_t *instrument_json(const struct account *account, const struct report_ask *ask)
{
	struct instrument sum = { 0 };

	for (uint32_t n = ask->from; n < ask->to; n++)
		instrument_add(&sum, &account->span[n % ACCOUNT_SPANS]);
	return json_pack("{s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:f}", "refused", (json_int_t)sum.refused, "skipped",
			 (json_int_t)sum.skipped, "stalls", (json_int_t)sum.stalls, "stalled_us", us_of(ask, sum.stall),
			 "stall_max_us", us_of(ask, sum.longest), "blind", (json_int_t)sum.blind, "broken",
			 (json_int_t)sum.broken, "foreign", (json_int_t)sum.foreign, "pace_us",
			 us_of(ask, pace_of(account, ask)));
}

static void shard_sum(const struct account *account, const struct report_ask *ask, unsigned shard,
		      struct account_tally *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (uint32_t n = ask->from; n < ask->to; n++)
		account_join(sum, &account->span[n % ACCOUNT_SPANS].tally[shard]);
}

json_t *report_make(struct account *account, const struct report_ask *ask)
{
	struct side side[2] = { 0 };
	const struct account_span *first = account_span(account, ask->from);
	const struct account_span *last = account_span(account, ask->to - 1);
	uint64_t pace = pace_of(account, ask);
	double seconds;

	if (ask->to <= ask->from || first->number != ask->from || last->number != ask->to - 1 || !last->to)
		return NULL;
	seconds = (double)(last->to - first->from) / (double)ask->hz;
	side[0].each = json_array();
	side[1].each = json_array();
	for (unsigned shard = 0; shard < ACCOUNT_SHARDS; shard++) {
		unsigned in = ask->shards[shard / 64] >> shard % 64 & 1, sessions = sessions_of(account, shard);
		struct account_tally sum;

		shard_sum(account, ask, shard, &sum);
		if (sessions)
			side_add(&side[in], &sum, ask, pace / sessions);
	}
	return json_pack("{s:I, s:I, s:f, s:o, s:o, s:o}", "from", (json_int_t)ask->from, "to", (json_int_t)ask->to,
			 "seconds", seconds, "set", side_json(&side[1], ask, seconds), "others",
			 side_json(&side[0], ask, seconds), "instrument", instrument_json(account, ask));
}

bool report_shards(const char *text, uint64_t shards[4])
{
	char *end;

	memset(shards, strcmp(text, "all") ? 0 : 0xff, 4 * sizeof(*shards));
	if (!strcmp(text, "all") || !strcmp(text, "none"))
		return true;
	do {
		unsigned long low = strtoul(text, &end, 10), high = low;

		if (end == text)
			return false;
		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		for (; low <= high && low < ACCOUNT_SHARDS; low++)
			shards[low / 64] |= 1ull << low % 64;
		text = end + 1;
	} while (*end == ',');
	return !*end;
}
