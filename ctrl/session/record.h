// record.h - rows of the store as messages (proto/store.proto): packing into an arena, unpacking from a row.
//
// Pure. Unpacked messages live in the arena.
#pragma once
#include "ctrl/kit/arena.h"
#include "ctrl/session/cell.h"
#include "ctrl/session/count.h"
#include "ctrl/store/store.h"
#include "proto/store.pb-c.h"

// Each fills row->bytes from the arena; the key is the caller's. 0 or -ENOMEM.
int record_pack(const ProtobufCMessage *message, struct arena *arena, struct store_row *row);

// Null: not such a message.
Shoal__Store__Session *record_session(const struct store_row *row, struct arena *arena);
Shoal__Store__Cell *record_cell(const struct store_row *row, struct arena *arena);
Shoal__Store__Key *record_key(const struct store_row *row, struct arena *arena);
Shoal__Store__Usage *record_usage(const struct store_row *row, struct arena *arena);
Shoal__Store__Closed *record_closed(const struct store_row *row, struct arena *arena);
Shoal__Store__Quarantined *record_quarantined(const struct store_row *row, struct arena *arena);
Shoal__Store__Note *record_note(const struct store_row *row, struct arena *arena);
Shoal__Store__Report *record_report(const struct store_row *row, struct arena *arena);
Shoal__Store__Measured *record_measured(const struct store_row *row, struct arena *arena);
Shoal__Store__Meta *record_meta(const struct store_row *row, struct arena *arena);

// The little that a start needs of rows that are many. False: not such a row.
struct packed_field;
bool record_key_brief(const struct store_row *row, struct packed_field *key, uint64_t *at_ms);
bool record_closed_teid(const struct store_row *row, uint32_t *teid);

// The session in a row of the table sessions, or the account in one of leaving or closed, with little unpacked: of the session id, owner, front, teid,
// gtpu_ipv4 and quarantined; `applied` and `usage` are left out; all else is passed on when it is packed again, and can't be looked at. Of the
// account at_ms, final, correction, reports. Null: no such row, or no memory.
Shoal__Oss__Session *record_session_brief(const struct store_row *row, struct arena *arena);
Shoal__Store__Closed *record_closed_brief(const struct store_row *row, struct arena *arena);

// Rules, rates and measures of a session as they stand in the packed request that creates it, which has to live as long; count 0: none.
struct record_pieces {
	ProtobufCMessageUnknownField *field;
	size_t count;
};

// Of a packed Request with a SessionCreate that says its session once. None: it is packed otherwise, or there is no memory; count stays 0.
struct record_pieces record_said(const uint8_t *request, size_t length, const Shoal__Oss__Session *session,
				 struct arena *arena);
// The session to be packed instead of this one, which *lean is made into: the same, with these pieces.
Shoal__Oss__Session *record_saying(const Shoal__Oss__Session *session, const struct record_pieces *said,
				   Shoal__Oss__Session *lean);

// The account of a deleted session as a row: `stored->session` is there already, the counts go in. 0 or -ENOMEM.
int record_account(Shoal__Store__Closed *stored, const struct count *count, struct arena *arena, struct store_row *row);

// The counts out of it again.
void record_count(const Shoal__Store__Closed *stored, struct count *count);

static inline uint64_t record_cell_key(uint8_t shard, uint32_t slot)
{
	return (uint64_t)shard << 32 | slot;
}
