// record.c - between rows and messages.
#include "ctrl/record.h"
#include <errno.h>

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

Shoal__Store__Meta *record_meta(const struct store_row *row, struct arena *arena)
{
	return unpack(&shoal__store__meta__descriptor, row, arena);
}
