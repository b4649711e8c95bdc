// ledger_inside.h - what the files of ledger share. For them alone.
#pragma once
#include "ctrl/truth/ledger.h"

// Whether somebody has what the plan asks for. 0, or -EINVAL with *fault.
int ledger_taken(const struct ledger *ledger, const struct plan *plan, struct fault *fault);

// What place_find's error means; -EINVAL.
int ledger_misplaced(int error, const struct place_wish *wish, struct fault *fault);

// Whether the session may have the plan's prefix, where wish.moves. 0, or -EINVAL with *fault.
int ledger_movable(const struct ledger *ledger, const struct session *session, const struct plan *plan,
		   struct fault *fault);

// What the primary has to know of a session, as it was.
struct ledger_had {
	uint32_t *alias;            // aliases.h
	struct framed_list *framed; // framed.h
};

// Gives the session the plan's TEIDs that were chosen elsewhere, and networks behind it, instead of those it has: *had. A null plan has
// none of either, which is always possible. 0, or -EINVAL with *fault.
int ledger_reach(struct ledger *ledger, struct session *session, const struct plan *plan, struct ledger_had *had,
		 struct fault *fault);
void ledger_reach_undo(struct ledger *ledger, struct session *session, const struct ledger_had *had);

// The TEID for the cell's next session: one that no front end has chosen for something else.
uint32_t ledger_teid(struct ledger *ledger, uint32_t cell);

// Writes into the message what was given to its session.
void ledger_complete(const struct ledger *ledger, const struct session *session, uint64_t at_ms,
		     Shoal__Oss__Session *message);
