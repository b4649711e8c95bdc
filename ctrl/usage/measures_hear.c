// measures_hear.c - words about packets, and what they make due.
#include "ctrl/measure/measure_inside.h"
#include "ctrl/usage/measures_inside.h"

struct measure_words measured_ways(const struct session *session, uint8_t ways)
{
	const struct feed_count total = count_total(&session->usage);
	struct measure_words words = { { 0 }, { 0 } };

	if (ways >> MEASURE_UP & 1) {
		words.packets[MEASURE_UP] = total.uplink_packets;
		words.bytes[MEASURE_UP] = total.uplink_bytes;
	}
	if (ways >> MEASURE_DOWN & 1) {
		words.packets[MEASURE_DOWN] = total.downlink_packets;
		words.bytes[MEASURE_DOWN] = total.downlink_bytes;
	}
	return words;
}

bool measured_silent(const struct measured *measured, uint64_t now_ms, uint64_t *next_ms)
{
	uint64_t at_ms = measured->state.last_ms + measured->inactivity_s * 1000ull;

	if (!measured->inactivity_s || measured->state.silent)
		return false;
	if (at_ms <= now_ms)
		return true;
	*next_ms = at_ms < *next_ms ? at_ms : *next_ms;
	return false;
}

bool measured_over(const struct measured *measured, uint64_t now_ms, uint64_t *next_ms)
{
	uint64_t at_ms = measured->state.kept_ms;

	if (at_ms > now_ms && at_ms < *next_ms)
		*next_ms = at_ms;
	return at_ms && at_ms <= now_ms;
}

bool measured_tells(const struct measured *measured, uint64_t now_ms, uint64_t *next_ms)
{
	uint64_t at_ms = measured->state.waiting_ms;

	if (!measured->state.waiting)
		return false;
	if (at_ms > now_ms && at_ms < *next_ms)
		*next_ms = at_ms;
	return at_ms <= now_ms;
}

bool measured_due(const struct measured *measured, uint64_t now_ms, uint32_t due[MEASURES_MAX], uint64_t *next_ms)
{
	uint64_t soonest_ms = UINT64_MAX;
	bool any = measured_tells(measured, now_ms, &soonest_ms);

	any |= measured_silent(measured, now_ms, &soonest_ms);
	any |= measured_over(measured, now_ms, &soonest_ms);
	for (unsigned i = 0; i < measured->count; i++) {
		due[i] = measure_due(&measured->measure[i], now_ms, next_ms);
		any |= due[i] || measure_settles(&measured->measure[i], now_ms);
		soonest_ms = *next_ms < soonest_ms ? *next_ms : soonest_ms;
	}
	*next_ms = soonest_ms;
	return any;
}

static void active(struct measured *measured, uint64_t at_ms)
{
	if (at_ms <= measured->state.last_ms)
		return;
	measured->state.last_ms = at_ms;
	measured->state.silent = 0;
}

// A gauge that is not the one that counts yet.
static void spare_hear(struct measure_flow *flow, uint32_t serial, const struct measure_word *word)
{
	if (serial < flow->spare || (serial == flow->spare && word->life < flow->spare_life))
		return;
	flow->spare = serial;
	flow->spare_life = word->life;
	flow->spared = word->words;
}

static bool gauge_hear(struct measure *measure, uint32_t serial, const struct measure_word *word)
{
	if (!measure->flow.serial)
		spare_hear(&measure->flow, serial, word);
	return measure->flow.serial == serial && measure_hear(measure, word);
}

// What the session's ways came to when a sheet took over.
static bool turned_hear(struct measures *measures, struct session *session, const struct measure_word *word)
{
	const struct feed_count heard = { .uplink_packets = word->words.packets[MEASURE_UP],
					  .uplink_bytes = word->words.bytes[MEASURE_UP],
					  .downlink_packets = word->words.packets[MEASURE_DOWN],
					  .downlink_bytes = word->words.bytes[MEASURE_DOWN] };
	struct session then = *session;
	bool moved = false;

	if (word->life < then.usage.life) // nobody knows any more what this life came to in the end
		return false;
	count_hear(&then.usage, word->life, &heard, word->last_ms);
	then.usage.seen = heard;
	for (unsigned i = 0; i < session->measured->count; i++) {
		struct measure *measure = &session->measured->measure[i];
		struct measure_words ways = measured_ways(&then, (uint8_t)measure->flow.turned_ways);

		if (measure->flow.turned_ways)
			moved |= measure_hear_turned(measure, &ways, word->last_ms);
	}
	if (!moved)
		return false;
	measured_mark(measures, session);
	measured_plan(measures, session, word->last_ms);
	return true;
}

// Of one that counts for a measure what no PDR names it for.
static bool beside_hear(struct measure *measure, uint32_t serial, const struct measure_word *word)
{
	if (measure->flow.drop_serial == serial)
		return measure_hear_dropped(measure, word);
	return measure->flow.events.serial == serial && measure_hear_events(measure, word);
}

bool measures_hear(struct measures *measures, struct session *session, uint32_t urr, uint32_t serial,
		   const struct measure_word *word)
{
	struct measured *measured = session->measured;

	if (measured && !serial)
		return turned_hear(measures, session, word);
	for (unsigned i = 0; measured && i < measured->count; i++) {
		struct measure *measure = &measured->measure[i];

		if (urr && measure->rules.id != urr)
			continue;
		if (!(urr ? gauge_hear(measure, serial, word) : beside_hear(measure, serial, word)))
			continue;
		measured_mark(measures, session);
		measured_plan(measures, session, word->last_ms);
		return true;
	}
	return false;
}

void measured_follow(const struct session *session, struct measured *measured)
{
	struct measure_word word = { .last_ms = session->usage.at_ms };

	for (unsigned i = 0; i < measured->count; i++) {
		struct measure *measure = &measured->measure[i];

		word.words = measured_ways(session, measure->rules.ways);
		if (!measure->flow.serial)
			measure_hear(measure, &word);
	}
}

bool measures_usage(struct measures *measures, struct session *session)
{
	struct measured *measured = session->measured;
	uint64_t at_ms = session->usage.at_ms;
	bool woken;

	if (!measured)
		return false;
	woken = measured->state.silent && at_ms > measured->state.last_ms;
	active(measured, at_ms);
	measured_follow(session, measured);
	if (woken) // so that a silence that was told of is not told of again
		measured_mark(measures, session);
	measured_plan(measures, session, at_ms);
	return woken;
}

bool measures_data(struct measures *measures, struct session *session, const struct report *report, uint64_t at_ms)
{
	struct measured *measured = session->measured;
	uint32_t delay_ms;

	if (!measured && session->sheet && !(measured = session->measured = measured_make(0, 0)))
		return false;
	if (!measured || report->episode == measured->state.episode || report->episode == measured->state.waiting)
		return false;
	measured->state.waiting = report->episode;
	delay_ms = delay_of(measured, report->pdr);
	measured->state.waiting_ms = delay_ms ? at_ms + delay_ms : 0;
	measured->state.waiting_packet = report->pdr | (uint64_t)report->tos << 16 | (uint64_t)report->qfi << 24;
	measured_mark(measures, session);
	measured_plan(measures, session, at_ms);
	return true;
}
