// record_brief.c - rows of sessions that come and go: of a session little is read, and all the rest is passed on as it stands. To unpack a session and to
// pack it again costs as much as all else that is done for its end, which takes its row through three hands.
#include <string.h>
#include "ctrl/kit/packed.h"
#include "ctrl/session/record.h"

// Numbers of fields (store.proto): of Session and Closed; of Closed.
enum { STORED_SESSION = 1, CLOSED_AT_MS = 2, CLOSED_FINAL = 3, CLOSED_CORRECTION = 4, CLOSED_REPORT = 8 };

// Fields of a session that are read, or written anew; all others are passed on.
enum session_field {
	FIELD_ID = 1,
	FIELD_OWNER = 8,
	FIELD_FRONT = 9,
	FIELD_TEID = 20,
	FIELD_GTPU_IPV4 = 21,
	FIELD_APPLIED = 25,
	FIELD_USAGE = 26,
	FIELD_QUARANTINED = 27
};
#define PIECES 9u // of what is passed on: before, between, and behind those

static char *text_of(const struct packed_field *field, struct arena *arena)
{
	char *text = arena_take(arena, field->value + 1);

	if (text) {
		memcpy(text, field->bytes, field->value);
		text[field->value] = '\0';
	}
	return text;
}

// False: it is passed on.
static bool session_field(Shoal__Oss__Session *session, const struct packed_field *field, struct arena *arena)
{
	bool number = field->wire_type == PACKED_VARINT, bytes = field->wire_type == PACKED_BYTES;

	if (field->number == FIELD_ID && field->wire_type == PACKED_FIXED64)
		session->id = field->value;
	else if (field->number == FIELD_OWNER && bytes)
		session->owner = text_of(field, arena);
	else if (field->number == FIELD_FRONT && bytes)
		session->front = (ProtobufCBinaryData){ field->value, (uint8_t *)field->bytes };
	else if (field->number == FIELD_TEID && number)
		session->teid = (uint32_t)field->value;
	else if (field->number == FIELD_GTPU_IPV4 && number)
		session->gtpu_ipv4 = (uint32_t)field->value;
	else if (field->number == FIELD_QUARANTINED && number)
		session->quarantined = field->value != 0;
	else
		return field->number == FIELD_APPLIED || field->number == FIELD_USAGE;
	return true;
}

// To protobuf-c what is not read is a field that it does not know: written again as it was. Those that follow one another are one to it, whose
// bytes have the others in them. More of them than there are fields that are read have no room: no row of ours has those twice.
static bool field_pass(ProtobufCMessage *message, const struct packed_field *field, const uint8_t *from,
		       const uint8_t *behind)
{
	ProtobufCMessageUnknownField *passed = &message->unknown_fields[message->n_unknown_fields];
	uint64_t tag;

	if (message->n_unknown_fields && passed[-1].data + passed[-1].len == from) {
		passed[-1].len += (size_t)(behind - from);
		return true;
	}
	if (message->n_unknown_fields++ == PIECES)
		return false;
	packed_varint(&from, behind, &tag);
	passed->tag = field->number;
	passed->wire_type = (ProtobufCWireType)field->wire_type;
	passed->len = (size_t)(behind - from);
	passed->data = (uint8_t *)from;
	return true;
}

static Shoal__Oss__Session *session_brief(const struct packed_field *packed, struct arena *arena)
{
	const uint8_t *at = packed->bytes, *end = at + packed->value;
	Shoal__Oss__Session *session = arena_take(arena, sizeof(*session));
	struct packed_field field;

	if (!session)
		return NULL;
	shoal__oss__session__init(session);
	session->base.unknown_fields = arena_take(arena, PIECES * sizeof(*session->base.unknown_fields));
	while (session->base.unknown_fields && at < end) {
		const uint8_t *from = at;

		if (!packed_next(&at, end, &field))
			return NULL;
		if (!session_field(session, &field, arena) && !field_pass(&session->base, &field, from, at))
			return NULL;
	}
	return session->base.unknown_fields && session->owner ? session : NULL;
}

// The row's bytes where they stay: those that were got are gone with the next that are.
static bool row_keep(const struct store_row *row, struct arena *arena, const uint8_t **at, const uint8_t **end)
{
	uint8_t *bytes = row->bytes ? arena_take(arena, row->length + 1) : NULL;

	if (!bytes)
		return false;
	*at = memcpy(bytes, row->bytes, row->length);
	*end = bytes + row->length;
	return true;
}

Shoal__Oss__Session *record_session_brief(const struct store_row *row, struct arena *arena)
{
	const uint8_t *at, *end;
	struct packed_field field;

	if (!row_keep(row, arena, &at, &end))
		return NULL;
	while (at < end && packed_next(&at, end, &field))
		if (field.number == STORED_SESSION && field.wire_type == PACKED_BYTES)
			return session_brief(&field, arena);
	return NULL;
}

static unsigned fields_count(const uint8_t *at, const uint8_t *end)
{
	struct packed_field field;
	unsigned count = 0;

	while (at < end && packed_next(&at, end, &field))
		count++;
	return count;
}

static bool closed_field(Shoal__Store__Closed *stored, const struct packed_field *field, struct arena *arena)
{
	bool number = field->wire_type == PACKED_VARINT, bytes = field->wire_type == PACKED_BYTES;

	if (field->number == STORED_SESSION && bytes)
		return (stored->session = session_brief(field, arena)) != NULL;
	if (field->number == CLOSED_REPORT && bytes)
		return (stored->reports[stored->n_reports++] =
			    shoal__oss__usage_report__unpack(&arena->allocator, field->value, field->bytes)) != NULL;
	if (field->number == CLOSED_AT_MS && field->wire_type == PACKED_FIXED64)
		stored->at_ms = field->value;
	if (field->number == CLOSED_FINAL && number)
		stored->final = field->value != 0;
	if (field->number == CLOSED_CORRECTION && number)
		stored->correction = field->value != 0;
	return true;
}

Shoal__Store__Closed *record_closed_brief(const struct store_row *row, struct arena *arena)
{
	Shoal__Store__Closed *stored = arena_take(arena, sizeof(*stored));
	const uint8_t *at, *end;
	struct packed_field field;

	if (!stored || !row_keep(row, arena, &at, &end))
		return NULL;
	shoal__store__closed__init(stored);
	stored->reports = arena_take(arena, (fields_count(at, end) + 1) * sizeof(*stored->reports));
	while (stored->reports && at < end)
		if (!packed_next(&at, end, &field) || !closed_field(stored, &field, arena))
			return NULL;
	return stored->reports && stored->session ? stored : NULL;
}

// ---- Sessions that come

// Numbers of fields (oss.proto): of Request and SessionCreate; of what a session says itself and ctrl changes nothing in.
enum { REQUEST_CREATE = 10, CREATE_SESSION = 1, FIELD_RULE = 5, FIELD_RATE = 6, FIELD_MEASURE = 7 };

// The one field of this number, instead of the message it is in; false: there is none, or more than one, which would be merged.
static bool field_inside(struct packed_field *packed, unsigned number)
{
	const uint8_t *at = packed->bytes, *end = at + packed->value;
	struct packed_field field;
	unsigned found = 0;

	while (at < end && packed_next(&at, end, &field)) {
		if (field.number != number || field.wire_type != PACKED_BYTES)
			continue;
		*packed = field;
		found++;
	}
	return found == 1;
}

static bool is_said(const struct packed_field *field)
{
	return field->number >= FIELD_RULE && field->number <= FIELD_MEASURE && field->wire_type == PACKED_BYTES;
}

struct record_pieces record_said(const uint8_t *request, size_t length, const Shoal__Oss__Session *session,
				 struct arena *arena)
{
	struct packed_field packed = { .bytes = request, .value = length }, field;
	Shoal__Oss__Session said = SHOAL__OSS__SESSION__INIT;
	const uint8_t *at, *end;

	said.base.unknown_fields = arena_take(arena, PIECES * sizeof(*said.base.unknown_fields));
	if (!said.base.unknown_fields || session->base.n_unknown_fields || !field_inside(&packed, REQUEST_CREATE) ||
	    !field_inside(&packed, CREATE_SESSION))
		return (struct record_pieces){ 0 };
	for (at = packed.bytes, end = at + packed.value; at < end;) {
		const uint8_t *from = at;

		if (!packed_next(&at, end, &field) || (is_said(&field) && !field_pass(&said.base, &field, from, at)))
			return (struct record_pieces){ 0 };
	}
	return (struct record_pieces){ said.base.unknown_fields, said.base.n_unknown_fields };
}

Shoal__Oss__Session *record_saying(const Shoal__Oss__Session *session, const struct record_pieces *said,
				   Shoal__Oss__Session *lean)
{
	*lean = *session;
	if (!said || !said->count)
		return lean;
	lean->n_rules = lean->n_rates = lean->n_measures = 0;
	lean->base.unknown_fields = said->field;
	lean->base.n_unknown_fields = (unsigned)said->count;
	return lean;
}
