// table_line.c - the shared form of T4: one line a session, with a sequence that is odd while the writer is inside.
//
// One writer. Readers store nothing; who saw the sequence move reads again.
#include <stdatomic.h>
#include "tests/bench/tables/estate.h"
#include "tests/bench/tables/pages.h"
#include "tests/bench/tables/table.h"

struct entry {
	_Alignas(64) _Atomic uint32_t sequence;
	_Atomic uint32_t key; // 0: nobody
	_Atomic uint64_t words[TABLE_WORDS];
};
_Static_assert(sizeof(struct entry) == 64, "one line");

static void write(struct entry *entry, uint32_t key, uint64_t word)
{
	uint32_t sequence = atomic_load_explicit(&entry->sequence, memory_order_relaxed);

	atomic_store_explicit(&entry->sequence, sequence + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release); // the odd sequence before the words; pairs with copy's acquire fence
	atomic_store_explicit(&entry->key, key, memory_order_relaxed);
	for (unsigned i = 0; i < TABLE_WORDS; i++)
		atomic_store_explicit(&entry->words[i], word, memory_order_relaxed);
	atomic_store_explicit(&entry->sequence, sequence + 2, memory_order_release); // pairs with copy's first load
}

static void *make(const struct table_site *site)
{
	struct entry *entries = pages_take(site->sessions * sizeof(*entries));

	for (uint32_t n = 0; n < site->sessions; n++) {
		uint32_t key = estate_pool_address(n);

		write(&entries[key - ESTATE_POOL], key, table_word(key, 1));
	}
	return entries;
}

static uint32_t copy(struct entry *entry, uint64_t words[TABLE_WORDS])
{
	uint32_t before, after, key;

	do {
		before = atomic_load_explicit(&entry->sequence, memory_order_acquire);
		key = atomic_load_explicit(&entry->key, memory_order_relaxed);
		for (unsigned w = 0; w < TABLE_WORDS; w++)
			words[w] = atomic_load_explicit(&entry->words[w], memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		after = atomic_load_explicit(&entry->sequence, memory_order_relaxed);
	} while (before & 1 || before != after);
	return key;
}

static void read(void *at, unsigned reader, const uint32_t *keys, const uint32_t *next, struct table_tally *tally)
{
	struct entry *entries = at;

	for (unsigned i = 0; i < TABLE_BATCH; i++) {
		uint64_t words[TABLE_WORDS];

		__builtin_prefetch(&entries[next[i] - ESTATE_POOL]);
		if (copy(&entries[keys[i] - ESTATE_POOL], words) == keys[i])
			table_check(words, keys[i], tally);
		else
			tally->missed++;
	}
}

static bool change(void *at, const struct table_change *change)
{
	struct entry *entry = (struct entry *)at + (change->key - ESTATE_POOL);

	write(entry, change->verb == TABLE_DELETE ? 0 : change->key, table_word(change->key, change->version));
	return true;
}

const struct table table_line = { .name = "line", .make = make, .read = read, .change = change };
