// rules_merge.h - what an update leaves of a rule's body; for rules.c alone. Pure.
#pragma once
#include "ctrl/pfcp/rules/rules_names.h"

// was: the body. update: the Update IE. What it names takes the place of what was there, the rest stays.
void rules_merge(struct pfcp_writer *writer, enum rule_kind kind, const struct pfcp_tree *was, struct group update);
