// ledger_entry.h - changes that are decided and not durable yet, in their order. For the files of ledger alone.
#pragma once
#include "ctrl/truth/ledger_inside.h"

enum ledger_verb { LEDGER_CREATE, LEDGER_MODIFY, LEDGER_DELETE };

struct ledger_entry {
	enum ledger_verb verb;
	struct session *session;
	uint64_t number;
	uint64_t digest;       // of the cell afterwards
	struct cell_was *was;  // MODIFY, DELETE; its rates are given back when nobody can need them any more
	uint32_t made;         // MODIFY: before
	struct ledger_had had; // MODIFY, DELETE
	uint32_t last_teid;    // CREATE: the cell's before
	uint32_t anew;         // how often primaries had been told everything
};

// The next one, with its shard's next number. Null: no memory. Valid until the next is added.
struct ledger_entry *ledger_entry_add(struct ledger *ledger, enum ledger_verb verb, struct session *session);

// Likewise, of a session that is there: its owner holds it as it is now until the change is durable. Of several changes of a cell in one
// group the first says so.
struct ledger_entry *ledger_entry_of(struct ledger *ledger, enum ledger_verb verb, struct session *session);
void ledger_entry_forget(struct ledger *ledger, const struct ledger_entry *entry); // what was
