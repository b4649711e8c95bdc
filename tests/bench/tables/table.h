// table.h - what the session tables of the comparison have in common: the value, the calls, the tally.
//
// A table is made by one thread. Then `readers` threads call begin, read..., end, and one writer thread calls change and flush.
// Keys are UE addresses of a pool (estate.h). A value says whose it is and of which version, over and over, so that a
// reader sees when it got parts of two.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define TABLE_READERS 3u
#define TABLE_BATCH 32u
#define TABLE_WORDS 6u
#define TABLE_VERSIONS (1u << 30)

// What a reader saw. missed: of keys that are always there. torn: values of two versions.
struct table_tally {
	uint64_t lookups, missed, torn, applied;
};

enum table_verb { TABLE_MODIFY, TABLE_INSERT, TABLE_DELETE };

struct table_change {
	enum table_verb verb;
	uint32_t number; // of the session
	uint32_t key;
	uint32_t version; // 1..TABLE_VERSIONS
};

struct table_site {
	uint32_t sessions; // all of them are in the table when it is made, version 1
	int socket;        // for rte_hash
};

struct table {
	const char *name;
	void *(*make)(const struct table_site *site);
	void (*sit)(void *at, unsigned readers); // nobody reads or writes just now
	void (*move)(void *at);                  // nor now, before each slice: what may lie elsewhere moves on
	void (*begin)(void *at, unsigned reader);
	// Looks up `keys`; `next` come after them and may be fetched already.
	void (*read)(void *at, unsigned reader, const uint32_t *keys, const uint32_t *next, struct table_tally *tally);
	void (*end)(void *at, unsigned reader);
	bool (*change)(void *at, const struct table_change *change); // false: no room now
	void (*flush)(void *at);
	bool owned;    // a reader is asked for the keys of its own shards (shard % readers) only
	bool readonly; // has no writer
};

// By the names of seed-mechanisms.md section 5: T0 to T5, and the shared form of T4.
extern const struct table table_mutex, table_spinlock, table_ticket, table_flip, table_hash, table_own, table_line,
    table_free;

static inline uint64_t table_word(uint32_t key, uint32_t version)
{
	return (uint64_t)key << 32 | version;
}

// Looks at a copy of a value that was found for `key`.
static inline void table_check(const uint64_t words[TABLE_WORDS], uint32_t key, struct table_tally *tally)
{
	uint64_t differ = 0;

	for (unsigned i = 1; i < TABLE_WORDS; i++)
		differ |= words[i] ^ words[0];
	tally->torn += differ != 0 || words[0] >> 32 != key;
}
