// sheet_treat.c - what is done with packets that a rule takes: rates as QERs, measures as URRs (TS 29.244 7.5.2.5, 7.5.2.4).
#include <errno.h>
#include "ctrl/measure/measure.h"
#include "ctrl/rules/sheet_draft.h"

#define MBQE (1u << 0) // Measurement Information, TS 29.244 8.2.68

static bool rate_used(const Shoal__Oss__Session *session, uint32_t rate)
{
	for (size_t i = 0; i < session->n_rules; i++)
		if (compile_rated(session->rules[i], rate))
			return true;
	return false;
}

static struct sheet_qer qer_make(const Shoal__Oss__Rate *rate)
{
	struct sheet_qer qer = { .id = rate->id, .mark = (uint8_t)rate->mark };
	struct fault none = { 0 };

	for (unsigned way = 0; way < SHEET_WAYS; way++) {
		struct bearer_rate limit;

		compile_limit(rate, way, &limit, &none); // checked before
		qer.cir_bps[way] = limit.cir_bps;
		qer.cbs_bytes[way] = limit.cbs_bytes;
		qer.ebs_bytes[way] = limit.ebs_bytes;
	}
	if (compile_gate(rate, COMPILE_UPLINK))
		qer.flags |= SHEET_GATE_UP;
	if (compile_gate(rate, COMPILE_DOWNLINK))
		qer.flags |= SHEET_GATE_DOWN;
	if (rate->red == SHOAL__OSS__RED__RED_REMARK)
		qer.flags |= SHEET_REMARK;
	if (rate->colour_aware)
		qer.flags |= SHEET_AWARE;
	if (rate->has_qfi) {
		qer.flags |= SHEET_QFI;
		qer.qfi = (uint8_t)rate->qfi;
	}
	if (rate->reflective)
		qer.flags |= SHEET_RQI;
	return qer;
}

int sheet_rates(struct sheet_draft *draft, struct fault *fault)
{
	const Shoal__Oss__Session *session = draft->session;

	for (size_t i = 0; i < session->n_rates; i++) {
		if (!rate_used(session, session->rates[i]->id))
			continue;
		if (draft->head.qers == SHEET_QERS)
			return fault_say(fault, SHOAL__OSS__CODE__LIMIT, "rates",
					 "At most 8 rates that rules of a session name.");
		draft->qer[draft->head.qers++] = qer_make(session->rates[i]);
	}
	return 0;
}

uint8_t sheet_rule_qers(const struct sheet_draft *draft, const Shoal__Oss__Rule *rule)
{
	unsigned qers = 0;

	for (unsigned i = 0; i < draft->head.qers; i++)
		if (compile_rated(rule, draft->qer[i].id))
			qers |= 1u << i;
	return (uint8_t)qers;
}

// The numbers that a measure had, and what counts for it; zeros: none yet.
struct serials {
	uint32_t own, drops, events;
};

static struct serials serials_known(const struct compile_past *past, uint32_t id)
{
	for (unsigned i = 0; past && i < past->count; i++)
		if (past->measure[i].id == id)
			return (struct serials){ past->measure[i].serial, past->measure[i].drops,
						 past->measure[i].events };
	return (struct serials){ 0 };
}

// What counts for a measure what no PDR names it for is one more, behind all measures. Where a store's numbers lack it, it was not there. Null:
// there is no room.
static struct sheet_urr *beside_add(struct sheet_draft *draft, uint32_t serial, uint32_t *made, struct fault *fault)
{
	struct sheet_urr *urr = &draft->urr[draft->head.urrs];

	if (draft->head.urrs == SHEET_URRS) {
		fault_say(
		    fault, SHOAL__OSS__CODE__LIMIT, "measures[16]",
		    "At most 16 measures a session; one with a threshold of what is dropped, or of events, counts "
		    "twice.");
		return NULL;
	}
	draft->head.urrs++;
	*urr =
	    (struct sheet_urr){ .serial = serial ? serial : ++*made, .quota = { UINT64_MAX, UINT64_MAX, UINT64_MAX } };
	return urr;
}

static int drops_add(struct sheet_draft *draft, unsigned index, uint32_t *made, struct fault *fault)
{
	struct serials known = serials_known(draft->about->past, draft->urr[index].id);

	if (!beside_add(draft, known.drops, made, fault))
		return -EINVAL;
	draft->urr[index].dropped = draft->head.urrs;
	return 0;
}

// may: what they may come to.
static int events_add(struct sheet_draft *draft, unsigned index, uint64_t may, uint32_t *made, struct fault *fault)
{
	struct serials known = serials_known(draft->about->past, draft->urr[index].id);
	struct sheet_urr *urr = beside_add(draft, known.events, made, fault);

	if (!urr)
		return -EINVAL;
	urr->quota[SHEET_EVENTS_MAY] = may;
	urr->quota[SHEET_EVENTS_SILENCE] = measure_quiet_s(draft->session->measures[index]->inactivity_s);
	draft->urr[index].events = draft->head.urrs;
	draft->urr[index].flags |= SHEET_EVENTS;
	return 0;
}

// Its number, and what is told of it; *events: what those may come to.
static int measure_add(struct sheet_draft *draft, unsigned index, const struct compile_quota *quota, uint32_t *made,
		       uint64_t *events)
{
	const Shoal__Oss__Measure *measure = draft->session->measures[index];
	const struct compile_past *past = draft->about->past;
	struct sheet_urr urr[2] = { { .quota = { UINT64_MAX, UINT64_MAX, UINT64_MAX } },
				    { .quota = { UINT64_MAX, UINT64_MAX, UINT64_MAX } } };

	urr->id = measure->id;
	urr->serial = serials_known(past, urr->id).own;
	if (!urr->serial && past && past->stored)
		return -EINVAL;
	if (!urr->serial)
		urr->serial = ++*made;
	if (quota->fill)
		quota->fill(quota->with, draft->about->session, measure, urr);
	if (measure->information & MBQE)
		urr->flags |= SHEET_BEFORE;
	*events = urr[1].quota[SHEET_EVENTS_MAY];
	draft->urr[draft->head.urrs++] = urr[0];
	return 0;
}

int sheet_measures(struct sheet_draft *draft, const struct compile_quota *quota, uint32_t *made, struct fault *fault)
{
	const Shoal__Oss__Session *session = draft->session;
	uint64_t events[SHEET_URRS];
	int error = 0;

	for (unsigned i = 0; i < session->n_measures; i++)
		if (measure_add(draft, i, quota, made, &events[i]))
			return fault_say(fault, SHOAL__OSS__CODE__INTERNAL, "measures",
					 "A measure without its number.");
	for (unsigned i = 0; i < session->n_measures && !error; i++)
		if (measure_drops(session->measures[i]))
			error = drops_add(draft, i, made, fault);
	for (unsigned i = 0; i < session->n_measures && !error; i++)
		if (measure_has_events(session->measures[i]))
			error = events_add(draft, i, events[i], made, fault);
	return error;
}

uint16_t sheet_rule_urrs(const struct sheet_draft *draft, const Shoal__Oss__Rule *rule)
{
	unsigned urrs = 0;

	for (unsigned i = 0; i < draft->head.urrs; i++)
		for (size_t j = 0; j < rule->n_measure_ids; j++)
			if (rule->measure_ids[j] == draft->urr[i].id)
				urrs |= 1u << i;
	return (uint16_t)urrs;
}
