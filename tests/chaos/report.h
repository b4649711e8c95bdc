// report.h - what happened between two marks, for a set of shards and for all others, as JSON. Called by the gauge's thread.
#pragma once
#include <jansson.h>
#include "tests/chaos/account.h"

struct report_ask {
	uint32_t from, to;  // marks: the spans from .. to - 1
	uint64_t shards[4]; // bit n: shard n is in the set
	uint64_t hz, pps;   // ticks and packets offered a second
};

// NULL if a span is no longer kept, or to is not behind from.
json_t *report_make(struct account *account, const struct report_ask *ask);

// "0,3,7-9", "all" or "none" into a set; false if it is neither.
bool report_shards(const char *text, uint64_t shards[4]);
