// measure_inside.h - what the files of measure and measures share. For them alone.
#pragma once
#include "ctrl/measure/measure.h"

enum measure_flag {
	MEASURE_SPLIT = 1 << 0,   // the monitoring time has passed, and no report yet
	MEASURE_LATER = 1 << 1,   // ... has passed
	MEASURE_SPENT = 1 << 2,   // volume quota: told
	MEASURE_EXPIRED = 1 << 3, // time quota or its holding time: nothing passes
	MEASURE_FLOWING = 1 << 4, // START told, STOPT not
	MEASURE_OLD = 1 << 5,     // quota: its time is over, which was told
	MEASURE_DONE = 1 << 6,    // event quota: told
};

static inline uint64_t measure_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct measure_words measure_since(const struct measure_words *now, const struct measure_words *then);

// What the ways came to that counted until its gauge did, at that moment (flow.turned_ways). True if that is more than was known.
bool measure_hear_turned(struct measure *measure, const struct measure_words *ways, uint64_t at_ms);

// Of the gauge that counts what is dropped of its packets: a word, and which one it is from now on; and what it came to.
bool measure_hear_dropped(struct measure *measure, const struct measure_word *word);
void measure_turn_dropped(struct measure *measure, uint32_t serial);
struct measure_words measure_dropped(const struct measure *measure);

// The same of the gauge that counts its events.
bool measure_hear_events(struct measure *measure, const struct measure_word *word);
void measure_turn_events(struct measure *measure, uint32_t serial);

// Whatever says that a quota is over: a new one begins.
#define MEASURE_QUOTA_OVER ((uint64_t)(MEASURE_SPENT | MEASURE_EXPIRED | MEASURE_OLD | MEASURE_DONE))

// Of START and STOPT what is among `triggers` has been seen to.
void measure_flows(struct measure *measure, uint32_t triggers);

// Time that counts until now.
uint64_t measure_active_ms(const struct measure *measure, uint64_t now_ms);
