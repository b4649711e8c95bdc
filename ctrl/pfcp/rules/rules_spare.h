// rules_spare.h - URRs that nobody takes away; for rules.c.
#pragma once
#include "ctrl/pfcp/rules/rules.h"

// Of more URRs than a session may have, the oldest that no rule names go, but none that the request under work makes or changes: OAI's SMF
// makes one at each service request, and removes none. 0, or -EPROTO with *fault.
int rules_spare(struct rules *rules, struct rules_fault *fault);
