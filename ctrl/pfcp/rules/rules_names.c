// rules_names.c - see rules_names.h. Pure.
#include "ctrl/pfcp/rules/rules_names.h"
#include <string.h>

static bool same_name(const struct pfcp_ie *a, const struct pfcp_ie *b)
{
	return a->length == b->length && !memcmp(a->value, b->value, a->length);
}

static const struct pfcp_ie *name_find(struct group group, uint16_t type, const struct pfcp_ie *name)
{
	const struct pfcp_ie *ie = pfcp_first(group.tree, group.ie, type);

	while (ie && !same_name(ie, name))
		ie = pfcp_again(group.tree, ie);
	return ie;
}

// Predefined rules stay active until they are deactivated (TS 29.244 5.19): what is activated comes to them.
void names_merge(struct pfcp_writer *writer, const struct pfcp_tree *was, struct group update)
{
	const struct pfcp_ie *ie = pfcp_first(was, NULL, PFCP_IE_ACTIVATE_PREDEFINED_RULES);

	for (; ie; ie = pfcp_again(was, ie))
		if (!name_find(update, PFCP_IE_ACTIVATE_PREDEFINED_RULES, ie) &&
		    !name_find(update, PFCP_IE_DEACTIVATE_PREDEFINED_RULES, ie))
			pfcp_copy(writer, ie);
}

int names_check(const struct pfcp_tree *was, struct group update, struct rules_fault *fault)
{
	const struct pfcp_ie *ie = pfcp_first(update.tree, update.ie, PFCP_IE_DEACTIVATE_PREDEFINED_RULES);

	for (; ie; ie = pfcp_again(update.tree, ie))
		if (!name_find((struct group){ was, NULL }, PFCP_IE_ACTIVATE_PREDEFINED_RULES, ie))
			return rules_fault(fault, PFCP_CAUSE_UNKNOWN_PREDEFINED_RULE, ie->type,
					   "No such rule is active.");
	return 0;
}
