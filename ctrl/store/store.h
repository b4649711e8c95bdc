// store.h - the durable truth: tables of rows under 64-bit keys, changed in transactions.
//
// Narrow on purpose: an engine on another host, or one that fails on purpose in tests, can stand behind it. Rows carry a CRC32C of
// table, key and bytes; a row that fails it is reported, never used. One process. Changes come from one thread at a time; get, walk and size from the main thread,
// also while another one changes something.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_table {
	STORE_META,
	STORE_SESSIONS,
	STORE_CELLS,
	STORE_KEYS,
	STORE_USAGE,
	STORE_JOURNAL,
	STORE_LEAVING,
	STORE_CLOSED,
	STORE_QUARANTINE,
	STORE_NOTES,
	STORE_REPORTS,
	STORE_MEASURES,
	STORE_TABLES
};
extern const char *const store_table_names[STORE_TABLES];

struct store_row {
	uint64_t key;
	const uint8_t *bytes; // null: the row is damaged
	size_t length;
};

// Returns 0 to go on; anything else ends the walk and is its result.
typedef int store_visit(void *with, const struct store_row *row);

// Errors: -ENOSPC disk or map full, -EIO and others as the system says. After a failed commit nothing of the transaction is in
// the store, or (-EUCLEAN) nobody can say and the process has to start again.
struct store_engine {
	// Tables, one bit each, whose rows were not those of the last commit when the store was opened: some are missing, or old.
	uint32_t (*astray)(void *self);
	int (*begin)(void *self);
	int (*put)(void *self, enum store_table table, const struct store_row *row); // inserts or replaces
	int (*drop)(void *self, enum store_table table, uint64_t key); // a row that is not there is no fault
	int (*commit)(void *self);                                     // durable, or an error
	void (*abandon)(void *self);
	// Outside transactions. get: -ENOENT, or row valid until the next call. walk: from key `from` on, in order.
	int (*get)(void *self, enum store_table table, struct store_row *row);
	int (*walk)(void *self, enum store_table table, uint64_t from, store_visit *visit, void *with);
	void (*size)(void *self, uint64_t *used, uint64_t *limit); // bytes
	void (*close)(void *self);
};

struct store {
	const struct store_engine *engine;
	void *self;
};

// The LMDB engine. Makes dir (0700) and its files (0600) if they are missing; -EACCES with a log line where modes let others
// in, other -errno with a log line.
int store_lmdb_open(struct store *store, const char *dir, uint32_t mib);

static inline void store_close(struct store *store)
{
	if (store->engine)
		store->engine->close(store->self);
	store->engine = NULL;
}
