// notes.h - what front ends have to remember across their own death: small values under names, durable.
//
// The store has the values, memory the names. A group changes one note at most, which shows in memory when it is durable: so a
// failed commit leaves nothing to undo. The main thread owns it.
#pragma once
#include "ctrl/kit/arena.h"
#include "ctrl/store/batch.h"
#include "proto/store.pb-c.h"

#define NOTES_MAX 4096u
#define NOTES_NAME_MAX 128u
#define NOTES_VALUE_MAX 4096u

struct note {
	uint64_t number; // key of its row
	char name[NOTES_NAME_MAX + 1];
};

struct notes {
	const struct store *store;
	struct note *list; // NOTES_MAX places, by number
	unsigned count;
	uint64_t next;
	enum { NOTES_RESTING, NOTES_PUTTING, NOTES_DROPPING } pending; // what the group does, and to whom
	struct note wanted;
};

int notes_open(struct notes *notes, const struct store *store); // 0 or -ENOMEM
void notes_close(struct notes *notes);

// At start, for every row of the table, in order. -EBADMSG: not a row of this table.
int notes_load(struct notes *notes, const struct store_row *row, struct arena *arena);

bool notes_name_good(const char *name); // 1 to 128 printable characters, no space

const struct note *notes_find(const struct notes *notes, const char *name); // null: there is none

static inline bool notes_busy(const struct notes *notes) // the group changes one: ask again in the next
{
	return notes->pending != NOTES_RESTING;
}

// Not while it is busy. 0, -ENOSPC or -ENOMEM.
int notes_put(struct notes *notes, const Shoal__Store__Note *stored, struct batch *batch);
int notes_drop(struct notes *notes, const struct note *note, struct batch *batch);

// After the commit: what the group did stands, or never happened.
void notes_settle(struct notes *notes, bool committed);
