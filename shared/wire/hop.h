// hop.h - what a router changes in a packet it passes on: one hop less, the traffic class, the checksum.
//
// Pure, inline. One store each: whoever is killed leaves the old header or the new one, never a field without its
// checksum.
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

// IPv4 header with TTL above 0. RFC 1624 eqn. 3: HC' = ~(~HC + ~m + m') over the two words that change. For the word
// with the TTL, ~m + m' is 0xfffe whatever it was; for the word with TOS it is 0xffff plus the difference.
static inline void hop4(uint8_t *header, uint8_t tos)
{
	uint64_t low, high;
	uint32_t sum;

	memcpy(&low, header, 8);      // version, TOS, length, identification, fragment
	memcpy(&high, header + 8, 8); // TTL, protocol, checksum, source
	sum = 0xffffu + 0xffffu + 0xfffeu - (uint32_t)(high >> 16 & 0xffff) + ((uint32_t)tos << 8) -
	      (uint32_t)(low & 0xff00);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	low = (low & ~0xff00ull) | (uint64_t)tos << 8;
	high = ((high - 1) & ~0xffff0000ull) | (uint64_t)(~sum & 0xffff) << 16;
	_mm_storeu_si128((__m128i *)header, _mm_set_epi64x((long long)high, (long long)low));
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
