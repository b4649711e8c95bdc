// quarantine.h - sessions set apart because a packet of theirs killed two workers, until somebody releases them.
//
// The primary refuses their packets by itself at once and says so (Event POISON); here it becomes durable: a row a session in the
// store, and the whole table goes to the primary whenever it changes, and to each new one. A session that is deleted leaves it.
// A restart hears old events again: a row under key 0 says up to which they were taken in. The main thread owns it.
#pragma once
#include "ctrl/fleet/fleet.h"
#include "ctrl/session/session.h"
#include "ctrl/store/scribe.h"

#define QUARANTINE_MAX 1024u // as many as the primary's table holds
#define QUARANTINE_RECORD 320u

struct quarantine_entry {
	uint64_t session, at_ms;
	uint64_t refused; // by this primary, when it was last asked
	bool kept;        // has its row in the store
	char record[QUARANTINE_RECORD];
};

struct quarantine {
	// Set by the caller:
	struct scribe *scribe;
	const struct sessions *sessions;
	struct fleet *fleet; // null = there is none (tests)
	void (*tell)(void *with, uint64_t session, const char *text);
	void *with;
	// Its own:
	uint64_t generation, heard; // the last event of this primary that was taken in
	bool changed, asked;        // since the primary was told; the table is on its way
	bool behind;                // the store does not know the last event yet,
	bool waits;                 // as the scribe was busy
	struct batch batch;         // on its way to it, with so many entries and that event
	unsigned filled;
	uint64_t filled_heard;
	unsigned count;
	struct quarantine_entry entry[QUARANTINE_MAX];
};

// Reads the table. 0, or -errno with a log line. salvage: leaves damaged rows out.
int quarantine_open(struct quarantine *quarantine, bool salvage);
void quarantine_close(struct quarantine *quarantine);

void quarantine_event(struct quarantine *quarantine, const Shoal__Fleet__Event *event, uint64_t generation);
void quarantine_state(struct quarantine *quarantine);  // the primary has said something new
void quarantine_reborn(struct quarantine *quarantine); // another primary: it knows nobody
void quarantine_turn(struct quarantine *quarantine);   // the scribe may be free for who waited for it
// The deleted leave, the store and then the primary are told.
void quarantine_tick(struct quarantine *quarantine);

const struct quarantine_entry *quarantine_find(const struct quarantine *quarantine,
					       uint64_t session); // null: not in it

// Durable when it returns. Not while the scribe is busy. 0, -ENOENT, or the store's error.
int quarantine_release(struct quarantine *quarantine, uint64_t session);
