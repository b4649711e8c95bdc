// measure.c - counting, and what a report takes of it.
#include "ctrl/measure/measure_inside.h"

#define KNOCK_MS 100u

// True if one has grown.
static bool words_hear(struct measure_words *base, struct measure_words *seen, const struct measure_words *heard,
		       bool anew)
{
	bool moved = false;

	for (unsigned way = 0; way < MEASURE_WAYS; way++) {
		uint64_t *to[2] = { &seen->packets[way], &seen->bytes[way] };
		uint64_t *sum[2] = { &base->packets[way], &base->bytes[way] };
		const uint64_t from[2] = { heard->packets[way], heard->bytes[way] };

		for (unsigned i = 0; i < 2; i++) {
			*sum[i] += anew ? *to[i] : 0;
			*to[i] = anew ? 0 : *to[i];
			moved |= *to[i] < from[i];
			*to[i] = *to[i] < from[i] ? from[i] : *to[i];
		}
	}
	return moved;
}

static struct measure_words words_sum(const struct measure_words *base, const struct measure_words *seen)
{
	struct measure_words total = *base;

	for (unsigned way = 0; way < MEASURE_WAYS; way++) {
		total.packets[way] += seen->packets[way];
		total.bytes[way] += seen->bytes[way];
	}
	return total;
}

// Nothing was counted, and yet packets have come. What a worker's clock says is the same time may differ a little from word to word.
static bool knock_hear(struct measure_flow *flow, const struct measure_word *word)
{
	if (!flow->serial || word->last_ms <= measure_later(flow->last_ms, flow->knock_ms) + KNOCK_MS)
		return false;
	flow->knock_ms = word->last_ms;
	return true;
}

bool measure_hear(struct measure *measure, const struct measure_word *word)
{
	struct measure_flow *flow = &measure->flow;
	uint64_t begin_ms = !flow->last_ms && word->first_ms ? word->first_ms : word->last_ms;
	uint64_t idle_ms = measure->rules.inactivity_s * 1000ull, gap_ms;
	bool anew = word->life > flow->life;

	if (word->life < flow->life) // a late word of a life that is over
		return false;
	flow->life = word->life;
	if (!words_hear(&flow->base, &flow->seen, &word->words, anew))
		return knock_hear(flow, word);
	flow->first_ms = flow->first_ms ? flow->first_ms : begin_ms;
	flow->mark_ms = flow->mark_ms ? flow->mark_ms : begin_ms;
	gap_ms = word->last_ms > flow->mark_ms ? word->last_ms - flow->mark_ms : 0;
	flow->active_ms += idle_ms && gap_ms > idle_ms ? idle_ms : gap_ms;
	flow->mark_ms = measure_later(flow->mark_ms, word->last_ms);
	flow->last_ms = measure_later(flow->last_ms, word->last_ms);
	return true;
}

bool measure_hear_turned(struct measure *measure, const struct measure_words *ways, uint64_t at_ms)
{
	struct measure_flow *flow = &measure->flow;
	struct measure_words before = flow->turned, none = { { 0 }, { 0 } }, late;

	if (!words_hear(&none, &flow->turned, ways, false))
		return false;
	late = measure_since(&flow->turned, &before);
	flow->base = words_sum(&flow->base, &late);
	flow->first_ms = flow->first_ms ? flow->first_ms : at_ms;
	flow->last_ms = measure_later(flow->last_ms, at_ms);
	return true;
}

bool measure_hear_dropped(struct measure *measure, const struct measure_word *word)
{
	struct measure_flow *flow = &measure->flow;
	bool anew = word->life > flow->drop_life;

	if (word->life < flow->drop_life)
		return false;
	flow->drop_life = word->life;
	return words_hear(&flow->drop_base, &flow->drop_seen, &word->words, anew);
}

struct measure_words measure_dropped(const struct measure *measure)
{
	return words_sum(&measure->flow.drop_base, &measure->flow.drop_seen);
}

struct measure_words measure_total(const struct measure *measure)
{
	return words_sum(&measure->flow.base, &measure->flow.seen);
}

struct measure_words measure_since(const struct measure_words *now, const struct measure_words *then)
{
	struct measure_words words;

	for (unsigned way = 0; way < MEASURE_WAYS; way++) {
		words.packets[way] = now->packets[way] - then->packets[way];
		words.bytes[way] = now->bytes[way] - then->bytes[way];
	}
	return words;
}

uint64_t measure_active_ms(const struct measure *measure, uint64_t now_ms)
{
	const struct measure_flow *flow = &measure->flow;
	uint64_t idle_ms = measure->rules.inactivity_s * 1000ull;
	uint64_t gap_ms = flow->mark_ms && now_ms > flow->mark_ms ? now_ms - flow->mark_ms : 0;

	return flow->active_ms + (idle_ms && gap_ms > idle_ms ? idle_ms : gap_ms);
}

void measure_begin(struct measure *measure, const struct measure_words *from, uint64_t now_ms)
{
	const struct measure_rules *rules = &measure->rules;

	measure->flow = (struct measure_flow){ .id = rules->id, .seen = *from };
	measure->stand = (struct measure_stand){ .start_ms = now_ms, .reported = *from, .granted = *from };
	measure->stand.grant = rules->grant;
	measure->stand.granted_at_ms = now_ms;
	measure->stand.period_ms = now_ms + rules->period_s * 1000ull;
	if (rules->at_once)
		measure->flow.mark_ms = now_ms;
}

void measure_follow(struct measure *measure, const struct measure_rules *before, uint64_t now_ms)
{
	const struct measure_rules *rules = &measure->rules;
	struct measure_stand *stand = &measure->stand;

	if (rules->period_s != before->period_s)
		stand->period_ms = now_ms + rules->period_s * 1000ull;
	if (rules->monitoring_ms != before->monitoring_ms)
		stand->flags &= ~(uint64_t)MEASURE_LATER;
	if (rules->at_once && !measure->flow.mark_ms)
		measure->flow.mark_ms = now_ms;
	if (stand->grant == rules->grant)
		return;
	stand->grant = rules->grant;
	stand->granted = measure_total(measure);
	stand->granted_ms = measure_active_ms(measure, now_ms);
	stand->granted_at_ms = now_ms;
	stand->event_granted = measure_events_total(&measure->flow.events);
	stand->flags &= ~MEASURE_QUOTA_OVER;
}

void measure_turn(struct measure *measure, uint32_t serial, const struct measure_words *from)
{
	struct measure_flow *flow = &measure->flow;
	struct measure_words total = measure_total(measure), none = { { 0 }, { 0 } };

	if (flow->serial == serial)
		return;
	flow->serial = serial;
	flow->turned_ways = 0;
	flow->life = 0;
	flow->seen = serial ? none : *from;
	flow->base = measure_since(&total, &flow->seen); // may wrap; the sum is right
}

// Another gauge begins at zero: nobody asked what was dropped before.
void measure_turn_dropped(struct measure *measure, uint32_t serial)
{
	struct measure_flow *flow = &measure->flow;
	const struct measure_words none = { { 0 }, { 0 } };

	if (flow->drop_serial == serial)
		return;
	flow->drop_serial = serial;
	flow->drop_life = 0;
	flow->drop_base = flow->drop_seen = measure->stand.drop_reported = none;
}

bool measure_hear_events(struct measure *measure, const struct measure_word *word)
{
	uint64_t heard = word->words.packets[MEASURE_UP] + word->words.packets[MEASURE_DOWN];

	return measure_events_hear(&measure->flow.events, word->life, heard, word->last_ms);
}

void measure_turn_events(struct measure *measure, uint32_t serial)
{
	struct measure_stand *stand = &measure->stand;

	if (measure->flow.events.serial == serial)
		return;
	measure->flow.events = (struct measure_events){ .serial = serial };
	stand->event_reported = stand->event_granted = stand->event_split = stand->event_started = 0;
}

static void part_write(const struct measure *measure, const struct measure_words *words, uint64_t ms,
		       Shoal__Oss__UsageReport *report)
{
	shoal__oss__usage_report__init(report);
	report->measure = measure->rules.id;
	report->uplink_packets = words->packets[MEASURE_UP];
	report->uplink_bytes = words->bytes[MEASURE_UP];
	report->downlink_packets = words->packets[MEASURE_DOWN];
	report->downlink_bytes = words->bytes[MEASURE_DOWN];
	report->duration_s = ms / 1000;
}

// Usage Information, TS 29.244 8.2.88.
enum { INFORMATION_BEFORE = 1 << 0, INFORMATION_AFTER = 1 << 1 };

static unsigned parts_write(const struct measure *measure, uint32_t triggers, uint64_t now_ms,
			    Shoal__Oss__UsageReport reports[MEASURE_REPORTS])
{
	const struct measure_stand *stand = &measure->stand;
	struct measure_words total = measure_total(measure), used = measure_since(&total, &stand->reported);
	uint64_t active = measure_active_ms(measure, now_ms);

	if (!(stand->flags & MEASURE_SPLIT)) {
		part_write(measure, &used, active - stand->reported_ms, &reports[0]);
		reports[0].triggers = triggers;
		reports[0].events = measure_events_total(&measure->flow.events) - stand->event_reported;
		reports[0].start_ms = stand->start_ms;
		reports[0].end_ms = now_ms;
		return 1;
	}
	used = measure_since(&stand->split, &stand->reported);
	part_write(measure, &used, stand->split_ms - stand->reported_ms, &reports[0]);
	reports[0].triggers = triggers | MEASURE_MONIT;
	reports[0].information = INFORMATION_BEFORE;
	reports[0].events = stand->event_split - stand->event_reported;
	reports[0].start_ms = stand->start_ms;
	reports[0].end_ms = reports[1].start_ms = stand->split_at_ms;
	used = measure_since(&total, &stand->split);
	part_write(measure, &used, active - stand->split_ms, &reports[1]);
	reports[1].triggers = triggers;
	reports[1].information = INFORMATION_AFTER;
	reports[1].events = measure_events_total(&measure->flow.events) - stand->event_split;
	reports[1].start_ms = stand->split_at_ms;
	reports[1].end_ms = now_ms;
	return 2;
}

unsigned measure_report(struct measure *measure, uint32_t triggers, uint64_t now_ms,
			Shoal__Oss__UsageReport reports[MEASURE_REPORTS])
{
	struct measure_stand *stand = &measure->stand;
	uint64_t active = measure_active_ms(measure, now_ms), period_ms = measure->rules.period_s * 1000ull;
	uint64_t from_ms = stand->flags & MEASURE_SPLIT ? stand->split_ms : stand->reported_ms;
	unsigned count = parts_write(measure, triggers, now_ms, reports);

	for (unsigned i = 0; i < count; i++) {
		reports[i].number = (uint32_t)stand->number++;
		reports[i].first_ms = measure->flow.first_ms;
		reports[i].last_ms = measure->flow.first_ms ? measure->flow.last_ms : 0;
		reports[i].events = triggers & MEASURE_IMMER ? 0 : reports[i].events;
	}
	stand->start_ms = now_ms;
	stand->reported = measure_total(measure);
	stand->reported_ms = active - (active - from_ms) % 1000; // what makes no second is in the next
	if (!(triggers & MEASURE_IMMER)) // PFCP's answers have no place for events: the next report tells of them
		stand->event_reported = measure_events_total(&measure->flow.events);
	stand->flags &= ~(uint64_t)MEASURE_SPLIT;
	measure->flow.first_ms = 0;
	if (triggers & MEASURE_DROTH) // no other report tells of it
		stand->drop_reported = measure_dropped(measure);
	if (triggers & MEASURE_QUVTI)
		stand->flags |= MEASURE_OLD;
	measure_flows(measure, triggers);
	if (period_ms && stand->period_ms <= now_ms)
		stand->period_ms += ((now_ms - stand->period_ms) / period_ms + 1) * period_ms;
	return count;
}
