// choice.h - which of a node's sessions a request about many of them means: by part of a node (FQ-CSID), group, or address of the CP
// function (TS 29.244 5.22, 6.2.6.2, 6.2.8). Pure.
#pragma once
#include "ctrl/pfcp/rules/front.h"

// Whether a session is to go: its FQ-CSID is among those of a Session Set Deletion; an Association Setup names, of whom sessions are to be
// kept, others. kept: the tree of its front.
bool choice_goes(const struct pfcp_tree *request, const struct front *front, const struct pfcp_tree *kept);

// The first PFCP Session Change Info of a Session Set Modification that means a session; null: none does.
const struct pfcp_ie *choice_change(const struct pfcp_tree *request, const struct front *front,
				    const struct pfcp_tree *kept);

// Whether they have an address in common.
bool choice_same(const struct pfcp_address *one, const struct pfcp_address *other);
