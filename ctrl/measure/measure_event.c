// measure_event.c - counting events, and remembering when they began.
#include "ctrl/measure/measure_event.h"

bool measure_has_events(const Shoal__Oss__Measure *wanted)
{
	return wanted->event_threshold || wanted->has_event_quota || wanted->subsequent_event_threshold ||
	       wanted->subsequent_event_quota;
}

static void time_put(struct measure_events *events, uint64_t number, uint64_t ms)
{
	uint64_t *word = &events->began[number % MEASURE_TIMES / 2];
	unsigned half = number % 2 * 32;

	*word = (*word & ~((uint64_t)UINT32_MAX << half)) | (ms / 1000 & UINT32_MAX) << half;
}

static uint64_t time_of(const struct measure_events *events, uint64_t number)
{
	return (events->began[number % MEASURE_TIMES / 2] >> number % 2 * 32 & UINT32_MAX) * 1000;
}

// Of those behind `from` the first whose time is remembered.
static uint64_t remembered(uint64_t from, uint64_t total)
{
	return total - from > MEASURE_TIMES ? total - MEASURE_TIMES : from;
}

bool measure_events_hear(struct measure_events *events, uint64_t life, uint64_t heard, uint64_t last_ms)
{
	uint64_t before, total;

	if (life < events->life)
		return false;
	if (life > events->life) {
		events->base += events->seen;
		events->seen = 0;
		events->life = life;
	}
	if (heard <= events->seen)
		return false;
	before = measure_events_total(events);
	events->seen = heard;
	total = measure_events_total(events);
	for (uint64_t number = remembered(before, total); number < total; number++)
		time_put(events, number, last_ms);
	return true;
}

unsigned measure_events_times(const struct measure_events *events, uint64_t from, uint64_t times[MEASURE_TIMES])
{
	uint64_t total = measure_events_total(events);
	unsigned count = 0;

	for (uint64_t number = remembered(from, total); number < total; number++)
		times[count++] = time_of(events, number);
	return count;
}
