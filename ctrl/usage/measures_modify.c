// measures_modify.c - measures as their session has them: made, changed, taken from the store; and what answers say of them.
#include <errno.h>
#include <stdlib.h>
#include "ctrl/measure/measure_inside.h"
#include "ctrl/rules/sheet_make.h"
#include "ctrl/usage/measures_inside.h"

int usages_open(struct usages *usages, unsigned measures, struct arena *arena)
{
	usages->count = 0;
	usages->list = arena_take(arena, measures * MEASURE_REPORTS * sizeof(*usages->list) + 1);
	usages->room = arena_take(arena, measures * MEASURE_REPORTS * sizeof(*usages->room) + 1);
	usages->times = arena_take(arena, measures * MEASURE_REPORTS * sizeof(*usages->times) + 1);
	return usages->list && usages->room && usages->times ? 0 : -ENOMEM;
}

// Those that are known are the last ones.
static void times_add(Shoal__Oss__UsageReport *reports, unsigned count, uint64_t *times, size_t known)
{
	while (count--) {
		size_t own = reports[count].events < known ? (size_t)reports[count].events : known;

		reports[count].n_event_ms = own;
		reports[count].event_ms = times + known - own;
		known -= own;
	}
}

void usages_add(struct usages *usages, struct measure *measure, uint32_t triggers, uint64_t now_ms)
{
	uint64_t *times = usages->times[usages->count];
	unsigned known = measure_events_times(&measure->flow.events, measure->stand.event_reported, times);
	unsigned count = measure_report(measure, triggers, now_ms, usages->room + usages->count);

	times_add(usages->room + usages->count, count, times, known);
	for (; count; count--, usages->count++)
		usages->list[usages->count] = usages->room + usages->count;
}

struct measure *measured_find(struct measured *measured, uint64_t id)
{
	for (unsigned i = 0; measured && i < measured->count; i++)
		if (measured->measure[i].flow.id == id)
			return &measured->measure[i];
	return NULL;
}

// Places of the measures that this one is reported with.
static uint16_t linked_of(const Shoal__Oss__Session *message, const Shoal__Oss__Measure *wanted)
{
	uint16_t linked = 0;

	for (size_t i = 0; i < wanted->n_linked_ids; i++)
		for (size_t k = 0; k < message->n_measures; k++)
			if (message->measures[k]->id == wanted->linked_ids[i])
				linked |= (uint16_t)(1u << k);
	return linked;
}

static bool is_named(const Shoal__Oss__Rule *rule, uint32_t id)
{
	for (size_t i = 0; i < rule->n_measure_ids; i++)
		if (rule->measure_ids[i] == id)
			return true;
	return false;
}

// Whether the rule's packets are counted by their way as this measure counts them.
static bool rule_is_whole(const Shoal__Oss__Rule *rule, uint32_t id, uint8_t ways)
{
	const Shoal__Oss__Interface access = SHOAL__OSS__INTERFACE__ACCESS, core = SHOAL__OSS__INTERFACE__CORE;
	Shoal__Oss__Interface from = rule->match ? rule->match->source : access;
	Shoal__Oss__Interface to = rule->forward ? rule->forward->destination : access;

	if (!is_named(rule, id))
		return !(ways >> (from == core ? MEASURE_DOWN : MEASURE_UP) & 1);
	return (from == access && to == core) || (from == core && to == access);
}

// The gauge of a session's first sheet begins with that sheet, and what the ways count until then is told later or never. So a measure
// that they can go on counting stays theirs.
static bool is_whole(const Shoal__Oss__Session *message, const Shoal__Oss__Measure *wanted, uint8_t ways)
{
	if (wanted->duration || wanted->event || wanted->volume_quota || wanted->subsequent_volume_quota ||
	    wanted->has_time_quota || wanted->subsequent_time_quota_s || wanted->information ||
	    measure_has_events(wanted))
		return false;
	for (size_t i = 0; i < message->n_rules; i++)
		if (!rule_is_whole(message->rules[i], wanted->id, ways))
			return false;
	return true;
}

static void rules_read(struct measure *measure, const Shoal__Oss__Session *message, unsigned index)
{
	const Shoal__Oss__Measure *wanted = message->measures[index];

	measure_read(&measure->rules, wanted, measure_ways(message, wanted->id));
	measure->rules.linked = linked_of(message, wanted);
	measure->rules.whole = is_whole(message, wanted, measure->rules.ways);
}

// Its gauge has counted beside the ways: what it came to by now is known from them.
static void spare_turn(struct measure *measure)
{
	struct measure_flow *flow = &measure->flow;
	struct measure_words total = measure_total(measure);

	if (!flow->serial || flow->spare != flow->serial)
		return;
	flow->life = flow->spare_life;
	flow->seen = flow->spared;
	flow->base = measure_since(&total, &flow->seen); // may wrap; the sum is right
}

// Its gauge begins with the session's first sheet: what the ways come to until then the worker tells (change.h, REPORT_GAUGE).
static void ways_turn(struct measure *measure, const struct session *session, uint8_t ways)
{
	struct measure_flow *flow = &measure->flow;

	if (!flow->serial || flow->serial == UINT64_MAX || flow->spare == flow->serial)
		return;
	flow->turned_ways = ways;
	flow->turned = measured_ways(session, ways);
}

// The measure as the session wants it now: new, or what it was under other rules.
static void measure_make(struct measure *measure, const struct session *session, const struct measure *before,
			 uint64_t now_ms)
{
	const struct sheet *sheet = session->sheet;
	uint32_t serial = sheet ? sheet_serial(sheet, measure->rules.id) : 0; // 0 = the session's ways count for it
	struct measure_words ways = measured_ways(session, measure->rules.ways), none = { { 0 }, { 0 } };

	if (before) {
		measure->flow = before->flow;
		measure->stand = before->stand;
		measure_follow(measure, &before->rules, now_ms);
		if (!before->flow.serial && before->rules.ways == measure->rules.ways && measure->rules.whole)
			serial = 0;
		if (!serial && !before->flow.serial && before->rules.ways != measure->rules.ways)
			measure->flow.serial = UINT64_MAX; // other ways: from here on
		measure_turn(measure, serial, &ways);
		if (!before->flow.serial) {
			spare_turn(measure);
			ways_turn(measure, session, before->rules.ways);
		}
	} else {
		measure_begin(measure, serial ? &none : &ways, now_ms);
		measure->flow.serial = serial;
	}
	measure_turn_dropped(measure, sheet ? sheet_drops(sheet, measure->rules.id) : 0);
	measure_turn_events(measure, sheet ? sheet_events(sheet, measure->rules.id) : 0);
	measure_settle(measure, now_ms);
}

static bool wants_any(const Shoal__Oss__Session *message)
{
	return message->n_measures || message->inactivity_s || delays_any(message);
}

int measures_take(struct measures *measures, struct session *session, const Shoal__Oss__Session *message)
{
	struct measured *loaded = table_get(&measures->loaded, session->id), *measured;

	table_drop(&measures->loaded, session->id);
	if (!loaded && !wants_any(message))
		return 0;
	measured = measured_make((unsigned)message->n_measures, delays_count(message));
	if (!measured) {
		free(loaded);
		return -ENOMEM;
	}
	measured->inactivity_s = message->inactivity_s;
	delays_take(measured, message);
	measured->state.last_ms = message->created_ms;
	if (loaded)
		measured->state = loaded->state;
	for (unsigned i = 0; i < measured->count; i++) {
		struct measure *measure = &measured->measure[i];
		const struct measure *stood = measured_find(loaded, message->measures[i]->id);

		rules_read(measure, message, i);
		if (stood) {
			measure->flow = stood->flow;
			measure->stand = stood->stand;
		} else {
			measure_make(measure, session, NULL, message->created_ms);
		}
	}
	free(loaded);
	session->measured = measured;
	return 0;
}

// ---- Requests

static bool is_queried(const struct measures_wish *wish, uint32_t id)
{
	bool queried = wish->query_all;

	for (size_t i = 0; !queried && i < wish->queries; i++)
		queried = wish->query[i] == id;
	return queried;
}

static bool is_wanted(const Shoal__Oss__Session *message, uint64_t id)
{
	for (size_t i = 0; i < message->n_measures; i++)
		if (message->measures[i]->id == id)
			return true;
	return false;
}

// The last of those that end, then those that are asked for.
static void modify_report(struct measured *before, struct measured *after, const struct measures_wish *wish,
			  struct usages *usages)
{
	for (unsigned i = 0; before && i < before->count; i++) {
		struct measure last = before->measure[i]; // as it was, whatever becomes of the change

		if (!is_wanted(wish->message, last.flow.id))
			usages_add(usages, &last, MEASURE_TERMR, wish->now_ms);
	}
	for (unsigned i = 0; after && i < after->count; i++)
		if (is_queried(wish, after->measure[i].rules.id))
			usages_add(usages, &after->measure[i], MEASURE_IMMER, wish->now_ms);
}

// What waits is kept from now on, or goes on being kept; no longer than its episode.
static void modify_keep(const struct session *session, const struct measures_wish *wish, struct measured_state *state)
{
	uint32_t episode = session->sheet ? session->sheet->episode : 0;

	if (wish->kept_ms) {
		state->kept_ms = wish->kept_ms;
		state->kept_episode = episode;
		state->kept_packets = wish->kept_packets;
	} else if (state->kept_episode != episode) {
		state->kept_ms = state->kept_episode = state->kept_packets = 0;
	}
}

// What was to be told of later, and waits no more, is not.
static void modify_tell(const struct session *session, uint64_t now_ms, struct measured_state *state)
{
	uint32_t episode = session->sheet ? session->sheet->episode : 0;

	if (state->waiting_ms > now_ms && state->waiting != episode)
		state->waiting = state->waiting_packet = state->waiting_ms = 0;
}

static struct measured *modify_make(const struct session *session, const struct measures_wish *wish)
{
	const Shoal__Oss__Session *message = wish->message;
	struct measured *before = session->measured, *after;

	after = measured_make((unsigned)message->n_measures, delays_count(message));
	if (!after)
		return NULL;
	after->inactivity_s = message->inactivity_s;
	delays_take(after, message);
	after->state.last_ms = wish->now_ms;
	if (before)
		after->state = before->state;
	if (before && before->inactivity_s != after->inactivity_s)
		after->state.silent = 0;
	if (wish->dropped_ns | wish->undrop) {
		after->state.dropped_ns = wish->dropped_ns;
		after->state.dropped_by = wish->dropped_by;
	}
	modify_keep(session, wish, &after->state);
	modify_tell(session, wish->now_ms, &after->state);
	for (unsigned i = 0; i < after->count; i++) {
		rules_read(&after->measure[i], message, i);
		measure_make(&after->measure[i], session, measured_find(before, message->measures[i]->id),
			     wish->now_ms);
	}
	return after;
}

int measures_modify(struct measures *measures, struct session *session, const struct measures_wish *wish,
		    struct batch *batch, Shoal__Oss__SessionAnswer *answer)
{
	struct measured *before = session->measured, *after = NULL;
	unsigned most = (unsigned)wish->message->n_measures + (before ? before->count : 0);
	struct usages usages;

	if (!before && !wants_any(wish->message) && !wish->dropped_ns && !wish->kept_ms)
		return 0;
	if (usages_open(&usages, most, wish->arena) || !(after = modify_make(session, wish)))
		return -ENOMEM;
	modify_report(before, after, wish, &usages);
	if (measured_replace(measures, session, after)) {
		free(after);
		return -ENOMEM;
	}
	answer->n_usage = usages.count;
	answer->usage = usages.list;
	measures->now_ms = wish->now_ms;
	after->due_ms = UINT64_MAX;
	measured_plan(measures, session, wish->now_ms);
	return measured_row(session, batch);
}

int measures_create(struct measures *measures, struct session *session, const Shoal__Oss__Session *message,
		    struct batch *batch)
{
	const struct measures_wish wish = { .message = message, .now_ms = message->created_ms, .arena = &batch->bytes };
	Shoal__Oss__SessionAnswer none = SHOAL__OSS__SESSION_ANSWER__INIT;

	return measures_modify(measures, session, &wish, batch, &none);
}

// The same steps as measure_make, ahead of it.
static void quota_plan(const struct measures *measures, const struct measured *measured,
		       const Shoal__Oss__Measure *wanted, struct measure *measure)
{
	const struct measure_words none = { { 0 }, { 0 } };
	const struct measure *before = measured_find((struct measured *)measured, wanted->id);

	measure_read(&measure->rules, wanted, 0);
	if (before) {
		measure->flow = before->flow;
		measure->stand = before->stand;
		measure_follow(measure, &before->rules, measures->now_ms);
		if (!measure->flow.serial)
			measure_turn(measure, 1, &none);
	} else {
		measure_begin(measure, &none, measures->now_ms);
	}
	measure_settle(measure, measures->now_ms);
}

void measures_quota(void *with, uint64_t session, const Shoal__Oss__Measure *wanted, struct sheet_urr urr[2])
{
	const struct measures *measures = with;
	const struct session *living = session ? session_by_id(measures->sessions, session) : NULL;
	struct measured *loaded = session ? table_get(&measures->loaded, session) : NULL;
	const struct measure *stored = measured_find(loaded, wanted->id);
	struct measure planned;

	if (stored) { // as it was told before this start
		measure_fill(stored, urr);
		return;
	}
	quota_plan(measures, living ? living->measured : NULL, wanted, &planned);
	measure_fill(&planned, urr);
}

struct compile_kept measures_kept(void *with, uint64_t session)
{
	const struct measures *measures = with;
	const struct session *living = session ? session_by_id(measures->sessions, session) : NULL;
	const struct measured *measured = session ? table_get(&measures->loaded, session) : NULL;

	measured = measured ? measured : living ? living->measured : NULL;
	if (!measured || !measured->state.kept_ms)
		return (struct compile_kept){ 0 };
	return (struct compile_kept){ .episode = (uint32_t)measured->state.kept_episode,
				      .packets = (uint32_t)measured->state.kept_packets };
}
