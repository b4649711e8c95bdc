// truth.h - the sessions as they are: the store, and its image in memory, kept alike by the ledger.
#pragma once
#include "ctrl/truth/keys.h"
#include "ctrl/truth/ledger.h"
#include "ctrl/truth/load.h"
#include "ctrl/usage/books.h"

struct truth {
	const struct conf *conf;
	struct store store;
	struct scribe scribe;
	struct grid grid;
	struct place place;
	struct sessions sessions;
	struct rates *rates;
	struct chains chains;
	struct keys keys;
	struct measures measures;
	struct books books;
	struct notes notes;
	struct outbox outbox;
	struct aliases aliases;
	struct framed framed;
	struct ledger ledger; // its hooks are the caller's to set, before the first commit
	struct load load;
};

// Loads everything from an open store, which it takes over whatever the result. 0, or -errno with a log line. salvage: load.h.
int truth_open(struct truth *truth, const struct conf *conf, const struct store *store, bool salvage);
void truth_close(struct truth *truth);
