// record.c - between rows and messages.
#include "ctrl/record.h"
#include <errno.h>
#include <string.h>

int record_pack(const ProtobufCMessage *message, struct arena *arena, struct store_row *row)
{
	uint8_t *bytes;

	row->length = protobuf_c_message_get_packed_size(message);
	bytes = arena_take(arena, row->length + 1);
	if (!bytes)
		return -ENOMEM;
	protobuf_c_message_pack(message, bytes);
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
