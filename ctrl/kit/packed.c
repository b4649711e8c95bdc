// packed.c - see packed.h. A message that is unpacked and packed again costs as much as all else that is done for its request.
#include "ctrl/kit/packed.h"
#include <endian.h>
#include <errno.h>
#include <string.h>

#define RESPONSE_SESSION 10u // Response.session: a SessionAnswer
#define ANSWER_SESSION 1u    // SessionAnswer.session
#define LENGTH_MAX 10u       // bytes of a varint

static const uint8_t applied[] = { 0xc8, 0x01, 0x01 }; // Session.applied = 25: true

struct span { // of a field with a length
	size_t length_at, begin, end;
};

bool packed_varint_long(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
		*value |= (uint64_t)(**at & 0x7f) << shift;
		if (!(*(*at)++ & 0x80))
			return true;
	}
	return false;
}

bool packed_skip(const uint8_t **at, const uint8_t *end, unsigned wire_type)
{
	uint64_t length = 0;

	if (wire_type == 0)
		return packed_varint(at, end, &length);
	if (wire_type == PACKED_BYTES && !packed_varint(at, end, &length))
		return false;
	if (wire_type == 1 || wire_type == 5)
		length = wire_type == 1 ? 8 : 4;
	if (length > (uint64_t)(end - *at))
		return false;
	*at += length;
	return true;
}

// Little-endian, so many bytes. False: they are not there.
static bool fixed_next(const uint8_t **at, const uint8_t *end, unsigned bytes, uint64_t *value)
{
	if ((size_t)(end - *at) < bytes)
		return false;
	memcpy(value, *at, bytes);
	*value = le64toh(*value);
	*at += bytes;
	return true;
}

bool packed_next(const uint8_t **at, const uint8_t *end, struct packed_field *field)
{
	uint64_t tag;

	*field = (struct packed_field){ 0 };
	if (!packed_varint(at, end, &tag) || tag >> 3 > UINT32_MAX)
		return false;
	field->number = (unsigned)(tag >> 3);
	field->wire_type = tag & 7;
	switch (field->wire_type) {
	case PACKED_VARINT:
		field->bytes = *at;
		return packed_varint(at, end, &field->value);
	case PACKED_BYTES:
		if (!packed_varint(at, end, &field->value) || field->value > (uint64_t)(end - *at))
			return false;
		field->bytes = *at;
		*at += field->value;
		return true;
	case PACKED_FIXED64:
		return fixed_next(at, end, 8, &field->value);
	case PACKED_FIXED32:
		return fixed_next(at, end, 4, &field->value);
	default:
		return false;
	}
}

// The first field of this number in bytes[within). 0, -ENOENT, -EBADMSG.
static int field_find(const uint8_t *bytes, const struct span *within, unsigned number, struct span *found)
{
	const uint8_t *at = bytes + within->begin, *end = bytes + within->end;
	uint64_t tag, length;

	while (at < end) {
		const uint8_t *length_at;

		if (!packed_varint(&at, end, &tag))
			return -EBADMSG;
		length_at = at;
		if (!packed_skip(&at, end, tag & 7))
			return -EBADMSG;
		if (tag != (number << 3 | PACKED_BYTES))
			continue;
		found->length_at = (size_t)(length_at - bytes);
		found->end = (size_t)(at - bytes);
		packed_varint(&length_at, end, &length);
		found->begin = (size_t)(length_at - bytes);
		return 0;
	}
	return -ENOENT;
}

// The field is longer by so many bytes. Returns how many its length takes more.
static size_t length_add(uint8_t *bytes, size_t *length, const struct span *field, size_t more)
{
	uint64_t value = field->end - field->begin + more;
	size_t before = field->begin - field->length_at, count = 0;
	uint8_t varint[LENGTH_MAX];

	do {
		varint[count++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
	for (; count < before; count++) { // which was longer than it had to be
		varint[count - 1] |= 0x80;
		varint[count] = 0;
	}
	if (count > before)
		memmove(bytes + field->begin + (count - before), bytes + field->begin, *length - field->begin);
	memcpy(bytes + field->length_at, varint, count);
	*length += count - before;
	return count - before;
}

int packed_applied(uint8_t *bytes, size_t *length)
{
	const struct span whole = { 0, 0, *length };
	struct span answer, session;
	size_t more = sizeof(applied);
	int error = field_find(bytes, &whole, RESPONSE_SESSION, &answer);

	if (!error)
		error = field_find(bytes, &answer, ANSWER_SESSION, &session);
	if (error)
		return error;
	memmove(bytes + session.end + more, bytes + session.end, *length - session.end);
	memcpy(bytes + session.end, applied, more);
	*length += more;
	more += length_add(bytes, length, &session, more);
	length_add(bytes, length, &answer, more);
	return 0;
}
