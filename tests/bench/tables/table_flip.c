// table_flip.c - double-buffered direct index (T2): the writer fills the side nobody looks at, then turns the entry over.
//
// With the barriers it needs. What it cannot promise: a reader that is still copying when the entry turns twice.
#include <stdatomic.h>
#include "tests/bench/tables/estate.h"
#include "tests/bench/tables/pages.h"
#include "tests/bench/tables/table.h"

#define SIDE 1u
#define PRESENT 2u

struct entry {
	_Alignas(128) _Atomic uint32_t state;
	_Atomic uint64_t words[2][TABLE_WORDS];
};

static void fill(struct entry *entry, unsigned side, uint64_t word)
{
	for (unsigned i = 0; i < TABLE_WORDS; i++)
		atomic_store_explicit(&entry->words[side][i], word, memory_order_relaxed);
}

static void *make(const struct table_site *site)
{
	struct entry *entries = pages_take(site->sessions * sizeof(*entries));

	for (uint32_t n = 0; n < site->sessions; n++) {
		struct entry *entry = &entries[estate_pool_address(n) - ESTATE_POOL];

		fill(entry, 0, table_word(estate_pool_address(n), 1));
		atomic_store_explicit(&entry->state, PRESENT, memory_order_relaxed);
	}
	return entries;
}

static void read(void *at, unsigned reader, const uint32_t *keys, const uint32_t *next, struct table_tally *tally)
{
	struct entry *entries = at;

	for (unsigned i = 0; i < TABLE_BATCH; i++) {
		struct entry *entry = &entries[keys[i] - ESTATE_POOL];
		uint32_t state = atomic_load_explicit(&entry->state, memory_order_acquire); // pairs with change
		uint64_t words[TABLE_WORDS];

		if (!(state & PRESENT)) {
			tally->missed++;
			continue;
		}
		for (unsigned w = 0; w < TABLE_WORDS; w++)
			words[w] = atomic_load_explicit(&entry->words[state & SIDE][w], memory_order_relaxed);
		table_check(words, keys[i], tally);
	}
}

static bool change(void *at, const struct table_change *change)
{
	struct entry *entry = (struct entry *)at + (change->key - ESTATE_POOL);
	uint32_t state = (atomic_load_explicit(&entry->state, memory_order_relaxed) ^ SIDE) & ~PRESENT;

	if (change->verb != TABLE_DELETE) {
		fill(entry, state & SIDE, table_word(change->key, change->version));
		state |= PRESENT;
	}
	atomic_store_explicit(&entry->state, state, memory_order_release);
	return true;
}

const struct table table_flip = { .name = "flip", .make = make, .read = read, .change = change };
