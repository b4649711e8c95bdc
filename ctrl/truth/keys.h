// keys.h - answered requests, so that a request that comes twice is done once.
//
// The key of a request, a hash of its body and the answer are stored in the transaction of the change itself and kept for 24
// hours (or until KEYS_MAX newer ones have come; that is logged). In memory stands only where to find them, 32 to 64 bytes a key, and
// at start no more of a row is read than that takes. The main thread owns it.
#pragma once
#include <stdint.h>
#include "ctrl/kit/arena.h"
#include "ctrl/kit/table.h"
#include "ctrl/store/batch.h"

#define KEYS_MAX 1000000u
#define KEYS_AGE_MS (24u * 3600 * 1000)

// What is remembered of a key.
struct keys_mark {
	uint64_t hash; // 0: there is no row of this number
	uint64_t at_ms;
};

struct keys {
	const struct store *store;
	uint64_t seed;
	uint64_t first, next;   // numbers: of the oldest key, of the next one to come
	struct table by_hash;   // to the number; of two with one hash to the newer's
	struct keys_mark *mark; // by number, from first to next, in a ring
	uint64_t room;          // of the ring, a power of two; 0 = none yet
	uint32_t adding;        // newest ones, added and not durable yet
	uint32_t writing;       // the first of these, with the disk
	uint32_t dropping;      // oldest ones, dropped by it
	uint64_t full_ms;       // when it was last said that there are too many
};

enum keys_found {
	KEYS_NEW,
	KEYS_REPEATED, // same content; *answer is the stored one
	KEYS_REUSED,   // other content
	KEYS_UNDER_WAY // added, and not durable yet: ask again after its commit
};

struct keys_request {
	const uint8_t *key;
	size_t key_bytes;
	uint64_t hash;       // keys_ask()
	uint64_t content[2]; // keys_content()
};

int keys_open(struct keys *keys, const struct store *store); // 0 or -ENOMEM
void keys_close(struct keys *keys);

// At start: the number of the next key, as the store remembers it; every row of the table, in order (-EBADMSG: not a row of it); then
// that this was all. 0 or -ENOMEM.
void keys_begin(struct keys *keys, uint64_t next);
int keys_load(struct keys *keys, const struct store_row *row);
int keys_loaded(struct keys *keys);

// Who will look for it, or add it, asks first: its place in memory comes meanwhile. The key's bytes are not copied.
void keys_ask(const struct keys *keys, struct keys_request *request, const uint8_t *key, size_t bytes);

// Hashes the body of a packed Request: everything but version, key and deadline.
void keys_content(const uint8_t *bytes, size_t length, uint64_t content[2]);

// The answer lives in the arena.
enum keys_found keys_look(const struct keys *keys, const struct keys_request *request, struct arena *arena,
			  ProtobufCBinaryData *answer);

// Adds a request and its answer to the group. 0 or -ENOMEM.
int keys_add(struct keys *keys, const struct keys_request *request, const ProtobufCBinaryData *answer, uint64_t at_ms,
	     struct batch *batch);

// Adds to the group that some of those older than 24 hours, or beyond KEYS_MAX, go: more than it has added. Called once a group, last.
void keys_prune(struct keys *keys, uint64_t now_ms, struct batch *batch);

// The group goes to the disk: what is added from now on is of the next one, and may be taken back by itself.
void keys_hand(struct keys *keys);
void keys_take_back(struct keys *keys);

// After the commit: what the group added and dropped stands, or never happened, as little as what came behind it.
void keys_settle(struct keys *keys, int committed);
