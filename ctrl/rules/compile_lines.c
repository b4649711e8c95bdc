// compile_lines.c - rules as two lines of a worker: one each way, for everything of the UE, with one limit. What they can't tell is named.
#include <errno.h>
#include <string.h>
#include "ctrl/rules/compile.h"
#include "proto/pack.h"
#include "shared/wire/filter.h"

#define PLAIN_BYTES 2 // of what a plain measure says beside its id: that it is of volume

// What a limit or a colour comes from: of several rates of a rule at most one may be such, or tokens would have to be counted apart.
static bool rate_treats(const Shoal__Oss__Rate *rate, unsigned way)
{
	struct fault fault = { 0 };
	struct bearer_rate limit;

	compile_limit(rate, way, &limit, &fault);
	return limit.cir_bps || rate->mark || rate->red || rate->colour_aware;
}

static int rates_lines(const Shoal__Oss__Session *session, const Shoal__Oss__Rule *rule, unsigned way,
		       struct plan *plan, struct fault *fault)
{
	struct bearer_way *to = way == COMPILE_UPLINK ? &plan->bearer.uplink : &plan->bearer.downlink;
	const Shoal__Oss__Rate *treats = NULL, *qfi = NULL;
	bool closed = false;

	for (size_t i = 0; i < session->n_rates; i++) {
		const Shoal__Oss__Rate *rate = session->rates[i];

		if (!compile_rated(rule, rate->id))
			continue;
		if (rate_treats(rate, way) && treats)
			return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "rate_ids",
					 "One limit for each direction is served.");
		if (rate_treats(rate, way))
			treats = rate;
		if (rate->reflective && way == COMPILE_DOWNLINK)
			return fault_say(
			    fault, SHOAL__OSS__CODE__UNSUPPORTED, "rate_ids",
			    "This gateway was configured without room for such rules (limits.rules_bytes).");
		if (rate->has_qfi && !qfi)
			qfi = rate;
		closed = closed || compile_gate(rate, way);
	}
	if (compile_rate(treats, way, plan, fault))
		return -EINVAL;
	if (closed)
		to->flags |= BEARER_GATE_CLOSED;
	if (qfi && way == COMPILE_DOWNLINK) {
		to->flags |= BEARER_QFI;
		plan->bearer.qfi = (uint8_t)qfi->qfi;
	}
	return 0;
}

static bool flow_takes_all(const char *flow)
{
	struct filter filter;
	const char *fault;

	if (!*flow)
		return true;
	return !filter_read(flow, strlen(flow), &filter, &fault) && filter.any_protocol && !filter.remote.family &&
	       !filter.local.family && !filter.remote_ports.count && !filter.local_ports.count;
}

static bool filter_takes_all(const Shoal__Oss__Filter *filter)
{
	return flow_takes_all(filter->flow) && !filter->tos && !filter->tos_mask && !filter->spi && !filter->has_spi &&
	       !filter->flow_label && !filter->has_flow_label;
}

static int match_lines(const Shoal__Oss__Match *match, struct fault *fault)
{
	const char *beyond = NULL;

	if (match->source == SHOAL__OSS__INTERFACE__CP)
		beyond = "match.source";
	else if (match->tunnelled)
		beyond = "match.tunnelled";
	else if (!flow_takes_all(match->filter))
		beyond = "match.filter";
	else if (match->tunnel)
		beyond = "match.tunnel";
	else if (match->n_qfis)
		beyond = "match.qfis";
	for (size_t i = 0; i < match->n_filters && !beyond; i++)
		if (!filter_takes_all(match->filters[i]))
			beyond = "match.filters";
	return beyond ? fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, beyond,
				  "This gateway was configured without room for such rules (limits.rules_bytes).")
		      : 0;
}

static int forward_lines(const Shoal__Oss__Forward *forward, unsigned way, struct plan *plan, struct fault *fault)
{
	Shoal__Oss__Interface other =
	    way == COMPILE_UPLINK ? SHOAL__OSS__INTERFACE__CORE : SHOAL__OSS__INTERFACE__ACCESS;
	const char *beyond = NULL;

	if (forward->destination != other && !(forward->drop && !forward->destination))
		beyond = "forward.destination";
	else if (forward->peer_ipv6.len)
		beyond = "forward.peer_ipv6";
	else if (forward->buffer)
		beyond = "forward.buffer";
	else if (forward->has_dscp)
		beyond = "forward.has_dscp";
	else if (way == COMPILE_UPLINK && forward->peer_teid)
		beyond = "forward.peer_ipv4";
	if (beyond)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, beyond,
				 "This gateway was configured without room for such rules (limits.rules_bytes).");
	if (forward->drop)
		(way == COMPILE_UPLINK ? &plan->bearer.uplink : &plan->bearer.downlink)->flags |= BEARER_GATE_CLOSED;
	if (way == COMPILE_DOWNLINK) {
		plan->bearer.peer_ipv4 = forward->peer_ipv4;
		plan->bearer.peer_teid = forward->peer_teid;
	}
	return 0;
}

// The session's own count tells what was used each way; for more a measure needs a gauge.
static bool measure_plain(const Shoal__Oss__Measure *measure)
{
	Shoal__Oss__Measure known = *measure;
	uint8_t bytes[2 * PLAIN_BYTES];

	known.base.n_unknown_fields = 0;
	known.id = 0;
	return measure->volume && pack_into(&known.base, bytes, sizeof(bytes)) == PLAIN_BYTES;
}

static int measures_lines(const Shoal__Oss__Session *session, struct fault *fault)
{
	for (size_t i = 0; i < session->n_measures; i++) {
		if (measure_plain(session->measures[i]))
			continue;
		fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, session->measures[i]->volume ? "" : "volume",
			  "Only volume is measured, without thresholds and quotas, where there is no room for rules "
			  "(limits.rules_bytes).");
		fault_under(fault, "measures", (int)i);
		return -EINVAL;
	}
	return 0;
}

static int rule_lines(const Shoal__Oss__Session *session, size_t i, struct plan *plan, struct fault *fault)
{
	const Shoal__Oss__Rule *rule = session->rules[i];
	unsigned way = rule->match->source == SHOAL__OSS__INTERFACE__CORE ? COMPILE_DOWNLINK : COMPILE_UPLINK;

	if (match_lines(rule->match, fault))
		return -EINVAL;
	if (i && session->rules[0]->match->source == rule->match->source)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "match.source",
				 "One rule for each direction is served.");
	if (forward_lines(rule->forward, way, plan, fault))
		return -EINVAL;
	return rates_lines(session, rule, way, plan, fault);
}

int compile_lines(const Shoal__Oss__Session *session, struct plan *plan, struct fault *fault)
{
	if (session->n_rules > 2)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "rules[2]",
				 "One rule for each direction is served.");
	if (measures_lines(session, fault))
		return -EINVAL;
	for (size_t i = 0; i < session->n_rules; i++) {
		if (!rule_lines(session, i, plan, fault))
			continue;
		fault_under(fault, "rules", (int)i);
		return -EINVAL;
	}
	// A direction without a rule carries nothing.
	if (session->n_rules == 1 && session->rules[0]->match->source == SHOAL__OSS__INTERFACE__ACCESS)
		plan->bearer.downlink.flags |= BEARER_GATE_CLOSED;
	else if (session->n_rules == 1)
		plan->bearer.uplink.flags |= BEARER_GATE_CLOSED;
	return 0;
}
