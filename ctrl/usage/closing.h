// closing.h - the accounts of deleted sessions, until they are settled, and the log of those that are.
//
//   deleted (row in `leaving`, same transaction) --last counters come--> settled (row in `closed`, the other dropped)
//                                                `-deletion confirmed, no counters for a while: their memory is gone--> settled as known
//
// A settled record never changes: counters that come even later make another, marked as a correction, with the new total. So who
// reads the log by number misses nothing and reads nothing twice. What comes again after it was settled says nothing new, and
// is dropped. The main thread owns it; the caller runs the transactions.
#pragma once
#include <stdbool.h>
#include "ctrl/session/session.h"
#include "ctrl/store/batch.h"
#include "proto/oss.pb-c.h"

#define CLOSING_PATIENCE_NS 2000000000ull // for last counters, once the deletion is confirmed
#define CLOSING_LEFT_MAX \
	16384u // accounts that a start leaves open, so that the next ones do not take longer and longer

struct measures;
struct push;
struct leaver;

// An account was settled, durably. usage: the total.
typedef void closing_settled(void *with, const struct session *session, bool correction);

struct closing {
	const struct store *store;
	struct measures *measures;
	const struct grid *grid;
	uint32_t max;                      // records kept
	struct table leaving;              // TEID -> struct leaver
	struct table closed;               // TEID -> number of its last record, in the log
	uint64_t first, next;              // numbers in the log
	struct leaver *ready, **ready_end; // to be written
	struct leaver *waiting,
	    **waiting_end; // confirmed, without last counters; the longest first. At start: those read, by session
	uint32_t filled, dropped; // of the transaction under way
	uint64_t corrected;       // accounts of which more was heard after they were settled, since the start
	closing_settled *settled;
	void *with;
};

int closing_open(struct closing *closing, struct measures *measures, const struct grid *grid, uint32_t max);
void closing_close(struct closing *closing);

// At start, for each row. -EBADMSG: not a row of these tables.
int closing_load_leaving(struct closing *closing, const struct store_row *row, struct arena *arena);
int closing_load_closed(struct closing *closing, const struct store_row *row);

// Then: deletions nobody has confirmed to this ctrl are asked for again. Beyond CLOSING_LEFT_MAX the oldest sessions' accounts are
// settled as known: what their owner still says corrects them.
void closing_depart(struct closing *closing, struct push *push);

// The account of a session that is being deleted, as a row of the transaction that deletes it. `message`: as it is stored. 0 or -ENOMEM.
int closing_row(const struct session *session, Shoal__Oss__Session *message, uint64_t at_ms, struct batch *batch);

void closing_leave(struct closing *closing, struct session *session); // its deletion is durable
void closing_confirm(struct closing *closing, struct session *session,
		     uint64_t now_ns); // its owner has done it; takes it over

// Last counters of a session that does not live. True if they say something new: they are written with the next transaction.
bool closing_final(struct closing *closing, const struct report *report, uint64_t at_ms);

// One that has not been settled; null: there is none with this TEID.
struct session *closing_session(const struct closing *closing, uint32_t teid);

// Whether the last usage reports of a deleted session are still to come: it has measures, and its account was never settled.
bool closing_awaits(const struct closing *closing, uint64_t session, uint32_t teid);

// True if patience with some has ended: they are to be written.
bool closing_tick(struct closing *closing, uint64_t now_ns);

static inline bool closing_waits(const struct closing *closing) // for a transaction
{
	return closing->ready != NULL;
}

// Number of the last record of a session that had this TEID; 0 = none is kept.
uint64_t closing_number(const struct closing *closing, uint32_t teid);

int closing_fill(struct closing *closing, struct batch *batch); // 0 or -ENOMEM; a bounded number of rows
void closing_settle(struct closing *closing, bool committed);
