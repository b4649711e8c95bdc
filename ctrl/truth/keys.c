// keys.c - a table by hash of the key, and what there is of each by number. Rows are read back only when a key comes again.
#include "ctrl/truth/keys.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/kit/packed.h"
#include "ctrl/session/record.h"
#include "shared/base/log.h"

#define PRUNE_AT_ONCE 64u // and as many again as the group adds: so they never become more and more
#define FULL_MS 600000u   // too many are told of no more often than this
#define BODY_FIRST 10u    // field numbers of Request's bodies begin here
#define ROOM_FIRST 1024u
#define ROOM_MAX (1ull << 26) // numbers that lie further apart are damaged

int keys_open(struct keys *keys, const struct store *store)
{
	*keys = (struct keys){ .store = store, .seed = hash_seed(), .first = 1, .next = 1 };
	return table_open(&keys->by_hash);
}

void keys_close(struct keys *keys)
{
	free(keys->mark);
	table_close(&keys->by_hash);
}

static uint64_t hash_of(const struct keys *keys, const void *key, size_t bytes)
{
	uint64_t hash = hash_bytes(keys->seed, key, bytes);

	return hash ? hash : 1; // 0 is no key of a table
}

static struct keys_mark *mark_at(const struct keys *keys, uint64_t number)
{
	return &keys->mark[number & (keys->room - 1)];
}

static uint64_t number_of(const struct keys *keys, uint64_t hash)
{
	return (uintptr_t)table_get(&keys->by_hash, hash);
}

static bool is_pending(const struct keys *keys, uint64_t number)
{
	return number >= keys->next - keys->adding;
}

// So that all from first up to `next` have a place in the ring.
static int room_make(struct keys *keys, uint64_t next)
{
	struct keys grown = { .room = keys->room ? keys->room : ROOM_FIRST };

	while (grown.room < next - keys->first)
		grown.room *= 2;
	if (grown.room == keys->room)
		return 0;
	grown.mark = calloc(grown.room, sizeof(*grown.mark));
	if (!grown.mark)
		return -ENOMEM;
	for (uint64_t number = keys->first; keys->mark && number < keys->next; number++)
		*mark_at(&grown, number) = *mark_at(keys, number);
	free(keys->mark);
	keys->mark = grown.mark;
	keys->room = grown.room;
	return 0;
}

// A hash met twice is as good as impossible; the newer key then takes the older one's place.
static int mark_join(struct keys *keys, uint64_t number, const struct keys_mark *mark)
{
	table_drop(&keys->by_hash, mark->hash);
	if (table_put(&keys->by_hash, mark->hash, (void *)(uintptr_t)number))
		return -ENOMEM;
	*mark_at(keys, number) = *mark;
	return 0;
}

static void mark_leave(struct keys *keys, uint64_t number)
{
	struct keys_mark *mark = mark_at(keys, number);

	if (number_of(keys, mark->hash) == number)
		table_drop(&keys->by_hash, mark->hash);
	*mark = (struct keys_mark){ 0 };
}

void keys_begin(struct keys *keys, uint64_t next)
{
	keys->first = keys->next = next ? next : 1;
}

int keys_load(struct keys *keys, const struct store_row *row)
{
	struct packed_field key;
	struct keys_mark mark;
	uint64_t next = row->key < keys->next ? keys->next : row->key + 1;
	int error;

	if (!record_key_brief(row, &key, &mark.at_ms))
		return -EBADMSG;
	if (!keys->room)
		keys->first = row->key;
	if (!row->key || next - keys->first > ROOM_MAX)
		return -EBADMSG;
	error = room_make(keys, next);
	if (error)
		return error;
	keys->next = next;
	mark.hash = hash_of(keys, key.bytes, key.value);
	*mark_at(keys, row->key) = mark;
	return 0;
}

int keys_loaded(struct keys *keys)
{
	uint64_t count = keys->room ? keys->next - keys->first : 0;
	struct table_slot *slots = malloc((count + 1) * sizeof(*slots));
	int error;

	if (!slots)
		return -ENOMEM;
	for (uint64_t i = 0; i < count; i++)
		slots[i] =
		    (struct table_slot){ mark_at(keys, keys->first + i)->hash, (void *)(uintptr_t)(keys->first + i) };
	error = table_fill(&keys->by_hash, slots, (uint32_t)count);
	free(slots);
	return error;
}

void keys_ask(const struct keys *keys, struct keys_request *request, const uint8_t *key, size_t bytes)
{
	request->key = key;
	request->key_bytes = bytes;
	request->hash = hash_of(keys, key, bytes);
	table_call(&keys->by_hash, request->hash);
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
		content[0] ^= 0x243f6a8885a308d3ull;
		content[1] ^= 0x13198a2e03707344ull;
		hash_bytes_twice(content, field, (size_t)(at - field));
	}
}

enum keys_found keys_look(const struct keys *keys, const struct keys_request *request, struct arena *arena,
			  ProtobufCBinaryData *answer)
{
	struct store_row row = { .key = number_of(keys, request->hash) };
	const Shoal__Store__Key *stored;

	if (!row.key)
		return KEYS_NEW;
	if (is_pending(keys, row.key))
		return KEYS_UNDER_WAY;
	if (keys->store->engine->get(keys->store->self, STORE_KEYS, &row))
		return KEYS_NEW;
	stored = record_key(&row, arena);
	if (!stored || stored->key.len != request->key_bytes ||
	    memcmp(stored->key.data, request->key, request->key_bytes))
		return KEYS_NEW;
	*answer = stored->answer;
	return stored->content_high == request->content[0] && stored->content_low == request->content[1] ? KEYS_REPEATED
													 : KEYS_REUSED;
}

int keys_add(struct keys *keys, const struct keys_request *request, const ProtobufCBinaryData *answer, uint64_t at_ms,
	     struct batch *batch)
{
	Shoal__Store__Key stored = SHOAL__STORE__KEY__INIT;
	struct keys_mark mark = { request->hash, at_ms };
	struct store_row row = { .key = keys->next };

	stored.key = (ProtobufCBinaryData){ request->key_bytes, (uint8_t *)request->key };
	stored.content_high = request->content[0];
	stored.content_low = request->content[1];
	stored.at_ms = at_ms;
	stored.answer = *answer;
	if (record_pack(&stored.base, &batch->bytes, &row) || room_make(keys, keys->next + 1) ||
	    batch_put(batch, STORE_KEYS, &row))
		return -ENOMEM;
	if (mark_join(keys, keys->next, &mark)) {
		batch->count--;
		return -ENOMEM;
	}
	keys->next++;
	keys->adding++;
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
	uint64_t stored = keys->next - keys->adding;

	keys->dropping = 0;
	while (keys->first + keys->dropping < stored && keys->dropping < PRUNE_AT_ONCE + keys->adding) {
		uint64_t number = keys->first + keys->dropping;
		bool old = mark_at(keys, number)->at_ms + KEYS_AGE_MS < now_ms;

		if (!old && keys->next - number <= KEYS_MAX)
			break;
		if (!old)
			full_tell(keys, now_ms);
		if (batch_drop(batch, STORE_KEYS, number))
			break;
		keys->dropping++;
	}
}

static void added_leave(struct keys *keys, uint32_t but)
{
	for (; keys->adding > but; keys->adding--)
		mark_leave(keys, --keys->next);
}

void keys_hand(struct keys *keys)
{
	keys->writing = keys->adding;
}

void keys_take_back(struct keys *keys)
{
	added_leave(keys, keys->writing);
}

void keys_settle(struct keys *keys, int committed)
{
	if (committed)
		keys->adding -= keys->writing;
	else
		added_leave(keys, 0);
	for (; committed && keys->dropping; keys->dropping--)
		mark_leave(keys, keys->first++);
	keys->writing = keys->dropping = 0;
}
