// ledger_inside.h - what the files of ledger share. For them alone.
#pragma once
#include "ctrl/ledger.h"

// Whether somebody has what the plan asks for. 0, or -EINVAL with *fault.
int ledger_taken(const struct ledger *ledger, const struct plan *plan, struct fault *fault);

// What place_find's error means; -EINVAL.
int ledger_misplaced(int error, const struct place_wish *wish, struct fault *fault);
