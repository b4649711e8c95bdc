// keys.h - answered requests, so that a request that comes twice is done once.
//
// The key of a request, a hash of its body and the answer are stored in the transaction of the change itself and kept for 24
// hours (or until KEYS_MAX newer ones have come; that is logged). In memory stands only where to find them. The main thread owns it.
#pragma once
#include <stdint.h>
#include "ctrl/arena.h"
#include "ctrl/batch.h"
#include "ctrl/table.h"

#define KEYS_MAX 1000000u
#define KEYS_AGE_MS (24u * 3600 * 1000)

struct keys_entry;

struct keys {
	const struct store *store;
	uint64_t seed;
	uint64_t next; // number of the next key
	struct table by_hash;
	struct keys_entry *oldest, *newest;
	struct keys_entry *pending; // first of those the group has added
	uint32_t dropping;          // oldest ones the group drops
	uint64_t full_ms;           // when it was last said that there are too many
};

enum keys_found {
	KEYS_NEW,
	KEYS_REPEATED, // same content; *answer is the stored one
	KEYS_REUSED,   // other content
	KEYS_UNDER_WAY // added by this very group: ask again after its commit
};

struct keys_request {
	const uint8_t *key;
	size_t key_bytes;
	uint64_t content[2]; // keys_content()
};

int keys_open(struct keys *keys, const struct store *store); // 0 or -ENOMEM
void keys_close(struct keys *keys);

// At start, for every row of the table, in order. -EBADMSG: not a row of this table.
int keys_load(struct keys *keys, const struct store_row *row, struct arena *arena);

// Hashes the body of a packed Request: everything but version, key and deadline.
void keys_content(const uint8_t *bytes, size_t length, uint64_t content[2]);

// The answer lives in the arena.
enum keys_found keys_look(const struct keys *keys, const struct keys_request *request, struct arena *arena,
			  ProtobufCBinaryData *answer);

// Adds a request and its answer to the group. 0 or -ENOMEM.
int keys_add(struct keys *keys, const struct keys_request *request, const ProtobufCBinaryData *answer, uint64_t at_ms,
	     struct batch *batch);

// Adds to the group that some of those older than 24 hours go; called once a group.
void keys_prune(struct keys *keys, uint64_t now_ms, struct batch *batch);

// After the commit: what the group added and dropped stands, or never happened.
void keys_settle(struct keys *keys, int committed);
