// hop.h - what a router changes in a packet it passes on: one hop less, the traffic class, the checksum.
//
// Pure, inline. One store each: whoever is killed leaves the old header or the new one, never a field without its
// checksum.
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#include "shared/wire/cursor.h"

// IPv4 header with TTL above 0 and TOS byte `was`. RFC 1624: the checksum takes the opposite of what the two words that change take. Their sum
// cannot be below zero, and 0xffff is no header's checksum (RFC 1624 section 3), so one carry is all there is to fold.
static inline void hop4(uint8_t *header, uint8_t was, uint8_t tos)
{
	const __m128i hop = _mm_set_epi8(0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0); // the TTL
	uint32_t checksum = be16_get(header + 10) + 0x100u + was - tos;
	__m128i words = _mm_loadu_si128((const __m128i *)header);

	checksum += (checksum + 1) >> 16;
	words = _mm_insert_epi8(words, tos, 1);
	words = _mm_insert_epi16(words, __builtin_bswap16((uint16_t)checksum), 5);
	_mm_storeu_si128((__m128i *)header, _mm_add_epi8(words, hop));
}

// The TOS byte alone: of a packet that goes from tunnel to tunnel, where we are no router. The checksum as above, 0xffff added so that
// nothing is below zero, which is nothing in one's complement.
static inline void mark4(uint8_t *header, uint8_t was, uint8_t tos)
{
	uint32_t checksum = be16_get(header + 10) + 0xffffu + was - tos;
	__m128i words = _mm_loadu_si128((const __m128i *)header);

	checksum = (checksum & 0xffff) + (checksum >> 16);
	checksum += (checksum + 1) >> 16;
	words = _mm_insert_epi8(words, tos, 1);
	words = _mm_insert_epi16(words, __builtin_bswap16((uint16_t)checksum), 5);
	_mm_storeu_si128((__m128i *)header, words);
}

static inline void mark6(uint8_t *header, uint8_t tos)
{
	uint16_t word = be16_get(header);

	be16_put(header, (uint16_t)((word & 0xf00f) | tos << 4));
}

// IPv6 header with hop limit above 0.
static inline void hop6(uint8_t *header, uint8_t tos)
{
	uint64_t word;

	memcpy(&word, header, 8); // version, traffic class, flow label, length, next header, hop limit
	word = (word & ~0xf00full) | (uint64_t)tos >> 4 | (uint64_t)(tos & 15) << 12;
	word -= 1ull << 56;
	memcpy(header, &word, 8);
}
