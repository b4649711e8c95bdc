// ip.h - IPv4, IPv6 and UDP headers: read, check, build.
//
// Pure. Addresses and words are host order. Nothing here reads past the length it was given.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shared/wire/cursor.h"
#include "shared/wire/sum.h"

#define IP4_HEADER 20u
#define IP6_HEADER 40u
#define UDP_HEADER 8u

#define IP6_LEAST_MTU 1280u // RFC 8200 5

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

// Traffic class of an IPv6 header.
static inline uint8_t ip6_class(const uint8_t *bytes)
{
	return (uint8_t)(be16_get(bytes) >> 4);
}

// ip_read for what is neither IPv4 without options nor IPv6.
enum ip_fault ip_read_rare(struct ip_packet *ip, const uint8_t *bytes, uint32_t left);

// Reads and checks the header at bytes[0..left). IPv4 options pass; their bytes count in the checksum.
static inline enum ip_fault ip_read(struct ip_packet *ip, const uint8_t *bytes, uint32_t left)
{
	if (left >= IP4_HEADER && bytes[0] == 0x45) {
		*ip = (struct ip_packet){ be16_get(bytes + 2), IP4_HEADER, 4, bytes[1], bytes[8], bytes[9] };
		return ip->length <= left && ip->length >= IP4_HEADER && ip4_sound(bytes) ? IP_SOUND : IP_BAD;
	}
	if (left < IP6_HEADER || bytes[0] >> 4 != 6) {
		struct ip_packet rare; // so that *ip may live in registers
		enum ip_fault fault = ip_read_rare(&rare, bytes, left);

		*ip = rare;
		return fault;
	}
	*ip =
	    (struct ip_packet){ IP6_HEADER + be16_get(bytes + 4), IP6_HEADER, 6, ip6_class(bytes), bytes[7], bytes[6] };
	if (ip->length > left || (ip->length == IP6_HEADER && ip->protocol == 0)) // a jumbogram (RFC 2675)
		return IP_BAD;
	return IP_SOUND;
}

struct ip4_fields {
	uint32_t source, destination;
	uint32_t length; // whole packet
	uint8_t tos, ttl, protocol;
};

// Writes a 20-byte header: DF set, identification 0 (RFC 6864 4.1), checksum.
static inline void ip4_put(uint8_t *bytes, const struct ip4_fields *fields)
{
	uint32_t hop = (uint32_t)fields->ttl << 8 | fields->protocol;
	uint64_t sum =
	    0x4500u + IP4_DF + hop + fields->tos + fields->length + (uint64_t)fields->source + fields->destination;

	be64_put(bytes, 0x4500ull << 48 | (uint64_t)fields->tos << 48 | (uint64_t)fields->length << 32 | IP4_DF);
	be64_put(bytes + 8, (uint64_t)hop << 48 | (uint64_t)(uint16_t)~ip_fold(sum) << 32 | fields->source);
	be32_put(bytes + 16, fields->destination);
}

// Writes a UDP header without checksum (RFC 768: zero, none computed). length: header and payload.
static inline void udp_put(uint8_t *bytes, uint16_t source, uint16_t destination, uint32_t length)
{
	be64_put(bytes, (uint64_t)source << 48 | (uint64_t)destination << 32 | (uint64_t)length << 16);
}
