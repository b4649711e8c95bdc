// translate_named.c - flows that a PDR does not say itself: those of its application (TS 29.244 8.2.6), or of predefined rules that it activates
// (5.19). Pure.
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/pfds.h"
#include "ctrl/pfcp/rules/translate_read.h"

// Nobody's address, and a protocol that is reserved: for what nothing is to match.
static const char never[] = "permit out 255 from 0.0.0.0/32 to assigned";

// How many filters there are behind the first; none, where one of them lets everything pass. Nothing to match is a filter, too.
static int filters_count(const struct reading *reading, const struct rule *pdr, unsigned first, bool everything,
			 unsigned *count)
{
	bool unused = false;

	if (reading->to->filters_used == first && filter_told(reading, pdr, never, &unused))
		return -EPROTO;
	*count = everything ? 0 : reading->to->filters_used - first;
	return 0;
}

static int application_check(const struct reading *reading, const struct rule *pdr, const struct pfds_app *app)
{
	if (pdr->turn == RULE_KEPT)
		return 0;
	if (!app)
		return rules_fault(reading->fault, PFCP_CAUSE_UNKNOWN_APPLICATION, PFCP_IE_APPLICATION_ID,
				   "No PFDs of this application are known.");
	if (app->hidden)
		return read_failure(reading, PFCP_IE_APPLICATION_ID,
				    "URLs, domain names and custom contents are not looked for.");
	return 0;
}

int application_read(const struct reading *reading, const struct rule *pdr, const struct pfcp_ie *pdi, unsigned *count)
{
	const struct pfcp_ie *ie = pfcp_first(&reading->rules->tree, pdi, PFCP_IE_APPLICATION_ID);
	const struct pfds *pfds = reading->given->pfds;
	const struct pfds_app *app = pfds ? pfds_find(pfds, ie->value, ie->length) : NULL;
	const char *flow = app ? app->flow : NULL;
	unsigned first = reading->to->filters_used;
	bool everything = false;

	if (application_check(reading, pdr, app))
		return -EPROTO;
	for (unsigned i = 0; app && i < app->flows; i++, flow += strlen(flow) + 1)
		if (filter_told(reading, pdr, flow, &everything))
			return -EPROTO;
	return filters_count(reading, pdr, first, everything, count);
}

// ---- Predefined rules

static const struct conf_pfcp_rule *rule_of(const struct reading *reading, const struct pfcp_ie *ie)
{
	return predefined_find(reading->given->conf, ie->value, ie->length);
}

int predefined_read(const struct reading *reading, const struct rule *pdr, unsigned *count)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	const struct pfcp_ie *ie = pfcp_first(tree, NULL, PFCP_IE_ACTIVATE_PREDEFINED_RULES);
	unsigned first = reading->to->filters_used;
	bool everything = false;

	for (; ie; ie = pfcp_again(tree, ie)) {
		const struct conf_pfcp_rule *rule = rule_of(reading, ie);

		if (!rule && (pdr->turn != RULE_KEPT || pdr->activates))
			return rules_fault(reading->fault, PFCP_CAUSE_UNKNOWN_PREDEFINED_RULE,
					   PFCP_IE_ACTIVATE_PREDEFINED_RULES, "No rule of this name is configured.");
		for (unsigned i = 0; rule && i < rule->filters; i++)
			if (filter_told(reading, pdr, rule->filter[i], &everything))
				return -EPROTO;
	}
	return filters_count(reading, pdr, first, everything, count);
}

static bool limits(const struct conf_pfcp_rule *rule)
{
	return !rule->pass || rule->uplink_kbps || rule->downlink_kbps || rule->qfi;
}

// The place of its rate in the session, which it has from the first PDR that activates it. Negative: there is none, with *fault.
static int rate_place(const struct reading *reading, const struct conf_pfcp_rule *from)
{
	struct translation *to = reading->to;
	size_t number = (size_t)(from - reading->given->conf->pfcp_rule), index = to->session.n_rates;
	struct rule *rule = &to->predefined[number];

	for (size_t i = 0; i < index; i++)
		if (to->qer[i] == rule)
			return (int)i;
	*rule = (struct rule){ .kind = RULE_QER, .id = PREDEFINED_ID + (uint32_t)number };
	if (index == TRANSLATE_QERS)
		return rules_fault(reading->fault, PFCP_CAUSE_NO_RESOURCES, PFCP_IE_ACTIVATE_PREDEFINED_RULES,
				   "A session has at most 64 QERs.");
	if (rules_find(reading->rules, RULE_QER, rule->id))
		return read_failure(reading, PFCP_IE_QER_ID, "A QER has the id of a predefined one.");
	qer_predefine(reading, from, (unsigned)index);
	to->rate[index].id = oss_id(rule->id);
	to->qer[index] = rule;
	to->rates[index] = &to->rate[index];
	return (int)to->session.n_rates++;
}

int rate_add(const struct reading *reading, Shoal__Oss__Rule *rule, uint32_t id)
{
	uint32_t *ids;

	if (!rule->rate_id) {
		rule->rate_id = id;
		return 0;
	}
	ids = read_numbers(reading, (unsigned)rule->n_rate_ids + 1);
	if (!ids)
		return -EPROTO;
	if (rule->n_rate_ids)
		memcpy(ids, rule->rate_ids, rule->n_rate_ids * sizeof(*ids));
	ids[rule->n_rate_ids++] = id;
	rule->rate_ids = ids;
	return 0;
}

// One at most: the packets of two could not be told apart.
int predefined_rates(const struct reading *reading, unsigned pdr)
{
	const struct rule *rule = reading->to->pdr[pdr].rule;
	const struct pfcp_tree *tree = &reading->rules->tree;
	const struct pfcp_ie *ie;
	int place = -1;

	if (rules_open(reading->rules, rule, reading->fault))
		return -EPROTO;
	for (ie = pfcp_first(tree, NULL, PFCP_IE_ACTIVATE_PREDEFINED_RULES); ie; ie = pfcp_again(tree, ie)) {
		const struct conf_pfcp_rule *from = rule_of(reading, ie);

		if (!from || !limits(from))
			continue;
		if (place >= 0)
			read_failure(reading, PFCP_IE_ACTIVATE_PREDEFINED_RULES,
				     "Of a PDR's predefined rules one has rates, a gate or a QFI.");
		else
			place = rate_place(reading, from);
		if (reading->fault->why.cause ||
		    rate_add(reading, &reading->to->rule[pdr], reading->to->rate[place].id))
			return rules_fault_of(reading->fault, rule);
	}
	return 0;
}
