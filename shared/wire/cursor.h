// cursor.h - reading and writing network bytes: unaligned big-endian words, and a cursor that cannot pass its end.
//
// Pure, inline. The plain getters trust the caller's bounds; a cursor carries its own.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t be16_get(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap16(value);
}

static inline uint32_t be32_get(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap32(value);
}

static inline uint64_t be64_get(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap64(value);
}

// Of 0 to 8 octets. Who knows how many gets one word.
static inline uint64_t be_get(const uint8_t *at, unsigned octets)
{
	uint64_t value = 0;

	switch (octets) {
	case 1:
		return *at;
	case 2:
		return be16_get(at);
	case 4:
		return be32_get(at);
	case 8:
		return be64_get(at);
	default:
		for (unsigned i = 0; i < octets; i++)
			value = value << 8 | at[i];
		return value;
	}
}

static inline void be16_put(uint8_t *at, uint16_t value)
{
	value = __builtin_bswap16(value);
	memcpy(at, &value, sizeof(value));
}

static inline void be32_put(uint8_t *at, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof(value));
}

static inline void be64_put(uint8_t *at, uint64_t value)
{
	value = __builtin_bswap64(value);
	memcpy(at, &value, sizeof(value));
}

struct cursor {
	const uint8_t *at;
	uint32_t left; // bytes from `at` that may be read
};

static inline struct cursor cursor_over(const uint8_t *bytes, uint32_t length)
{
	return (struct cursor){ bytes, length };
}

// Steps over n bytes; false, and no step, if there are fewer.
static inline bool cursor_skip(struct cursor *cursor, uint32_t n)
{
	if (cursor->left < n)
		return false;
	cursor->at += n;
	cursor->left -= n;
	return true;
}
