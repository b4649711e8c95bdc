// record.c - between rows and messages.
#include "ctrl/session/record.h"
#include <errno.h>
#include <string.h>
#include "ctrl/kit/packed.h"
#include "proto/pack.h"

// Numbers of fields (store.proto, oss.proto) that are looked for without unpacking the rest.
enum field { KEY_KEY = 1, KEY_AT_MS = 4, CLOSED_SESSION = 1, SESSION_TEID = 20 };

int record_pack(const ProtobufCMessage *message, struct arena *arena, struct store_row *row)
{
	struct pack_draft draft;
	uint8_t *bytes;

	pack_draft(&draft, message);
	bytes = arena_take(arena, draft.length + 1);
	if (!bytes)
		return -ENOMEM;
	pack_copy(&draft, bytes);
	row->length = draft.length;
	row->bytes = bytes;
	return 0;
}

static void *unpack(const ProtobufCMessageDescriptor *kind, const struct store_row *row, struct arena *arena)
{
	return row->bytes ? protobuf_c_message_unpack(kind, &arena->allocator, row->length, row->bytes) : NULL;
}

Shoal__Store__Session *record_session(const struct store_row *row, struct arena *arena)
{
	Shoal__Store__Session *stored = unpack(&shoal__store__session__descriptor, row, arena);

	return stored && stored->session && stored->session->identity && stored->session->ue ? stored : NULL;
}

Shoal__Store__Cell *record_cell(const struct store_row *row, struct arena *arena)
{
	return unpack(&shoal__store__cell__descriptor, row, arena);
}

Shoal__Store__Key *record_key(const struct store_row *row, struct arena *arena)
{
	return unpack(&shoal__store__key__descriptor, row, arena);
}

// The last field of this number in the message that *field holds; without one it is 0. False: it is no message with such a field.
static bool field_of(struct packed_field *field, unsigned number, unsigned wire_type)
{
	const uint8_t *at = field->bytes, *end = at ? at + field->value : at;
	struct packed_field next;

	*field = (struct packed_field){ 0 };
	while (at < end) {
		if (!packed_next(&at, end, &next) || (next.number == number && next.wire_type != wire_type))
			return false;
		if (next.number == number)
			*field = next;
	}
	return true;
}

// As they are packed, in the order of their numbers: what comes behind the time is not looked at.
bool record_key_brief(const struct store_row *row, struct packed_field *key, uint64_t *at_ms)
{
	const uint8_t *at = row->bytes, *end = at ? at + row->length : at;
	struct packed_field field;

	*key = (struct packed_field){ 0 };
	while (at < end && packed_next(&at, end, &field)) {
		if (field.number == KEY_KEY && field.wire_type == PACKED_BYTES)
			*key = field;
		if (field.number != KEY_AT_MS || field.wire_type != PACKED_FIXED64)
			continue;
		*at_ms = field.value;
		return key->bytes != NULL;
	}
	return false;
}

bool record_closed_teid(const struct store_row *row, uint32_t *teid)
{
	struct packed_field field = { .bytes = row->bytes, .value = row->length };

	if (!field_of(&field, CLOSED_SESSION, PACKED_BYTES) || !field.bytes ||
	    !field_of(&field, SESSION_TEID, PACKED_VARINT))
		return false;
	*teid = (uint32_t)field.value;
	return true;
}

Shoal__Store__Quarantined *record_quarantined(const struct store_row *row, struct arena *arena)
{
	return unpack(&shoal__store__quarantined__descriptor, row, arena);
}

Shoal__Store__Note *record_note(const struct store_row *row, struct arena *arena)
{
	return unpack(&shoal__store__note__descriptor, row, arena);
}

Shoal__Store__Report *record_report(const struct store_row *row, struct arena *arena)
{
	return unpack(&shoal__store__report__descriptor, row, arena);
}

Shoal__Store__Measured *record_measured(const struct store_row *row, struct arena *arena)
{
	return unpack(&shoal__store__measured__descriptor, row, arena);
}

Shoal__Store__Meta *record_meta(const struct store_row *row, struct arena *arena)
{
	return unpack(&shoal__store__meta__descriptor, row, arena);
}

Shoal__Store__Usage *record_usage(const struct store_row *row, struct arena *arena)
{
	return unpack(&shoal__store__usage__descriptor, row, arena);
}

Shoal__Store__Closed *record_closed(const struct store_row *row, struct arena *arena)
{
	Shoal__Store__Closed *stored = unpack(&shoal__store__closed__descriptor, row, arena);
	bool sound = stored && stored->session && stored->session->identity && stored->session->ue &&
		     stored->n_seen == COUNT_WORDS && stored->n_before == COUNT_WORDS;

	return sound ? stored : NULL;
}

int record_account(Shoal__Store__Closed *stored, const struct count *count, struct arena *arena, struct store_row *row)
{
	struct count words = *count;
	Shoal__Oss__Usage usage;

	count_pack(count, &usage);
	stored->session->usage = &usage;
	stored->life = count->life;
	stored->n_seen = stored->n_before = COUNT_WORDS;
	stored->seen = &words.seen.uplink_packets;
	stored->before = &words.base.uplink_packets;
	return record_pack(&stored->base, arena, row);
}

void record_count(const Shoal__Store__Closed *stored, struct count *count)
{
	*count = (struct count){ .life = stored->life };
	memcpy(&count->seen, stored->seen, sizeof(count->seen));
	memcpy(&count->base, stored->before, sizeof(count->base));
	if (stored->session->usage)
		count->at_ms = stored->session->usage->at_ms;
}
