// rules_names.h - the predefined rules that a PDR has active, when it is updated (TS 29.244 5.19); for rules.c alone. Pure.
#pragma once
#include "ctrl/pfcp/rules/rules.h"

// A group: an IE in its tree; ie null: the tree itself. tree null: nothing.
struct group {
	const struct pfcp_tree *tree;
	const struct pfcp_ie *ie;
};

// Those that were active and stay so, as Activate Predefined Rules. was: the PDR's body.
void names_merge(struct pfcp_writer *writer, const struct pfcp_tree *was, struct group update);

// Whether what is deactivated is active. 0, or -EPROTO with *fault.
int names_check(const struct pfcp_tree *was, struct group update, struct rules_fault *fault);
