// pack.c - see pack.h. Fields come with their numbers rising (protobuf-c sorts them), so they are written with their numbers falling.
#include "proto/pack.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "proto/varint.h"

enum wire { WIRE_VARINT, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

// Grows downwards. full: something had no room; what lies there is nothing then.
struct pack {
	uint8_t *at;
	const uint8_t *start;
	bool full;
};

static uint8_t *room_take(struct pack *pack, size_t bytes)
{
	if ((size_t)(pack->at - pack->start) < bytes) {
		pack->full = true;
		return NULL;
	}
	return pack->at -= bytes;
}

static void bytes_put(struct pack *pack, const void *bytes, size_t length)
{
	uint8_t *at = room_take(pack, length);

	if (at && length)
		memcpy(at, bytes, length);
}

// What it writes in front of a short one is overwritten by what comes next, or is not part of the message.
static void varint_long_put(struct pack *pack, uint64_t value)
{
	unsigned bytes = varint_bytes(value);
	uint64_t word;
	uint8_t *at;

	if (bytes <= VARINT_WORD && pack->at - pack->start >= (ptrdiff_t)VARINT_WORD) {
		word = varint_word(value, bytes) << (64 - 8 * bytes);
		memcpy(pack->at - VARINT_WORD, &word, sizeof(word));
		pack->at -= bytes;
		return;
	}
	at = room_take(pack, bytes);
	if (!at)
		return;
	for (; value >= VARINT_MORE; value >>= 7)
		*at++ = (uint8_t)(value | VARINT_MORE);
	*at = (uint8_t)value;
}

static inline void varint_put(struct pack *pack, uint64_t value)
{
	if (value >= VARINT_MORE || pack->at == pack->start)
		varint_long_put(pack, value);
	else
		*--pack->at = (uint8_t)value;
}

static inline void tag_put(struct pack *pack, uint32_t field, enum wire wire)
{
	varint_put(pack, (uint64_t)field << 3 | wire);
}

// ---- Values

static void message_put(struct pack *pack, const ProtobufCMessage *message);

// Of a member in memory.
static const uint8_t sizes[] = {
	[PROTOBUF_C_TYPE_INT32] = 4,
	[PROTOBUF_C_TYPE_SINT32] = 4,
	[PROTOBUF_C_TYPE_SFIXED32] = 4,
	[PROTOBUF_C_TYPE_INT64] = 8,
	[PROTOBUF_C_TYPE_SINT64] = 8,
	[PROTOBUF_C_TYPE_SFIXED64] = 8,
	[PROTOBUF_C_TYPE_UINT32] = 4,
	[PROTOBUF_C_TYPE_FIXED32] = 4,
	[PROTOBUF_C_TYPE_UINT64] = 8,
	[PROTOBUF_C_TYPE_FIXED64] = 8,
	[PROTOBUF_C_TYPE_FLOAT] = 4,
	[PROTOBUF_C_TYPE_DOUBLE] = 8,
	[PROTOBUF_C_TYPE_BOOL] = sizeof(protobuf_c_boolean),
	[PROTOBUF_C_TYPE_ENUM] = 4,
	[PROTOBUF_C_TYPE_STRING] = sizeof(char *),
	[PROTOBUF_C_TYPE_BYTES] = sizeof(ProtobufCBinaryData),
	[PROTOBUF_C_TYPE_MESSAGE] = sizeof(void *),
};
_Static_assert(sizeof(protobuf_c_boolean) == 4, "numbers are of 4 or 8 bytes");

static inline uint64_t number_of(ProtobufCType type, const void *member)
{
	uint64_t number;
	uint32_t half;

	if (sizes[type] == sizeof(half)) {
		memcpy(&half, member, sizeof(half));
		return half;
	}
	memcpy(&number, member, sizeof(number));
	return number;
}

static uint64_t zigzag(int64_t number)
{
	return (uint64_t)number << 1 ^ (uint64_t)(number >> 63);
}

// A number without its tag. Returns how it is written.
static enum wire number_put(struct pack *pack, ProtobufCType type, const void *member)
{
	uint64_t number = number_of(type, member);

	switch (type) {
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		bytes_put(pack, &number, sizeof(uint32_t)); // little-endian, as this machine
		return WIRE_32;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		bytes_put(pack, &number, sizeof(number));
		return WIRE_64;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
		varint_put(pack, (uint64_t)(int64_t)(int32_t)number);
		break;
	case PROTOBUF_C_TYPE_SINT32:
		varint_put(pack, zigzag((int32_t)number));
		break;
	case PROTOBUF_C_TYPE_SINT64:
		varint_put(pack, zigzag((int64_t)number));
		break;
	case PROTOBUF_C_TYPE_BOOL:
		varint_put(pack, number != 0);
		break;
	default:
		varint_put(pack, number);
	}
	return WIRE_VARINT;
}

// A value without its tag.
static enum wire value_put(struct pack *pack, const ProtobufCFieldDescriptor *field, const void *member)
{
	const uint8_t *end = pack->at;
	const ProtobufCBinaryData *data = member;
	const char *text;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		text = *(const char *const *)member;
		bytes_put(pack, text, text ? strlen(text) : 0);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		bytes_put(pack, data->data, data->len);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		if (*(const ProtobufCMessage *const *)member)
			message_put(pack, *(const ProtobufCMessage *const *)member);
		break;
	default:
		return number_put(pack, field->type, member);
	}
	varint_put(pack, (uint64_t)(end - pack->at));
	return WIRE_BYTES;
}

static void field_put(struct pack *pack, const ProtobufCFieldDescriptor *field, const void *member)
{
	enum wire wire = value_put(pack, field, member);

	tag_put(pack, field->id, wire);
}

// ---- Fields

// What is not said: proto3 knows no other absence. The first word of bytes is their length.
static inline bool is_empty(ProtobufCType type, const void *member)
{
	uint64_t word = number_of(type, member);

	return !word || (type == PROTOBUF_C_TYPE_STRING && !**(const char *const *)member);
}

// Of a oneof: what it is said to be, even an empty one, unless it is not there.
static bool is_chosen(const ProtobufCFieldDescriptor *field, const uint32_t *choice, const void *member)
{
	if (*choice != field->id)
		return false;
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return *(const char *const *)member && *(const void *const *)member != field->default_value;
	return field->type != PROTOBUF_C_TYPE_MESSAGE || *(const void *const *)member;
}

static void repeated_put(struct pack *pack, const ProtobufCFieldDescriptor *field, size_t count, const uint8_t *first)
{
	size_t bytes = sizes[field->type];
	const uint8_t *end = pack->at;

	if (!(field->flags & PROTOBUF_C_FIELD_FLAG_PACKED)) {
		while (count--)
			field_put(pack, field, first + count * bytes);
		return;
	}
	if (field->type == PROTOBUF_C_TYPE_UINT64) // most are
		while (count--)
			varint_put(pack, number_of(PROTOBUF_C_TYPE_UINT64, first + count * bytes));
	else
		while (count--)
			number_put(pack, field->type, first + count * bytes);
	varint_put(pack, (uint64_t)(end - pack->at));
	tag_put(pack, field->id, WIRE_BYTES);
}

// One that is not a member of its own: of a list, or of those that exclude each other.
static void odd_put(struct pack *pack, const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
	const uint8_t *member = message + field->offset, *quantifier = message + field->quantifier_offset;
	size_t count;

	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		if (is_chosen(field, (const uint32_t *)quantifier, member))
			field_put(pack, field, member);
		return;
	}
	memcpy(&count, quantifier, sizeof(count));
	if (count)
		repeated_put(pack, field, count, *(const uint8_t *const *)member);
}

static void message_put(struct pack *pack, const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *kind = message->descriptor;

	for (unsigned i = message->n_unknown_fields; i-- > 0;) {
		const ProtobufCMessageUnknownField *field = &message->unknown_fields[i];

		bytes_put(pack, field->data, field->len);
		tag_put(pack, field->tag, (enum wire)field->wire_type);
	}
	for (const ProtobufCFieldDescriptor *field = kind->fields + kind->n_fields; field-- > kind->fields;) {
		const uint8_t *member = (const uint8_t *)message + field->offset;

		if (field->label == PROTOBUF_C_LABEL_REPEATED || field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			odd_put(pack, field, (const uint8_t *)message);
		else if (!is_empty(field->type, member)) // most are
			field_put(pack, field, member);
	}
}

ssize_t pack_into(const ProtobufCMessage *message, uint8_t *bytes, size_t room)
{
	struct pack pack = { .at = bytes + room, .start = bytes };

	message_put(&pack, message);
	return pack.full ? -ENOSPC : (ssize_t)(bytes + room - pack.at);
}

void pack_draft(struct pack_draft *draft, const ProtobufCMessage *message)
{
	ssize_t length = pack_into(message, draft->room, sizeof(draft->room));

	draft->message = message;
	draft->bytes = length < 0 ? NULL : draft->room + sizeof(draft->room) - length;
	draft->length = length < 0 ? protobuf_c_message_get_packed_size(message) : (size_t)length;
}

void pack_copy(const struct pack_draft *draft, uint8_t *to)
{
	if (draft->bytes)
		memcpy(to, draft->bytes, draft->length);
	else
		pack_into(draft->message, to, draft->length);
}
