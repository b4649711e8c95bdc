// ledger.h - decides changes of sessions: all or nothing, in memory and on disk.
//
// A change takes effect in memory at once, so that the next request of the group sees it, and its row goes into the batch. When
// the group is complete it is committed: the store first; then the changes become part of their shards' chains and the feed
// hears of them; or, if the store fails, each is undone in reverse order and memory is as before. Nobody outside the
// main thread sees a change before it is durable.
#pragma once
#include "ctrl/fleet/aliases.h"
#include "ctrl/fleet/framed.h"
#include "ctrl/rules/compile.h"
#include "ctrl/session/chain.h"
#include "ctrl/session/rates.h"
#include "ctrl/session/session.h"
#include "ctrl/store/batch.h"

#define LEDGER_EXCEPTIONS_MAX 65536u // what the primary's table holds

struct ledger_entry;
struct measures;

// A place to come back to: ledger_undo takes back every change since.
struct ledger_mark {
	size_t entries, rows;
	uint32_t measures;
};

// Told when a change is durable. moving: just before the cell gets its new number. The cell's session and digest are as they
// will be.
struct ledger_hooks {
	void *with;
	void (*moving)(void *with, uint32_t cell);
	void (*departed)(void *with, struct session *session); // deleted; the callee owns it from now on
};

struct ledger {
	const struct conf *conf;
	struct place *place;
	struct compile_room sheet_room; // for the sheet of the session that is being decided
	struct compile_quota quota;
	struct measures *measures; // of sessions
	struct sessions *sessions;
	struct rates *rates;
	struct aliases *aliases;
	struct framed *framed;
	struct chains *chains;
	struct ledger_hooks hooks;
	struct batch batch;        // of what is being decided
	struct batch writing;      // with the disk
	struct ledger_mark handed; // what it is of
	struct ledger_entry *entries;
	size_t count, room;
	uint64_t number[SHARDS]; // last one given, durable or not yet
	uint64_t next_session;
	uint64_t seed, teids;                      // for first TEIDs of cells
	uint32_t exceptions;                       // addresses that the primary is told of (exceptions.h)
	bool exceptions_changed;                   // since the fleet was told
	uint64_t exceptions_said, exceptions_told; // changes that there ever were; that the primary has
	bool exceptions_deaf; // where there are networks: the primary is of a build that knows of none there
};

// chains, sessions and next_session as they were loaded.
void ledger_open(struct ledger *ledger);
void ledger_close(struct ledger *ledger);

// What a session of this gateway is compiled with. The plan's sheet is gone with the next one.
struct compile_needs ledger_needs(struct ledger *ledger);

// Creates a session; completes `message` with what was given to it. `at_ms`: now. 0, or -EINVAL with *fault.
int ledger_create(struct ledger *ledger, const struct plan *plan, Shoal__Oss__Session *message, uint64_t at_ms,
		  struct fault *fault);

// Gives session the bearer of the plan; `message` is the whole new session as it shall be stored. 0, or -EINVAL with *fault.
int ledger_modify(struct ledger *ledger, struct session *session, const struct plan *plan,
		  const Shoal__Oss__Session *message, struct fault *fault);

// `message`: the session as it is stored; it stays until its account is settled. `at_ms`: now. 0, or -EINVAL with *fault.
int ledger_delete(struct ledger *ledger, struct session *session, Shoal__Oss__Session *message, uint64_t at_ms,
		  struct fault *fault);

// The session with this id or identity (0 = whichever) whose deletion is decided and not durable: it still is what is stored. Null: none.
struct session *ledger_leaving(const struct ledger *ledger, uint64_t id, uint64_t identity);

// Whether a session of this owner (session_owner) is being created: it is not among what is stored yet.
bool ledger_coming(const struct ledger *ledger, uint64_t owner);

struct ledger_mark ledger_mark(const struct ledger *ledger);
void ledger_undo(struct ledger *ledger, struct ledger_mark mark);

// The rows of what has been decided, to be written; valid until ledger_settle. What is decided from now on stands upon that, has a batch of
// its own, and may be taken back by itself.
const struct batch *ledger_hand(struct ledger *ledger);
void ledger_take_back(struct ledger *ledger);

// Once what was handed over has been written, or not. 0: its changes stand and the hooks were called. Error: they are undone; what was
// decided behind it has been taken back.
void ledger_settle(struct ledger *ledger, int error);
