// record.h - rows of the store as messages (proto/store.proto): packing into an arena, unpacking from a row.
//
// Pure. Unpacked messages live in the arena.
#pragma once
#include "ctrl/arena.h"
#include "ctrl/cell.h"
#include "ctrl/store.h"
#include "proto/store.pb-c.h"

// Each fills row->bytes from the arena; the key is the caller's. 0 or -ENOMEM.
int record_pack(const ProtobufCMessage *message, struct arena *arena, struct store_row *row);

// Null: not such a message.
Shoal__Store__Session *record_session(const struct store_row *row, struct arena *arena);
Shoal__Store__Cell *record_cell(const struct store_row *row, struct arena *arena);
Shoal__Store__Key *record_key(const struct store_row *row, struct arena *arena);
Shoal__Store__Meta *record_meta(const struct store_row *row, struct arena *arena);

static inline uint64_t record_cell_key(uint8_t shard, uint32_t slot)
{
	return (uint64_t)shard << 32 | slot;
}
