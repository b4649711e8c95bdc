// measure_event.h - events of a URR (TS 29.244 5.2.2.2): how many there were, and when the last of them began.
//
// An event: packets of its rules begin to come, after none have for so long (measure_quiet_s), which is what START tells of. Its worker counts
// them, in a gauge of their own (shared/wire/sheet_rules.h), where they may be used up at the packet. Pure.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "proto/oss.pb-c.h"

#define MEASURE_TIMES 16u

struct measure_events {
	uint64_t serial, life;             // of the gauge; 0 = none counts them
	uint64_t base, seen;               // in lives before this one; in this one
	uint64_t began[MEASURE_TIMES / 2]; // of the last ones, a ring: seconds since 1970, two in a word
};

// Without packets for so long traffic has stopped.
static inline uint32_t measure_quiet_s(uint32_t inactivity_s)
{
	return inactivity_s ? inactivity_s : 10;
}

bool measure_has_events(const Shoal__Oss__Measure *wanted); // somebody has to count them

static inline uint64_t measure_events_total(const struct measure_events *events)
{
	return events->base + events->seen;
}

// The gauge says so many, in that life, and when the last one began; those that come with it have its time, too. True if that is new.
bool measure_events_hear(struct measure_events *events, uint64_t life, uint64_t heard, uint64_t last_ms);

// When those behind number `from` began, the last 16, in milliseconds, oldest first. Returns how many.
unsigned measure_events_times(const struct measure_events *events, uint64_t from, uint64_t times[MEASURE_TIMES]);
