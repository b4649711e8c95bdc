// packed.h - packed protobuf messages read and changed where they lie, for what is done to each of many. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKED_ROOM 8u // bytes that have to follow an answer, for what packed_applied adds

// At a varint; behind a field's tag. False: it ends behind `end`, and *at is anywhere up to there.
bool packed_varint_long(const uint8_t **at, const uint8_t *end, uint64_t *value);
static inline bool packed_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	if (*at == end || **at & 0x80)
		return packed_varint_long(at, end, value);
	*value = *(*at)++;
	return true;
}
bool packed_skip(const uint8_t **at, const uint8_t *end, unsigned wire_type);

enum packed_type { PACKED_VARINT, PACKED_FIXED64, PACKED_BYTES, PACKED_FIXED32 = 5 };

struct packed_field {
	unsigned number, wire_type;
	uint64_t value;       // of PACKED_BYTES: how many
	const uint8_t *bytes; // and where they are
};

// The field at *at, and *at behind it. False: it is none, or not whole.
bool packed_next(const uint8_t **at, const uint8_t *end, struct packed_field *field);

// Says of a packed Response's session that it is applied. 0; -ENOENT: no session is in it; -EBADMSG: nor is it a Response.
int packed_applied(uint8_t *bytes, size_t *length);
