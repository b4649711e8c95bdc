// ledger_inside.h - what the files of ledger share. For them alone.
#pragma once
#include "ctrl/ledger.h"

// Whether somebody has what the plan asks for. 0, or -EINVAL with *fault.
int ledger_taken(const struct ledger *ledger, const struct plan *plan, struct fault *fault);

// What place_find's error means; -EINVAL.
int ledger_misplaced(int error, const struct place_wish *wish, struct fault *fault);

// Gives the session these TEIDs, chosen elsewhere, instead of those it has (aliases.h): *had. 0, or -EINVAL with *fault.
int ledger_aliases(struct ledger *ledger, struct session *session, const uint32_t *alias, uint32_t **had,
		   struct fault *fault);

// The TEID for the cell's next session: one that no front end has chosen for something else.
uint32_t ledger_teid(struct ledger *ledger, uint32_t cell);

// Writes into the message what was given to its session.
void ledger_complete(const struct ledger *ledger, const struct session *session, uint64_t at_ms,
		     Shoal__Oss__Session *message);
