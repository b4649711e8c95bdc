// translate_flow.c - which QoS flow downlink packets are of where no QER says. The radio side of 5G has to be told (TS 23.501 5.7.1.5), and
// older SMFs of OAI tell us of QFIs alone whose packets come from there. Pure.
#include "ctrl/pfcp/rules/translate_read.h"

// The one that packets from the radio side have, of whichever PDR; 0: none, or several.
static uint32_t flow_of_all(const struct translation *to)
{
	uint32_t flow = 0;

	for (unsigned i = 0; i < to->pdrs; i++) {
		const Shoal__Oss__Match *match = &to->match[i];

		for (size_t k = 0; match->source == SHOAL__OSS__INTERFACE__ACCESS && k < match->n_qfis; k++) {
			if (flow && match->qfis[k] != flow)
				return 0;
			flow = match->qfis[k];
		}
	}
	return flow;
}

static bool says(const struct translation *to, uint32_t rate)
{
	for (size_t i = 0; i < to->session.n_rates; i++)
		if (to->rate[i].id == rate)
			return to->rate[i].has_qfi;
	return false;
}

// From the core without a tunnel, to the radio side by one, and none of its QERs says which flow.
static bool lacks(const struct translation *to, unsigned pdr)
{
	const Shoal__Oss__Match *match = &to->match[pdr];
	const Shoal__Oss__Forward *forward = &to->forward[pdr];
	const Shoal__Oss__Rule *rule = &to->rule[pdr];
	bool said = says(to, rule->rate_id);

	for (size_t i = 0; i < rule->n_rate_ids; i++)
		said |= says(to, rule->rate_ids[i]);
	return !said && match->source == SHOAL__OSS__INTERFACE__CORE && !match->tunnelled && forward->peer_teid &&
	       forward->destination == SHOAL__OSS__INTERFACE__ACCESS;
}

int flows_tell(const struct reading *reading)
{
	struct translation *to = reading->to;
	const struct conf_pfcp_rule flow = { .pass = true, .qfi = flow_of_all(to) };
	size_t index = to->session.n_rates;

	if (!flow.qfi || index == TRANSLATE_QERS || rules_find(reading->rules, RULE_QER, FLOW_ID))
		return 0;
	for (unsigned i = 0; i < to->pdrs; i++) {
		if (!lacks(to, i))
			continue;
		to->marked = (struct rule){ .kind = RULE_QER, .id = FLOW_ID };
		qer_predefine(reading, &flow, (unsigned)index);
		to->rate[index].id = oss_id(FLOW_ID);
		to->qer[index] = &to->marked;
		to->rates[index] = &to->rate[index];
		to->session.n_rates = index + 1;
		if (rate_add(reading, &to->rule[i], to->rate[index].id))
			return rules_fault_of(reading->fault, to->pdr[i].rule);
	}
	return 0;
}
