// measure_due.c - when something has to be reported, and what its worker has to be told of quotas.
#include <string.h>
#include "ctrl/measure/measure_inside.h"

static bool beyond(const struct measure_limit *limit, const struct measure_words *used)
{
	uint64_t total = used->bytes[MEASURE_UP] + used->bytes[MEASURE_DOWN];

	return total >= limit->bytes[SHEET_TOTAL] || used->bytes[MEASURE_UP] >= limit->bytes[SHEET_UP] ||
	       used->bytes[MEASURE_DOWN] >= limit->bytes[SHEET_DOWN];
}

static const struct measure_limit *threshold_of(const struct measure *measure)
{
	bool later = measure->stand.flags & MEASURE_LATER && measure->rules.later_threshold_given;

	return later ? &measure->rules.later_threshold : &measure->rules.threshold;
}

static const struct measure_limit *quota_of(const struct measure *measure)
{
	bool later = measure->stand.flags & MEASURE_LATER && measure->rules.later_quota_given;

	return later ? &measure->rules.later_quota : &measure->rules.quota;
}

// True from `at_ms` on; before that, when to look.
static bool has_come(uint64_t at_ms, uint64_t now_ms, uint64_t *next_ms)
{
	if (at_ms <= now_ms)
		return true;
	*next_ms = at_ms < *next_ms ? at_ms : *next_ms;
	return false;
}

// When so much time will have counted, if packets go on or need not.
static bool has_lasted(const struct measure *measure, uint64_t from_ms, uint64_t seconds, uint64_t now_ms,
		       uint64_t *next_ms)
{
	uint64_t idle_ms = measure->rules.inactivity_s * 1000ull,
		 spent_ms = measure_active_ms(measure, now_ms) - from_ms;
	bool stands = !measure->flow.mark_ms || (idle_ms && now_ms - measure->flow.mark_ms >= idle_ms);

	if (seconds == UINT64_MAX)
		return false;
	if (spent_ms >= seconds * 1000)
		return true;
	return !stands && has_come(now_ms + seconds * 1000 - spent_ms, now_ms, next_ms);
}

static bool events_done(const struct measure *measure)
{
	uint64_t used = measure_events_total(&measure->flow.events) - measure->stand.event_granted;

	return !(measure->stand.flags & MEASURE_DONE) && used >= quota_of(measure)->events;
}

// The last packet, or the grant: from then on a quota may be held without any.
static uint64_t held_ms(const struct measure *measure)
{
	return measure_later(measure->flow.last_ms, measure->stand.granted_at_ms);
}

static uint32_t quota_due(const struct measure *measure, uint64_t now_ms, uint64_t *next_ms)
{
	const struct measure_limit *quota = quota_of(measure);
	const struct measure_stand *stand = &measure->stand;
	struct measure_words total = measure_total(measure), used = measure_since(&total, &stand->granted);
	uint32_t due = 0;

	if (!(stand->flags & MEASURE_SPENT) && beyond(quota, &used))
		due |= MEASURE_VOLQU;
	if (events_done(measure))
		due |= MEASURE_EVEQU;
	if (measure->rules.validity_s && !(stand->flags & MEASURE_OLD) &&
	    has_come(stand->granted_at_ms + measure->rules.validity_s * 1000ull, now_ms, next_ms))
		due |= MEASURE_QUVTI;
	if (stand->flags & MEASURE_EXPIRED)
		return due;
	if (has_lasted(measure, stand->granted_ms, quota->seconds, now_ms, next_ms))
		due |= MEASURE_TIMQU;
	if (measure->rules.holding_s &&
	    has_come(held_ms(measure) + measure->rules.holding_s * 1000ull, now_ms, next_ms))
		due |= MEASURE_QUHTI;
	return due;
}

// Where events are counted, each is a start, and else only what comes to be refused.
static uint32_t traffic_due(const struct measure *measure, uint64_t now_ms, uint64_t *next_ms)
{
	const struct measure_flow *flow = &measure->flow;
	uint64_t last_ms = measure_later(flow->last_ms, flow->knock_ms);
	bool flowing = measure->stand.flags & MEASURE_FLOWING, quiet, begun;

	if (!last_ms || !(measure->rules.triggers & (MEASURE_ASK_START | MEASURE_ASK_STOPT)))
		return 0;
	quiet = has_come(last_ms + measure_quiet_s(measure->rules.inactivity_s) * 1000ull, now_ms, next_ms);
	begun = !flowing && !quiet && (!flow->events.serial || flow->knock_ms > flow->last_ms);
	if (flow->events.serial)
		begun |= measure_events_total(&flow->events) != measure->stand.event_started;
	if (begun)
		return MEASURE_START;
	return flowing && quiet ? MEASURE_STOPT : 0;
}

void measure_flows(struct measure *measure, uint32_t triggers)
{
	struct measure_stand *stand = &measure->stand;

	if (triggers & MEASURE_START) {
		stand->flags |= MEASURE_FLOWING;
		stand->event_started = measure_events_total(&measure->flow.events);
	}
	if (triggers & MEASURE_STOPT)
		stand->flags &= ~(uint64_t)MEASURE_FLOWING;
}

static bool dropped_due(const struct measure *measure)
{
	struct measure_words total = measure_dropped(measure);
	struct measure_words dropped = measure_since(&total, &measure->stand.drop_reported);

	return dropped.packets[MEASURE_DOWN] >= measure->rules.dropped_packets ||
	       dropped.bytes[MEASURE_DOWN] >= measure->rules.dropped_bytes;
}

// What has come, whether or not it was asked for.
static uint32_t come(const struct measure *measure, uint64_t now_ms, uint64_t *next_ms)
{
	const struct measure_rules *rules = &measure->rules;
	const struct measure_stand *stand = &measure->stand;
	struct measure_words total = measure_total(measure);
	bool split = stand->flags & MEASURE_SPLIT && rules->later_threshold_given;
	struct measure_words used = measure_since(&total, split ? &stand->split : &stand->reported);
	uint64_t from_ms = split ? stand->split_ms : stand->reported_ms;
	uint64_t events =
	    measure_events_total(&measure->flow.events) - (split ? stand->event_split : stand->event_reported);
	uint32_t due = quota_due(measure, now_ms, next_ms) | traffic_due(measure, now_ms, next_ms);

	if (rules->period_s && has_come(stand->period_ms, now_ms, next_ms))
		due |= MEASURE_PERIO;
	if (beyond(threshold_of(measure), &used))
		due |= MEASURE_VOLTH;
	if (events >= threshold_of(measure)->events)
		due |= MEASURE_EVETH;
	if (dropped_due(measure))
		due |= MEASURE_DROTH;
	if (has_lasted(measure, from_ms, threshold_of(measure)->seconds, now_ms, next_ms))
		due |= MEASURE_TIMTH;
	if (rules->monitoring_ms && !(stand->flags & MEASURE_LATER))
		has_come(rules->monitoring_ms, now_ms, next_ms);
	return due;
}

uint32_t measure_due(const struct measure *measure, uint64_t now_ms, uint64_t *next_ms)
{
	uint32_t asked = measure->rules.triggers & (MEASURE_ASK_PERIO | MEASURE_ASK_VOLTH | MEASURE_ASK_TIMTH |
						    MEASURE_ASK_QUHTI | MEASURE_ASK_START | MEASURE_ASK_STOPT |
						    MEASURE_ASK_DROTH | MEASURE_ASK_VOLQU | MEASURE_ASK_TIMQU);

	asked |= measure->rules.triggers & MEASURE_ASK_QUVTI ? MEASURE_QUVTI : 0;
	asked |= measure->rules.triggers & MEASURE_ASK_EVETH ? MEASURE_EVETH : 0;
	asked |= measure->rules.triggers & MEASURE_ASK_EVEQU ? MEASURE_EVEQU : 0;
	*next_ms = UINT64_MAX;
	return come(measure, now_ms, next_ms) & asked; // the other bits of both lists that are looked at are the same
}

// ---- What then

// The monitoring time has come: what was counted until now is one report, what follows another (TS 29.244 5.2.2.2).
static void split(struct measure *measure, uint64_t now_ms)
{
	struct measure_stand *stand = &measure->stand;

	stand->flags |= MEASURE_LATER | MEASURE_SPLIT;
	stand->split = measure_total(measure);
	stand->split_ms = measure_active_ms(measure, now_ms);
	stand->split_at_ms = now_ms;
	stand->event_split = measure_events_total(&measure->flow.events);
	if (measure->rules.later_quota_given) {
		stand->granted = stand->split;
		stand->granted_ms = stand->split_ms;
		stand->granted_at_ms = now_ms;
		stand->event_granted = stand->event_split;
		stand->flags &= ~MEASURE_QUOTA_OVER;
	}
}

// The gauge's value at which the quota is used up, in this life, if that began at `base`; never below 0.
static uint64_t quota_at(uint64_t granted, uint64_t base, uint64_t quota)
{
	uint64_t at = granted - base; // may wrap where an earlier life has used some of it

	if (quota == UINT64_MAX)
		return UINT64_MAX;
	if ((int64_t)at < 0)
		return quota > -at ? quota + at : 0;
	return at + quota < at ? UINT64_MAX - 1 : at + quota;
}

static uint64_t volume_at(const struct measure *measure, unsigned volume)
{
	static const uint8_t ways[SHEET_VOLUMES] = { [SHEET_TOTAL] = 3, [SHEET_UP] = 1, [SHEET_DOWN] = 2 };
	uint64_t granted = 0, base = 0;

	for (unsigned way = 0; way < MEASURE_WAYS; way++) {
		granted += ways[volume] >> way & 1 ? measure->stand.granted.bytes[way] : 0;
		base += ways[volume] >> way & 1 ? measure->flow.base.bytes[way] : 0;
	}
	return quota_at(granted, base, quota_of(measure)->bytes[volume]);
}

bool measure_settle(struct measure *measure, uint64_t now_ms)
{
	struct measure_stand *stand = &measure->stand;
	const struct measure_stand before = *stand;
	uint64_t next_ms = UINT64_MAX;
	uint32_t due;

	if (measure->rules.monitoring_ms && !(stand->flags & MEASURE_LATER) && measure->rules.monitoring_ms <= now_ms)
		split(measure, now_ms);
	due = quota_due(measure, now_ms, &next_ms);
	if (due & MEASURE_VOLQU)
		stand->flags |= MEASURE_SPENT;
	if (due & MEASURE_EVEQU)
		stand->flags |= MEASURE_DONE;
	if (due & (MEASURE_TIMQU | MEASURE_QUHTI))
		stand->flags |= MEASURE_EXPIRED;
	measure_flows(measure, traffic_due(measure, now_ms, &next_ms) & ~measure->rules.triggers); // not to be told
	stand->told_flags = stand->flags & MEASURE_EXPIRED ? SHEET_STOPPED : 0;
	stand->told_life = measure->flow.life;
	for (unsigned i = 0; i < SHEET_VOLUMES; i++) {
		stand->told[i] = volume_at(measure, i);
		stand->told_flags |= stand->told[i] != UINT64_MAX ? SHEET_QUOTA : 0;
	}
	stand->told_events = quota_at(stand->event_granted, measure->flow.events.base, quota_of(measure)->events) + 1;
	return before.told_flags != stand->told_flags || before.told_events != stand->told_events ||
	       memcmp(before.told, stand->told, sizeof(before.told));
}

bool measure_settles(const struct measure *measure, uint64_t now_ms)
{
	struct measure copy = *measure;

	return measure_settle(&copy, now_ms) || copy.stand.flags != measure->stand.flags ||
	       copy.stand.event_started != measure->stand.event_started;
}

void measure_fill(const struct measure *measure, struct sheet_urr urr[2])
{
	urr[1].quota[SHEET_EVENTS_MAY] = measure->stand.told_events - 1;
	urr->flags = (uint32_t)measure->stand.told_flags;
	memcpy(urr->quota, measure->stand.told, sizeof(urr->quota));
}
