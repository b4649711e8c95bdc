// measures_decide.c - what is due, and the last of sessions that are no more: each with the reports it makes.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/session/record.h"
#include "ctrl/usage/measures_inside.h"

#define RULE_LAST 65536u // sheet_rules.h

static bool has_moved(const struct measure *measure)
{
	struct measure_words total = measure_total(measure);

	return memcmp(&total, &measure->stand.reported, sizeof(total)) != 0 ||
	       measure_events_total(&measure->flow.events) != measure->stand.event_reported;
}

static struct measured *measured_copy(const struct measured *measured)
{
	struct measured *copy = measured_make(measured->count, measured->delays);

	if (copy)
		memcpy(copy, measured,
		       sizeof(*copy) + measured->count * sizeof(struct measure) +
			   measured->delays * sizeof(struct measured_delay));
	return copy;
}

// A correction tells of what has moved since alone.
static void last_report(struct measured *measured, bool correction, uint64_t now_ms, struct usages *usages)
{
	for (unsigned i = 0; i < measured->count; i++)
		if (!correction || has_moved(&measured->measure[i]))
			usages_add(usages, &measured->measure[i], MEASURE_TERMR, now_ms);
}

static int last_put(struct measures *measures, struct session *session, const Shoal__Store__Closed *stored,
		    struct usages *usages, struct batch *batch)
{
	struct measured *after = measured_copy(session->measured);

	if (!after || usages_open(usages, after->count, &batch->bytes) || measured_replace(measures, session, after)) {
		free(after);
		return -ENOMEM;
	}
	measured_follow(session, after);
	last_report(after, stored->correction, stored->at_ms, usages);
	return batch_drop(batch, STORE_MEASURES, session->id);
}

int measures_last(struct measures *measures, struct session *session, Shoal__Store__Closed *stored, struct batch *batch)
{
	struct outbox_usages undone = { 0 };
	struct usages last = { 0 };
	int error = outbox_leave(measures->outbox, session->id, &undone, batch);

	stored->n_reports = 0;
	if (!error && session->measured)
		error = last_put(measures, session, stored, &last, batch);
	if (error || !(undone.count + last.count))
		return error;
	stored->reports = arena_take(&batch->bytes, (undone.count + last.count) * sizeof(*stored->reports));
	if (!stored->reports)
		return -ENOMEM;
	for (size_t i = 0; i < undone.count; i++)
		stored->reports[stored->n_reports++] = undone.list[i];
	for (size_t i = 0; i < last.count; i++)
		stored->reports[stored->n_reports++] = last.list[i];
	return 0;
}

// ---- What is due

struct decision {
	struct measures *measures;
	struct session *session;
	struct measured *after;
	struct batch *batch;
	uint64_t now_ms;
	char *owner;
};

static int report_add(struct decision *decision, Shoal__Oss__Report *report)
{
	Shoal__Store__Report stored = SHOAL__STORE__REPORT__INIT;

	report->session = decision->session->id;
	report->at_ms = decision->now_ms;
	report->owner = decision->owner;
	stored.report = report;
	return outbox_add(decision->measures->outbox, &stored, decision->batch);
}

static void due_link(const struct measured *measured, uint32_t due[MEASURES_MAX])
{
	uint16_t reported = 0;

	for (unsigned i = 0; i < measured->count; i++)
		reported |= (uint16_t)((due[i] != 0) << i);
	for (unsigned i = 0; i < measured->count; i++) {
		const struct measure_rules *rules = &measured->measure[i].rules;

		if (!due[i] && rules->triggers & MEASURE_ASK_LIUSA && rules->linked & reported)
			due[i] = MEASURE_LIUSA;
	}
}

static int usage_decide(struct decision *decision, uint32_t due[MEASURES_MAX])
{
	Shoal__Oss__Report report = SHOAL__OSS__REPORT__INIT;
	struct measured *after = decision->after;
	struct usages usages;

	if (usages_open(&usages, after->count, &decision->batch->bytes))
		return -ENOMEM;
	due_link(after, due);
	for (unsigned i = 0; i < after->count; i++)
		if (due[i])
			usages_add(&usages, &after->measure[i], due[i], decision->now_ms);
	if (!usages.count)
		return 0;
	report.kind = SHOAL__OSS__REPORT_KIND__REPORT_USAGE;
	report.n_usage = usages.count;
	report.usage = usages.list;
	return report_add(decision, &report);
}

static int silence_decide(struct decision *decision)
{
	Shoal__Oss__Report report = SHOAL__OSS__REPORT__INIT;
	uint64_t next_ms = UINT64_MAX;

	if (!measured_silent(decision->after, decision->now_ms, &next_ms))
		return 0;
	decision->after->state.silent = 1;
	report.kind = SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE;
	return report_add(decision, &report);
}

static int data_decide(struct decision *decision)
{
	Shoal__Oss__Report report = SHOAL__OSS__REPORT__INIT;
	struct measured_state *state = &decision->after->state;
	uint64_t packet = state->waiting_packet, next_ms = UINT64_MAX;

	if (!measured_tells(decision->after, decision->now_ms, &next_ms))
		return 0;
	state->episode = state->waiting;
	state->waiting = state->waiting_packet = state->waiting_ms = 0;
	report.kind = SHOAL__OSS__REPORT_KIND__REPORT_DATA;
	report.rule = packet & 0xffff ? packet & 0xffff : RULE_LAST;
	report.tos = packet >> 16 & 0xff;
	report.qfi = packet >> 24 & 0xff;
	report.has_qfi = report.qfi != 0xff;
	report.qfi = report.has_qfi ? report.qfi : 0;
	return report_add(decision, &report);
}

// As much as waits by now is dropped, and the next packet that waits is a first one.
static void kept_decide(struct decision *decision, enum measures_anew *anew)
{
	struct measured_state *state = &decision->after->state;
	uint64_t next_ms = UINT64_MAX;

	if (!measured_over(decision->after, decision->now_ms, &next_ms))
		return;
	state->kept_ms = state->kept_episode = state->kept_packets = 0;
	state->dropped_ns = decision->measures->now_ns;
	state->dropped_by = 0;
	*anew = MEASURES_OVER;
}

// The copy with everything that has come; *anew: its sheet says something else now.
static int decide(struct decision *decision, enum measures_anew *anew)
{
	struct measured *after = decision->after;
	uint32_t due[MEASURES_MAX];
	uint64_t next_ms;
	int error;

	measured_due(after, decision->now_ms, due, &next_ms);
	for (unsigned i = 0; i < after->count; i++)
		if (measure_settle(&after->measure[i], decision->now_ms) && after->measure[i].flow.serial)
			*anew = MEASURES_ANEW;
	kept_decide(decision, anew);
	error = usage_decide(decision, due);
	if (!error)
		error = silence_decide(decision);
	return error ? error : data_decide(decision);
}

// The name of who owns it, out of its row; null: the row cannot be read.
static char *owner_read(const struct measures *measures, const struct session *session, struct arena *arena)
{
	const struct store *store = measures->outbox->store;
	struct store_row row = { .key = session->id };
	const Shoal__Store__Session *stored;

	if (!session->owner)
		return (char *)"";
	if (store->engine->get(store->self, STORE_SESSIONS, &row))
		return NULL;
	stored = record_session(&row, arena);
	return stored ? stored->session->owner : NULL;
}

static int session_decide(struct decision *decision, enum measures_anew *anew)
{
	struct session *session = decision->session;
	int error;

	decision->owner = owner_read(decision->measures, session, &decision->batch->bytes);
	decision->after = measured_copy(session->measured);
	if (!decision->owner || !decision->after) {
		free(decision->after);
		return -ENOMEM;
	}
	error = decide(decision, anew);
	if (error || measured_replace(decision->measures, session, decision->after)) {
		free(decision->after);
		return -ENOMEM;
	}
	return measured_row(session, decision->batch);
}

struct session *measures_decide(struct measures *measures, uint64_t now_ms, struct batch *batch,
				enum measures_anew *anew)
{
	struct session *session;
	uint32_t due[MEASURES_MAX];
	uint64_t next_ms;

	*anew = MEASURES_SAME;
	measures->now_ms = now_ms;
	while ((session = measures_next(measures, now_ms)) != NULL) {
		struct decision decision = {
			.measures = measures, .session = session, .batch = batch, .now_ms = now_ms
		};
		struct outbox_mark outbox = outbox_mark(measures->outbox);
		uint32_t mark = measures->count;
		size_t rows = batch->count;

		if (!measured_due(session->measured, now_ms, due, &next_ms)) {
			measured_plan(measures, session, now_ms);
			continue;
		}
		if (!session_decide(&decision, anew)) {
			measured_plan(measures, session, now_ms);
			return session;
		}
		batch->count = rows;
		outbox_undo(measures->outbox, outbox);
		measures_undo(measures, mark);
		measured_again(measures, session);
	}
	return NULL;
}
