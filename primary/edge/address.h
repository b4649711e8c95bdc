// address.h - one shape for both families' addresses: two host-order words, IPv4 mapped as ::ffff:a.b.c.d
// (RFC 4291 2.5.5.2), and what the last hop derives from them. Pure.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/wire/cursor.h"

struct address {
	uint64_t high, low;
};

static inline struct address address_ipv4(uint32_t ipv4)
{
	return (struct address){ 0, 0xffff00000000ull | ipv4 };
}

static inline struct address address_ipv6(const uint8_t bytes[16])
{
	return (struct address){ be64_get(bytes), be64_get(bytes + 8) };
}

// As configuration and plane write addresses: network order, IPv4 in the first four bytes.
static inline struct address address_read(unsigned family, const uint8_t bytes[16])
{
	return family == 4 ? address_ipv4(be32_get(bytes)) : address_ipv6(bytes);
}

// Ones in a prefix of `length` bits of its family's addresses.
static inline struct address address_mask(unsigned family, unsigned length)
{
	unsigned bits = family == 4 ? 96 + length : length;

	return (struct address){ bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits), bits >= 128 ? UINT64_MAX
										  : bits <= 64
										      ? 0
										      : ~(UINT64_MAX >> (bits - 64)) };
}

// Whether both lie in the same prefix.
static inline bool address_near(struct address a, struct address b, struct address mask)
{
	return (((a.high ^ b.high) & mask.high) | ((a.low ^ b.low) & mask.low)) == 0;
}

static inline bool address_same(struct address a, struct address b)
{
	return ((a.high ^ b.high) | (a.low ^ b.low)) == 0;
}

static inline bool address_is_ipv4(struct address a)
{
	return a.high == 0 && a.low >> 32 == 0xffff;
}

// fe80::/10
static inline bool address_link_local(struct address a)
{
	return a.high >> 54 == 0xfe80 >> 6;
}

// ff00::/8
static inline bool address_multicast6(struct address a)
{
	return a.high >> 56 == 0xff;
}

// No host's address, whatever the link: 0/8, 127/8 and everything from 224/4 up (RFC 1812 5.3.7).
static inline bool address_no_host4(uint32_t ipv4)
{
	return ipv4 >> 24 == 0 || ipv4 >> 24 == 127 || ipv4 >> 28 >= 14;
}

// Our link-local address: fe80:: and the MAC's modified EUI-64 (RFC 4291 appendix A).
static inline struct address address_eui64(const uint8_t mac[6])
{
	uint64_t low = (uint64_t)(mac[0] ^ 2) << 56 | (uint64_t)mac[1] << 48 | (uint64_t)mac[2] << 40 |
		       0xfffeull << 24 | (uint64_t)mac[3] << 16 | (uint64_t)mac[4] << 8 | mac[5];

	return (struct address){ 0xfe80ull << 48, low };
}

static inline void address_put_ipv6(uint8_t bytes[16], struct address a)
{
	be64_put(bytes, a.high);
	be64_put(bytes + 8, a.low);
}
