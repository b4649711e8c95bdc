// prefix.h - a prefix of either family as two words and a length; IPv4 mapped as ::ffff:a.b.c.d (RFC 4291 2.5.5.2), 96 bits longer.
//
// Host order. Pure.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/wire/cursor.h"

struct prefix {
	uint64_t high, low; // zero beyond the length
	uint32_t length;    // 0..128
	uint32_t reserved;
};

#define PREFIX_IPV4_BITS 96u
#define PREFIX_IPV4_LOW 0xffff00000000ull

static inline struct prefix prefix_ipv4(uint32_t ipv4, uint32_t length)
{
	return (struct prefix){ .low = PREFIX_IPV4_LOW | ipv4, .length = PREFIX_IPV4_BITS + length };
}

static inline bool prefix_is_ipv4(const struct prefix *prefix)
{
	return prefix->length >= PREFIX_IPV4_BITS && !prefix->high && prefix->low >> 32 == 0xffff;
}

// The bits of the upper, or the lower, word that are beyond the length.
static inline uint64_t prefix_rest_high(uint32_t length)
{
	return length < 64 ? UINT64_MAX >> length : 0;
}

static inline uint64_t prefix_rest_low(uint32_t length)
{
	return length <= 64 ? UINT64_MAX : length < 128 ? UINT64_MAX >> (length - 64) : 0;
}

static inline bool prefix_holds(const struct prefix *prefix, uint64_t high, uint64_t low)
{
	return !(((prefix->high ^ high) & ~prefix_rest_high(prefix->length)) |
		 ((prefix->low ^ low) & ~prefix_rest_low(prefix->length)));
}

// Whether all of `inner` lies within.
static inline bool prefix_within(const struct prefix *prefix, const struct prefix *inner)
{
	return inner->length >= prefix->length && prefix_holds(prefix, inner->high, inner->low);
}

static inline bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return prefix_within(a, b) || prefix_within(b, a);
}

// A length that is one, and nothing beyond it.
static inline bool prefix_sound(const struct prefix *prefix)
{
	return prefix->length <= 128 && !(prefix->high & prefix_rest_high(prefix->length)) &&
	       !(prefix->low & prefix_rest_low(prefix->length));
}
