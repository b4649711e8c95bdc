// compile_rules.c - the long form: rules with their rates and measures (TS 29.244 PDR with FAR, QER, URR), both ways.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "ctrl/compile.h"

#define RULE_ID_MAX 65535u
#define RULE_PRECEDENCE 255u // of expanded rules: the default bearer comes last
#define MULTICAST4 0xe0000000u

static int rates_check(const Shoal__Oss__Session *session, struct fault *fault)
{
	for (size_t i = 0; i < session->n_rates; i++) {
		struct plan unused = { 0 };

		if (!session->rates[i]->id)
			fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "id", "A rate in a list needs an id.");
		for (size_t j = 0; j < i; j++)
			if (session->rates[i]->id == session->rates[j]->id)
				fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "id", "Two rates have this id.");
		if (!fault->code)
			compile_rate(session->rates[i], COMPILE_DOWNLINK, &unused, fault);
		if (!fault->code)
			continue;
		fault_under(fault, "rates", (int)i);
		return -EINVAL;
	}
	return 0;
}

static int measures_check(const Shoal__Oss__Session *session, struct fault *fault)
{
	for (size_t i = 0; i < session->n_measures; i++) {
		if (!session->measures[i]->id)
			fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "id", "A measure needs an id.");
		for (size_t j = 0; j < i; j++)
			if (session->measures[i]->id == session->measures[j]->id)
				fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "id", "Two measures have this id.");
		if (!session->measures[i]->volume)
			fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "volume", "Only volume is measured.");
		if (!fault->code)
			continue;
		fault_under(fault, "measures", (int)i);
		return -EINVAL;
	}
	return 0;
}

static int references_check(const Shoal__Oss__Session *session, const Shoal__Oss__Rule *rule, struct fault *fault)
{
	for (size_t i = 0; i < rule->n_measure_ids; i++) {
		size_t j = 0;

		while (j < session->n_measures && session->measures[j]->id != rule->measure_ids[i])
			j++;
		if (j == session->n_measures)
			return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "measure_ids",
					 "No measure of the session has this id.");
	}
	return 0;
}

static int match_check(const Shoal__Oss__Match *match, uint32_t teid, struct fault *fault)
{
	if (!match || !match->source)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "match.source",
				 "A rule needs a source interface.");
	if (match->source != SHOAL__OSS__INTERFACE__ACCESS && match->source != SHOAL__OSS__INTERFACE__CORE)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "match.source", "No such interface.");
	if (*match->filter)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "match.filter", "SDF filters are not served.");
	if (match->teid && (match->teid != teid || match->source != SHOAL__OSS__INTERFACE__ACCESS))
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "match.teid",
				 "The controller chooses TEIDs; leave it 0.");
	return 0;
}

static int peer_compile(const Shoal__Oss__Forward *forward, struct plan *plan, struct fault *fault)
{
	if (forward->peer_ipv4 >= MULTICAST4)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.peer_ipv4", "Not a host's address.");
	if (!forward->peer_ipv4 != !forward->peer_teid)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD,
				 forward->peer_ipv4 ? "forward.peer_teid" : "forward.peer_ipv4",
				 "The radio side's tunnel endpoint is an address and a TEID, or neither yet.");
	plan->bearer.peer_ipv4 = forward->peer_ipv4;
	plan->bearer.peer_teid = forward->peer_teid;
	return 0;
}

static int forward_compile(const Shoal__Oss__Forward *forward, unsigned way, struct plan *plan, struct fault *fault)
{
	Shoal__Oss__Interface other =
	    way == COMPILE_UPLINK ? SHOAL__OSS__INTERFACE__CORE : SHOAL__OSS__INTERFACE__ACCESS;

	if (!forward)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "forward",
				 "A rule needs to say where packets go.");
	if (forward->drop)
		(way == COMPILE_UPLINK ? &plan->bearer.uplink : &plan->bearer.downlink)->flags |= BEARER_GATE_CLOSED;
	if ((unsigned)forward->destination > SHOAL__OSS__INTERFACE__CORE)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "forward.destination", "No such interface.");
	if (forward->destination != other && !(forward->drop && !forward->destination))
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "forward.destination",
				 "Packets go from access to core or from core to access.");
	if (way == COMPILE_DOWNLINK)
		return peer_compile(forward, plan, fault);
	if (forward->peer_ipv4 || forward->peer_teid)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "forward.peer_ipv4",
				 "Tunnels towards the core are not served.");
	return 0;
}

static int rule_rate(const Shoal__Oss__Session *session, const Shoal__Oss__Rule *rule, unsigned way, struct plan *plan,
		     struct fault *fault)
{
	size_t i = 0;

	if (!rule->rate_id)
		return 0;
	while (i < session->n_rates && session->rates[i]->id != rule->rate_id)
		i++;
	if (i == session->n_rates)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "rate_id",
				 "No rate of the session has this id.");
	if (!compile_rate(session->rates[i], way, plan, fault))
		return 0;
	return fault_say(fault, fault->code, "rate_id", "The rate does not fit this direction.");
}

static int rule_compile(const Shoal__Oss__Session *session, size_t i, uint32_t teid, struct plan *plan,
			struct fault *fault)
{
	const Shoal__Oss__Rule *rule = session->rules[i];
	unsigned way;

	if (!rule->id || rule->id > RULE_ID_MAX)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "id", "A rule's id is 1 to 65535.");
	if (i && session->rules[0]->id == rule->id)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "id", "Two rules have this id.");
	if (match_check(rule->match, teid, fault))
		return -EINVAL;
	if (i && session->rules[0]->match->source == rule->match->source)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "match.source",
				 "One rule for each direction is served.");
	way = rule->match->source == SHOAL__OSS__INTERFACE__ACCESS ? COMPILE_UPLINK : COMPILE_DOWNLINK;
	if (forward_compile(rule->forward, way, plan, fault) || references_check(session, rule, fault))
		return -EINVAL;
	return rule_rate(session, rule, way, plan, fault);
}

int compile_rules(const Shoal__Oss__Session *session, uint32_t teid, struct plan *plan, struct fault *fault)
{
	if (session->n_rules > 2) {
		fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "", "One rule for each direction is served.");
		fault_under(fault, "rules", 2);
		return -EINVAL;
	}
	if (session->n_rates > 2)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "rates[2]",
				 "One rate for each direction is served.");
	if (session->n_measures > 2)
		return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "measures[2]",
				 "One measure for each direction is served.");
	if (rates_check(session, fault) || measures_check(session, fault))
		return -EINVAL;
	for (size_t i = 0; i < session->n_rules; i++) {
		if (!rule_compile(session, i, teid, plan, fault))
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

struct expansion {
	Shoal__Oss__Rule rule[2], *rules[2];
	Shoal__Oss__Match match[2];
	Shoal__Oss__Forward forward[2];
	Shoal__Oss__Rate rate[2], *rates[2];
	size_t rates_count;
};

static void way_expand(struct expansion *to, unsigned way, const Shoal__Oss__Session *session)
{
	const Shoal__Oss__Rate *rate = way == COMPILE_UPLINK ? session->bearer->uplink : session->bearer->downlink;

	shoal__oss__rule__init(&to->rule[way]);
	shoal__oss__match__init(&to->match[way]);
	shoal__oss__forward__init(&to->forward[way]);
	shoal__oss__rate__init(&to->rate[way]);
	if (rate) {
		to->rate[way] = *rate;
		to->rate[way].id = to->rule[way].rate_id = way + 1;
		to->rates[to->rates_count++] = &to->rate[way];
	}
	to->match[way].source = way == COMPILE_UPLINK ? SHOAL__OSS__INTERFACE__ACCESS : SHOAL__OSS__INTERFACE__CORE;
	to->forward[way].destination =
	    way == COMPILE_UPLINK ? SHOAL__OSS__INTERFACE__CORE : SHOAL__OSS__INTERFACE__ACCESS;
	to->rule[way].id = way + 1;
	to->rule[way].precedence = RULE_PRECEDENCE;
	to->rule[way].match = &to->match[way];
	to->rule[way].forward = &to->forward[way];
	to->rules[way] = &to->rule[way];
}

int compile_expand(Shoal__Oss__Session *session, struct arena *arena)
{
	struct expansion *to;

	if (!session->bearer || session->n_rules)
		return 0;
	to = arena_take(arena, sizeof(*to));
	if (!to)
		return -ENOMEM;
	to->rates_count = 0;
	way_expand(to, COMPILE_UPLINK, session);
	way_expand(to, COMPILE_DOWNLINK, session);
	to->match[COMPILE_UPLINK].teid = session->teid;
	to->forward[COMPILE_DOWNLINK].peer_ipv4 = session->bearer->peer_ipv4;
	to->forward[COMPILE_DOWNLINK].peer_teid = session->bearer->peer_teid;
	session->rules = to->rules;
	session->n_rules = 2;
	session->rates = to->rates;
	session->n_rates = to->rates_count;
	return 0;
}
