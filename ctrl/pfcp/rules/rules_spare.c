// rules_spare.c - see rules_spare.h. Pure.
#include "ctrl/pfcp/rules/rules_spare.h"
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "shared/wire/sheet.h"

// Whether the rule names this URR: 1, 0, or -EPROTO with *fault.
static int names(struct rules *rules, const struct rule *rule, uint32_t urr, struct rules_fault *fault)
{
	uint16_t by = rule->kind == RULE_PDR ? PFCP_IE_URR_ID : PFCP_IE_LINKED_URR_ID;
	const struct pfcp_ie *ie;

	if (rules_open(rules, rule, fault))
		return -EPROTO;
	ie = pfcp_first(&rules->tree, NULL, by);
	while (ie && (uint32_t)pfcp_number(ie) != urr)
		ie = pfcp_again(&rules->tree, ie);
	return ie != NULL;
}

// The same of all rules.
static int named(struct rules *rules, uint32_t urr, struct rules_fault *fault)
{
	int found = 0;

	for (unsigned i = 0; i < rules->count && !found; i++)
		if (rules->rule[i].kind == RULE_PDR || rules->rule[i].kind == RULE_URR)
			found = names(rules, &rules->rule[i], urr, fault);
	return found;
}

static unsigned urrs(const struct rules *rules)
{
	unsigned count = 0;

	for (unsigned i = 0; i < rules->count; i++)
		count += rules->rule[i].kind == RULE_URR;
	return count;
}

int rules_spare(struct rules *rules, struct rules_fault *fault)
{
	unsigned count = urrs(rules);

	for (unsigned i = 0; i < rules->count && count > SHEET_URRS;) { // the oldest are the first
		struct rule *rule = &rules->rule[i];
		bool old = rule->kind == RULE_URR && rule->turn == RULE_KEPT && !rule->granted;
		int kept = old ? named(rules, rule->id, fault) : 1;

		if (kept < 0)
			return -EPROTO;
		i += kept > 0;
		if (kept)
			continue;
		rules->count--;
		count--;
		memmove(rule, rule + 1, (size_t)(&rules->rule[rules->count] - rule) * sizeof(*rule));
	}
	return 0;
}
