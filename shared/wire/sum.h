// sum.h - internet checksums (RFC 1071): sums of words in any width, folded at the end.
//
// Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// One's complement sum of two sums.
static inline uint64_t ip_add(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

// Folds a sum of 16-bit words, added up in whatever width and byte order, to 16 bits. Adding a sum to itself turned by
// half its width leaves high + low + carry in the upper half.
static inline uint16_t ip_fold(uint64_t sum)
{
	uint32_t half;

	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return (uint16_t)(half >> 16);
}

// Whether a sum of words, not all zero, added up in whatever width and byte order, is all ones once folded: whether 0xffff
// divides it. What an odd number divides, its inverse modulo 2^64 makes small (Hacker's Delight 10-17).
static inline bool ip_sum_sound(uint64_t sum)
{
	const uint64_t most = UINT64_MAX / 0xffff, inverse = 0 - most;

	return sum * inverse <= most;
}

// Whether the checksum of an IPv4 header without options holds.
static inline bool ip4_sound(const uint8_t *header)
{
	uint64_t a, b;
	uint32_t c;

	memcpy(&a, header, 8);
	memcpy(&b, header + 8, 8);
	memcpy(&c, header + 16, 4);
	return ip_sum_sound(ip_add(ip_add(a, c), b));
}

// Unfolded sum of `bytes` in memory order, to be started at 0 or continued after an even number of bytes.
uint64_t ip_sum(uint64_t sum, const void *bytes, size_t length);

// The value for a checksum field (host order, for be16_put): of ICMP, or of an IPv4 header with its own field zero.
uint16_t ip_checksum(const void *bytes, size_t length);

// Same for ICMPv6 and UDP: with the pseudo header of the packet that starts at `ip` (RFC 8200 8.1, RFC 768).
uint16_t ip4_checksum_upper(const uint8_t *ip, uint8_t protocol, const void *bytes, uint32_t length);
uint16_t ip6_checksum_upper(const uint8_t *ip, uint8_t protocol, const void *bytes, uint32_t length);
