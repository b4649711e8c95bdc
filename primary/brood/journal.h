// journal.h - what happened to seats, shards and ports: numbered, kept for a while, and logged.
//
// ctrl asks for what came after the number it has. Owned by the fleet thread.
#pragma once
#include <stdint.h>
#include "primary/loop/record.h"

#define JOURNAL_ENTRIES 2048u
#define JOURNAL_TEXT 160u

// All but the last are numbered as fleet.proto's EventKind.
enum journal_kind {
	JOURNAL_SEAT_UP = 1,
	JOURNAL_SEAT_DOWN,
	JOURNAL_SHARD_MOVED,
	JOURNAL_PORT_UP,
	JOURNAL_PORT_DOWN,
	JOURNAL_ALARM,
	JOURNAL_POISON,
	JOURNAL_NEST_UP,   // its nursery can fork
	JOURNAL_NEST_DOWN, // its nursery has hung up
	JOURNAL_NEST_LOADED,
	JOURNAL_NEST_RETIRED,
	JOURNAL_SEAT_LEFT // as it was told; for others a seat that is down
};

struct journal_place {
	uint32_t seat, shard;
};

struct journal_entry {
	uint64_t number; // dense, from 1
	enum journal_kind kind;
	struct journal_place place;
	struct quarantine_suspect suspect; // POISON
	char record[RECORD_PATH];          // POISON: the packet's file; "" = none
	char text[JOURNAL_TEXT];
};

struct journal {
	uint64_t last; // number of the newest entry; 0 = none yet
	struct journal_entry entry[JOURNAL_ENTRIES];
};

// The log line's id and level follow from the kind. Moves of shards come by the hundred and are not logged.
void journal_write(struct journal *journal, enum journal_kind kind, struct journal_place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// A packet has killed two workers.
void journal_poison(struct journal *journal, const struct record *record, const char *path);

// The entry with this number; null: not yet, or no longer.
const struct journal_entry *journal_read(const struct journal *journal, uint64_t number);
