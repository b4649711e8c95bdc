// load.h - at start: from the store to memory, every row verified.
//
// Counts this start durably (the epoch) before anything else may act on it.
#pragma once
#include "ctrl/tell/notes.h"
#include "ctrl/tell/outbox.h"
#include "ctrl/truth/keys.h"
#include "ctrl/truth/ledger.h"
#include "ctrl/usage/books.h"

struct load {
	struct store *store;
	struct ledger *ledger; // with its place, grid, sessions, rates and chains open and empty
	struct keys *keys;
	struct books *books;
	struct notes *notes;
	struct outbox *outbox;
	struct measures *measures;
	bool salvage;      // leave out what is damaged, instead of refusing to start
	uint64_t made_ms;  // out: when the store was begun
	uint64_t starts;   // out: the epoch
	uint64_t commits;  // out
	uint64_t salvaged; // out: rows left out
};

// 0; -EBADMSG a damaged row (logged, named); -EPROTO a session that does not fit the configuration; or -errno. With salvage,
// damaged rows and what does not fit are logged, taken out of the store, and the start goes on.
int load_all(struct load *load);

// The meta row as it is to be after the next commit.
int load_meta(const struct load *load, struct batch *batch);
