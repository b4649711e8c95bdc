// unpack.c - see unpack.h. Nothing here believes a length before it is checked; what is not plain ends in a null pointer, and in
// protobuf-c's hands.
#include "proto/unpack.h"
#include <stdbool.h>
#include <string.h>
#include "proto/varint.h"

#define WIRE_MASK 7u
#define WIRE_BITS 3u
#define VARINT_MOST 10u // bytes; the last of so many has one bit
#define PIECE 2048u     // bytes that are taken from the allocator at once: most messages need no more
#define ALIGNED 8u      // for whatever is in a message

enum wire { WIRE_VARINT, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct pool {
	ProtobufCAllocator *allocator;
	uint8_t *at, *end; // of the piece taken last
};

struct reader {
	const uint8_t *at, *end;
	struct pool *pool;
};

static inline size_t left(const struct reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

static bool varint_slow(struct reader *reader, uint64_t *value)
{
	unsigned bytes = 0;

	*value = 0;
	for (uint8_t byte = VARINT_MORE; byte & VARINT_MORE; bytes++) {
		if (bytes == VARINT_MOST || reader->at == reader->end)
			return false;
		byte = *reader->at++;
		if (bytes == VARINT_MOST - 1 && byte > 1)
			return false;
		*value |= (uint64_t)(byte & ~VARINT_MORE) << 7 * bytes;
	}
	return true;
}

static bool varint_long(struct reader *reader, uint64_t *value)
{
	unsigned bytes;
	uint64_t word;

	if (left(reader) < sizeof(word))
		return varint_slow(reader, value);
	memcpy(&word, reader->at, sizeof(word));
	bytes = varint_ends(word);
	if (!bytes)
		return varint_slow(reader, value);
	*value = varint_value(word, bytes);
	reader->at += bytes;
	return true;
}

static inline bool varint_take(struct reader *reader, uint64_t *value)
{
	if (reader->at == reader->end || *reader->at & VARINT_MORE)
		return varint_long(reader, value);
	*value = *reader->at++;
	return true;
}

// What has a length before it, of two bytes at most.
static bool piece_take(struct reader *reader, struct reader *piece)
{
	const uint8_t *before = reader->at;
	uint64_t length;

	if (!varint_take(reader, &length) || reader->at - before > 2 || length > left(reader))
		return false;
	*piece = (struct reader){ reader->at, reader->at + length, reader->pool };
	reader->at += length;
	return true;
}

static bool piece_add(struct pool *pool, size_t bytes)
{
	size_t size = bytes > PIECE ? bytes : PIECE;

	pool->at = pool->allocator->alloc(pool->allocator->allocator_data, size);
	pool->end = pool->at ? pool->at + size : NULL;
	return pool->at != NULL;
}

static inline void *memory_take(const struct reader *reader, size_t bytes)
{
	struct pool *pool = reader->pool;
	void *memory;

	bytes = (bytes + ALIGNED - 1) & ~(size_t)(ALIGNED - 1);
	if ((size_t)(pool->end - pool->at) < bytes && !piece_add(pool, bytes))
		return NULL;
	memory = pool->at;
	pool->at += bytes;
	return memory;
}

// ---- Values

static void *message_take(const ProtobufCMessageDescriptor *kind, struct reader *reader);

static bool string_take(struct reader *reader, void *member)
{
	struct reader piece;
	char *text;

	if (!piece_take(reader, &piece))
		return false;
	text = memory_take(reader, left(&piece) + 1);
	if (!text)
		return false;
	memcpy(text, piece.at, left(&piece));
	text[left(&piece)] = '\0';
	memcpy(member, &text, sizeof(text));
	return true;
}

static bool bytes_take(struct reader *reader, void *member)
{
	ProtobufCBinaryData data = { 0 };
	struct reader piece;

	if (!piece_take(reader, &piece))
		return false;
	data.len = left(&piece);
	data.data = data.len ? memory_take(reader, data.len) : NULL;
	if (data.len && !data.data)
		return false;
	if (data.len)
		memcpy(data.data, piece.at, data.len);
	memcpy(member, &data, sizeof(data));
	return true;
}

static bool inner_take(const ProtobufCMessageDescriptor *kind, struct reader *reader, void *member)
{
	struct reader piece;
	void *inner;

	memcpy(&inner, member, sizeof(inner));
	if (inner || !piece_take(reader, &piece)) // a second one is joined to the first
		return false;
	inner = message_take(kind, &piece);
	memcpy(member, &inner, sizeof(inner));
	return inner != NULL;
}

static bool fixed_take(struct reader *reader, void *member, size_t bytes)
{
	if (left(reader) < bytes)
		return false;
	memcpy(member, reader->at, bytes); // little-endian, as this machine
	reader->at += bytes;
	return true;
}

static bool number_take(struct reader *reader, ProtobufCType type, void *member)
{
	uint64_t value;
	uint32_t half;

	if (!varint_take(reader, &value))
		return false;
	if (type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_INT64) {
		memcpy(member, &value, sizeof(value));
		return true;
	}
	half = type == PROTOBUF_C_TYPE_BOOL ? value != 0 : (uint32_t)value;
	memcpy(member, &half, sizeof(half));
	return true;
}

// One value. False: not this way, or these are none.
static bool value_take(struct reader *reader, const ProtobufCFieldDescriptor *field, enum wire wire, void *member)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_INT64:
		return wire == WIRE_VARINT && number_take(reader, field->type, member);
	case PROTOBUF_C_TYPE_FIXED32:
		return wire == WIRE_32 && fixed_take(reader, member, sizeof(uint32_t));
	case PROTOBUF_C_TYPE_FIXED64:
		return wire == WIRE_64 && fixed_take(reader, member, sizeof(uint64_t));
	case PROTOBUF_C_TYPE_STRING:
		return wire == WIRE_BYTES && string_take(reader, member);
	case PROTOBUF_C_TYPE_BYTES:
		return wire == WIRE_BYTES && bytes_take(reader, member);
	case PROTOBUF_C_TYPE_MESSAGE:
		return wire == WIRE_BYTES && inner_take(field->descriptor, reader, member);
	default:
		return false;
	}
}

// ---- Lists

static size_t size_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	default:
		return sizeof(uint32_t);
	}
}

static void *list_make(const struct reader *reader, const ProtobufCFieldDescriptor *field, size_t count,
		       uint8_t *message)
{
	size_t bytes = count * size_of(field->type);
	void *list = memory_take(reader, bytes);

	if (!list)
		return NULL;
	memset(list, 0, bytes);
	memcpy(message + field->offset, &list, sizeof(list));
	memcpy(message + field->quantifier_offset, &count, sizeof(count));
	return list;
}

// How many values one behind the other have this tag, the first one's being read already.
static size_t alike(struct reader reader, const uint8_t *tag, size_t tag_bytes)
{
	struct reader piece;
	size_t count = 0;

	do {
		if (!piece_take(&reader, &piece))
			return 0;
		count++;
	} while (left(&reader) >= tag_bytes && !memcmp(reader.at, tag, tag_bytes) && (reader.at += tag_bytes));
	return count;
}

static bool pieces_take(struct reader *reader, const ProtobufCFieldDescriptor *field, const uint8_t *tag,
			uint8_t *message)
{
	size_t tag_bytes = (size_t)(reader->at - tag), count = alike(*reader, tag, tag_bytes);
	uint8_t *list = count ? list_make(reader, field, count, message) : NULL;

	if (!list)
		return false;
	for (size_t i = 0; i < count; i++) {
		reader->at += i ? tag_bytes : 0;
		if (!value_take(reader, field, WIRE_BYTES, list + i * size_of(field->type)))
			return false;
	}
	return true;
}

static bool packed_take(struct reader *reader, const ProtobufCFieldDescriptor *field, enum wire wire, uint8_t *message)
{
	size_t bytes = size_of(field->type), count = 0;
	struct reader piece;
	uint8_t *list;

	if (!piece_take(reader, &piece) || !left(&piece))
		return false;
	for (const uint8_t *at = piece.at; wire == WIRE_VARINT && at < piece.end; at++)
		count += !(*at & VARINT_MORE);
	if (wire != WIRE_VARINT)
		count = left(&piece) / bytes;
	list = count ? list_make(reader, field, count, message) : NULL;
	if (!list)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!value_take(&piece, field, wire, list + i * bytes))
			return false;
	return piece.at == piece.end;
}

static bool list_take(struct reader *reader, const ProtobufCFieldDescriptor *field, const uint8_t *tag,
		      uint8_t *message)
{
	size_t before;

	memcpy(&before, message + field->quantifier_offset, sizeof(before));
	if (before)
		return false;
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return pieces_take(reader, field, tag, message);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
		return packed_take(reader, field, WIRE_VARINT, message);
	case PROTOBUF_C_TYPE_FIXED64:
		return packed_take(reader, field, WIRE_64, message);
	default:
		return false;
	}
}

// ---- Messages

// Where no number is missing between the last one and this, it is as far from there as their numbers are. Null: there is none.
static const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *kind, unsigned *last, uint32_t id)
{
	unsigned at = *last;

	if (at < kind->n_fields)
		at += id - kind->fields[at].id;
	if (at >= kind->n_fields || kind->fields[at].id != id)
		for (at = 0; at < kind->n_fields && kind->fields[at].id < id;)
			at++;
	*last = at;
	return at < kind->n_fields && kind->fields[at].id == id ? &kind->fields[at] : NULL;
}

// Of several that exclude each other this is the one; protobuf-c knows what becomes of another one that came before.
static bool choose(const ProtobufCFieldDescriptor *field, uint8_t *message)
{
	uint32_t choice;

	memcpy(&choice, message + field->quantifier_offset, sizeof(choice));
	memcpy(message + field->quantifier_offset, &field->id, sizeof(field->id));
	return !choice;
}

static bool field_take(struct reader *reader, const ProtobufCMessageDescriptor *kind, unsigned *last, uint8_t *message)
{
	const ProtobufCFieldDescriptor *field;
	const uint8_t *tag = reader->at;
	uint64_t word;

	if (!varint_take(reader, &word) || reader->at - tag > 2)
		return false;
	field = field_find(kind, last, (uint32_t)word >> WIRE_BITS);
	if (!field)
		return false;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return (word & WIRE_MASK) == WIRE_BYTES && list_take(reader, field, tag, message);
	if (field->label != PROTOBUF_C_LABEL_NONE ||
	    (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF && !choose(field, message)))
		return false;
	return value_take(reader, field, word & WIRE_MASK, message + field->offset);
}

static void *message_take(const ProtobufCMessageDescriptor *kind, struct reader *reader)
{
	uint8_t *message = memory_take(reader, kind->sizeof_message);
	unsigned last = 0;

	if (!message)
		return NULL;
	protobuf_c_message_init(kind, message);
	while (reader->at < reader->end)
		if (!field_take(reader, kind, &last, message))
			return NULL;
	return message;
}

void *unpack(const ProtobufCMessageDescriptor *kind, ProtobufCAllocator *allocator, const uint8_t *bytes, size_t length)
{
	struct pool pool = { .allocator = allocator };
	struct reader reader = { bytes, bytes + length, &pool };
	void *message = length <= UNPACK_SHORT ? message_take(kind, &reader) : NULL;

	return message ? message : protobuf_c_message_unpack(kind, allocator, length, bytes);
}
