// outbox.h - what front ends have to hear of their sessions: numbered, durable, each until it is done.
//
// Whoever has something to report adds a row to the transaction that makes it so: what the report says and what it is about change
// together or not at all. Numbers grow and are never given again. The store has the reports, memory their numbers. Only one
// transaction is under way at a time (scribe.h), so what it adds and drops shows when it is settled. The main thread owns it.
#pragma once
#include "ctrl/kit/arena.h"
#include "ctrl/kit/table.h"
#include "ctrl/store/batch.h"
#include "proto/store.pb-c.h"

#define OUTBOX_MAX 65536u

struct outbox_entry {
	uint64_t number, session;
	bool dropping; // by the transaction under way
};

struct outbox {
	const struct store *store;
	struct outbox_entry *list; // OUTBOX_MAX places, by number; the last `adding` are the transaction's
	uint32_t count, adding;
	uint32_t *dropping; // places in the list
	uint32_t drops;
	struct table sessions; // id -> how many reports it has, of those that stand
	uint64_t next;         // number
	uint64_t last;         // the highest that is done, as it is stored
	uint64_t last_to;      // after the transaction
	uint64_t arrived;      // so many have ever come to stand here: grows
	uint64_t refused;      // counter: there was no place
};

int outbox_open(struct outbox *outbox, const struct store *store); // 0 or -ENOMEM
void outbox_close(struct outbox *outbox);

// At start, for every row of the table, in order. -EBADMSG: not a row of this table.
int outbox_load(struct outbox *outbox, const struct store_row *row, struct arena *arena);

// Adds one to the transaction; `stored` needs no number. 0, -ENOSPC or -ENOMEM.
int outbox_add(struct outbox *outbox, Shoal__Store__Report *stored, struct batch *batch);

static inline uint32_t outbox_room(const struct outbox *outbox) // for so many more
{
	return OUTBOX_MAX - outbox->count;
}

// These are done; unknown ones are no fault. How many there were, or -ENOMEM.
int outbox_drop(struct outbox *outbox, const uint64_t *numbers, size_t count, struct batch *batch);

// Whether a session has any that stand.
bool outbox_any(const struct outbox *outbox, uint64_t session);

// All of a session's are dropped; what they told of its usage, in order. 0 or -ENOMEM.
struct outbox_usages {
	size_t count;
	Shoal__Oss__UsageReport **list;
};
int outbox_leave(struct outbox *outbox, uint64_t session, struct outbox_usages *usages, struct batch *batch);

// A place to come back to, within the transaction.
struct outbox_mark {
	uint32_t adding, drops;
	uint64_t last_to;
};
struct outbox_mark outbox_mark(const struct outbox *outbox);
void outbox_undo(struct outbox *outbox, struct outbox_mark mark);

// The transaction stands, or never happened.
void outbox_settle(struct outbox *outbox, bool committed);
