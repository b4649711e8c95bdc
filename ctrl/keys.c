// keys.c - a table by hash of the key, and a list by age. Rows are read back only when a key comes again.
#include "ctrl/keys.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/hash.h"
#include "ctrl/packed.h"
#include "ctrl/record.h"
#include "shared/base/log.h"

#define PRUNE_AT_ONCE 64u
#define FULL_MS 600000u // too many are told of no more often than this
#define BODY_FIRST 10u  // field numbers of Request's bodies begin here

struct keys_entry {
	struct keys_entry *newer;
	uint64_t hash;
	uint64_t number;
	uint64_t at_ms;
	uint64_t content[2];
};

int keys_open(struct keys *keys, const struct store *store)
{
	*keys = (struct keys){ .store = store, .seed = hash_seed(), .next = 1 };
	return table_open(&keys->by_hash);
}

void keys_close(struct keys *keys)
{
	while (keys->oldest) {
		struct keys_entry *newer = keys->oldest->newer;

		free(keys->oldest);
		keys->oldest = newer;
	}
	table_close(&keys->by_hash);
}

static uint64_t hash_of(const struct keys *keys, const void *key, size_t bytes)
{
	uint64_t hash = hash_bytes(keys->seed, key, bytes);

	return hash ? hash : 1; // 0 is no key of a table
}

// A hash met twice is as good as impossible; the newer key then takes the older one's place.
static int entry_join(struct keys *keys, const struct keys_entry *from)
{
	struct keys_entry *entry = malloc(sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	*entry = *from;
	entry->newer = NULL;
	table_drop(&keys->by_hash, entry->hash);
	if (table_put(&keys->by_hash, entry->hash, entry)) {
		free(entry);
		return -ENOMEM;
	}
	if (keys->newest)
		keys->newest->newer = entry;
	else
		keys->oldest = entry;
	keys->newest = entry;
	if (!keys->pending)
		keys->pending = entry;
	return 0;
}

int keys_load(struct keys *keys, const struct store_row *row, struct arena *arena)
{
	const Shoal__Store__Key *stored = record_key(row, arena);
	struct keys_entry entry = { 0 };
	int error;

	if (!stored)
		return -EBADMSG;
	entry.hash = hash_of(keys, stored->key.data, stored->key.len);
	entry.number = row->key;
	entry.at_ms = stored->at_ms;
	entry.content[0] = stored->content_high;
	entry.content[1] = stored->content_low;
	error = entry_join(keys, &entry);
	keys->pending = NULL;
	if (keys->next <= row->key)
		keys->next = row->key + 1;
	return error;
}

// The message has been unpacked already, so it is well-formed; what is not would only hash differently.
void keys_content(const uint8_t *bytes, size_t length, uint64_t content[2])
{
	const uint8_t *at = bytes, *end = bytes + length;

	content[0] = content[1] = 0;
	while (at < end) {
		const uint8_t *field = at;
		uint64_t tag;

		if (!packed_varint(&at, end, &tag) || !packed_skip(&at, end, tag & 7))
			at = end;
		if (tag >> 3 < BODY_FIRST)
			continue;
		content[0] = hash_bytes(content[0] ^ 0x243f6a8885a308d3ull, field, (size_t)(at - field));
		content[1] = hash_bytes(content[1] ^ 0x13198a2e03707344ull, field, (size_t)(at - field));
	}
}

static bool is_pending(const struct keys *keys, const struct keys_entry *entry)
{
	return keys->pending && entry->number >= keys->pending->number;
}

enum keys_found keys_look(const struct keys *keys, const struct keys_request *request, struct arena *arena,
			  ProtobufCBinaryData *answer)
{
	const struct keys_entry *entry = table_get(&keys->by_hash, hash_of(keys, request->key, request->key_bytes));
	const Shoal__Store__Key *stored;
	struct store_row row = { 0 };

	if (!entry)
		return KEYS_NEW;
	if (is_pending(keys, entry))
		return KEYS_UNDER_WAY;
	row.key = entry->number;
	if (keys->store->engine->get(keys->store->self, STORE_KEYS, &row))
		return KEYS_NEW;
	stored = record_key(&row, arena);
	if (!stored || stored->key.len != request->key_bytes ||
	    memcmp(stored->key.data, request->key, request->key_bytes))
		return KEYS_NEW;
	*answer = stored->answer;
	return memcmp(entry->content, request->content, sizeof(entry->content)) ? KEYS_REUSED : KEYS_REPEATED;
}

int keys_add(struct keys *keys, const struct keys_request *request, const ProtobufCBinaryData *answer, uint64_t at_ms,
	     struct batch *batch)
{
	Shoal__Store__Key stored = SHOAL__STORE__KEY__INIT;
	struct keys_entry entry = { .number = keys->next, .at_ms = at_ms };
	struct store_row row = { .key = keys->next };

	entry.hash = hash_of(keys, request->key, request->key_bytes);
	memcpy(entry.content, request->content, sizeof(entry.content));
	stored.key = (ProtobufCBinaryData){ request->key_bytes, (uint8_t *)request->key };
	stored.content_high = request->content[0];
	stored.content_low = request->content[1];
	stored.at_ms = at_ms;
	stored.answer = *answer;
	if (record_pack(&stored.base, &batch->bytes, &row) || batch_put(batch, STORE_KEYS, &row))
		return -ENOMEM;
	if (entry_join(keys, &entry)) {
		batch->count--;
		return -ENOMEM;
	}
	keys->next++;
	return 0;
}

static void full_tell(struct keys *keys, uint64_t now_ms)
{
	if (keys->full_ms && now_ms - keys->full_ms < FULL_MS)
		return;
	keys->full_ms = now_ms;
	log_warning("keys.full", "more than %u requests in 24 hours: forgetting the oldest keys", KEYS_MAX);
}

void keys_prune(struct keys *keys, uint64_t now_ms, struct batch *batch)
{
	const struct keys_entry *entry = keys->oldest;

	keys->dropping = 0;
	while (entry && !is_pending(keys, entry) && keys->dropping < PRUNE_AT_ONCE) {
		bool old = entry->at_ms + KEYS_AGE_MS < now_ms;

		if (!old && keys->by_hash.count - keys->dropping <= KEYS_MAX)
			break;
		if (!old)
			full_tell(keys, now_ms);
		if (batch_drop(batch, STORE_KEYS, entry->number))
			break;
		keys->dropping++;
		entry = entry->newer;
	}
}

static void oldest_drop(struct keys *keys)
{
	struct keys_entry *entry = keys->oldest;

	keys->oldest = entry->newer;
	if (!keys->oldest)
		keys->newest = NULL;
	if (table_get(&keys->by_hash, entry->hash) == entry)
		table_drop(&keys->by_hash, entry->hash);
	free(entry);
}

// Cuts the list where the group began.
static void pending_drop(struct keys *keys)
{
	struct keys_entry *last = keys->oldest;
	struct keys_entry *entry = keys->pending;

	if (last == entry)
		keys->oldest = last = NULL;
	while (last && last->newer != entry)
		last = last->newer;
	if (last)
		last->newer = NULL;
	keys->newest = last;
	keys->next = entry->number;
	while (entry) {
		struct keys_entry *newer = entry->newer;

		if (table_get(&keys->by_hash, entry->hash) == entry)
			table_drop(&keys->by_hash, entry->hash);
		free(entry);
		entry = newer;
	}
}

void keys_settle(struct keys *keys, int committed)
{
	if (!committed && keys->pending)
		pending_drop(keys);
	while (committed && keys->dropping) {
		oldest_drop(keys);
		keys->dropping--;
	}
	keys->dropping = 0;
	keys->pending = NULL;
}
