// ip.h - IPv4, IPv6 and UDP headers: read, check, build; internet checksums.
//
// Pure. Addresses and words are host order. Nothing here reads past the length it was given.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shared/wire/cursor.h"

#define IP4_HEADER 20u
#define IP6_HEADER 40u
#define UDP_HEADER 8u

#define IP4_DF 0x4000u
#define IP4_FRAGMENT 0x3fffu // more fragments, or an offset

enum ip_protocol { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_ICMP6 = 58, IP_SCTP = 132 };

// What a sound header says.
struct ip_packet {
	uint32_t length; // of the whole packet, from the header: never more than there is
	uint32_t header; // bytes, IPv4 options included, IPv6 extension headers not
	uint8_t version; // 4 or 6
	uint8_t tos;     // DSCP in the upper six bits, ECN in the lower two
	uint8_t ttl;     // or hop limit
	uint8_t protocol;
};

enum ip_fault { IP_SOUND, IP_SHORT, IP_BAD };

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

// Sum of the first 20 bytes in memory order: 0xffff for a sound IPv4 header without options.
static inline uint16_t ip4_sum(const uint8_t *header)
{
	uint64_t a, b;
	uint32_t c;

	memcpy(&a, header, 8);
	memcpy(&b, header + 8, 8);
	memcpy(&c, header + 16, 4);
	return ip_fold(ip_add(ip_add(a, b), c));
}

// Unfolded sum of `bytes` in memory order, to be started at 0 or continued after an even number of bytes.
uint64_t ip_sum(uint64_t sum, const void *bytes, size_t length);

// The value for a checksum field (host order, for be16_put): of ICMP, or of an IPv4 header with its own field zero.
uint16_t ip_checksum(const void *bytes, size_t length);

// Same for ICMPv6 and UDP: with the pseudo header of the packet that starts at `ip` (RFC 8200 8.1, RFC 768).
uint16_t ip4_checksum_upper(const uint8_t *ip, uint8_t protocol, const void *bytes, uint32_t length);
uint16_t ip6_checksum_upper(const uint8_t *ip, uint8_t protocol, const void *bytes, uint32_t length);

// ip_read for what is neither IPv4 without options nor IPv6.
enum ip_fault ip_read_rare(struct ip_packet *ip, const uint8_t *bytes, uint32_t left);

// Reads and checks the header at bytes[0..left). IPv4 options pass; their bytes count in the checksum.
static inline enum ip_fault ip_read(struct ip_packet *ip, const uint8_t *bytes, uint32_t left)
{
	if (left >= IP4_HEADER && bytes[0] == 0x45) {
		*ip = (struct ip_packet){ be16_get(bytes + 2), IP4_HEADER, 4, bytes[1], bytes[8], bytes[9] };
		return ip->length <= left && ip->length >= IP4_HEADER && ip4_sum(bytes) == 0xffff ? IP_SOUND : IP_BAD;
	}
	if (left < IP6_HEADER || bytes[0] >> 4 != 6) {
		struct ip_packet rare; // so that *ip may live in registers
		enum ip_fault fault = ip_read_rare(&rare, bytes, left);

		*ip = rare;
		return fault;
	}
	*ip = (struct ip_packet){ IP6_HEADER + be16_get(bytes + 4), IP6_HEADER, 6,
				  (uint8_t)(be16_get(bytes) >> 4),  bytes[7],   bytes[6] };
	if (ip->length > left || (ip->length == IP6_HEADER && ip->protocol == 0)) // a jumbogram (RFC 2675)
		return IP_BAD;
	return IP_SOUND;
}

struct ip4_fields {
	uint32_t source, destination;
	uint16_t length; // whole packet
	uint8_t tos, ttl, protocol;
};

// Writes a 20-byte header: DF set, identification 0 (RFC 6864 4.1), checksum.
static inline void ip4_put(uint8_t *bytes, const struct ip4_fields *fields)
{
	uint64_t a = (uint64_t)(0x4500u | fields->tos) << 48 | (uint64_t)fields->length << 32 | IP4_DF;
	uint64_t b = (uint64_t)fields->ttl << 56 | (uint64_t)fields->protocol << 48 | fields->source;
	uint16_t sum = (uint16_t)~ip_fold(ip_add(ip_add(a, b), fields->destination));

	be64_put(bytes, a);
	be64_put(bytes + 8, b | (uint64_t)sum << 32);
	be32_put(bytes + 16, fields->destination);
}

// Writes a UDP header without checksum (RFC 768: zero, none computed). length: header and payload.
static inline void udp_put(uint8_t *bytes, uint16_t source, uint16_t destination, uint16_t length)
{
	be64_put(bytes, (uint64_t)source << 48 | (uint64_t)destination << 32 | (uint64_t)length << 16);
}
