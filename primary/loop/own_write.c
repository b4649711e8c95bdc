// own_write.c - IP and UDP around a GTP-U message of ours. Pure.
#include "primary/loop/own.h"

#include <string.h>

#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

#define OWN_TTL 64u

static void own_udp(uint8_t *udp, const uint8_t *message, unsigned bytes)
{
	udp_put(udp, GTPU_PORT, GTPU_PORT, UDP_HEADER + bytes);
	memcpy(udp + UDP_HEADER, message, bytes);
}

// UDP over IPv6 has a checksum (RFC 8200 8.1): of addresses, length, protocol, and what is there.
static uint16_t own_sum(const uint8_t *packet, unsigned length)
{
	uint64_t sum = length + IP_UDP;

	for (unsigned i = 8; i < IP6_HEADER + length; i += 2)
		sum += be16_get(packet + i);
	return (uint16_t)~ip_fold(sum);
}

static uint16_t own_write6(uint8_t *packet, const struct own_way *way, const uint8_t *message, unsigned bytes)
{
	unsigned length = UDP_HEADER + bytes;
	uint16_t sum;

	be64_put(packet, 6ull << 60 | (uint64_t)way->tos << 52 | (uint64_t)length << 16 | IP_UDP << 8 | OWN_TTL);
	memcpy(packet + 8, way->from6, 16);
	memcpy(packet + 24, way->to6, 16);
	own_udp(packet + IP6_HEADER, message, bytes);
	sum = own_sum(packet, length);
	be16_put(packet + IP6_HEADER + 6, sum ? sum : UINT16_MAX);
	return (uint16_t)(IP6_HEADER + length);
}

uint16_t own_write(uint8_t *packet, const struct own_way *way, const uint8_t *message, unsigned bytes)
{
	const struct ip4_fields fields = { .source = way->from4,
					   .destination = way->to4,
					   .length = IP4_HEADER + UDP_HEADER + bytes,
					   .tos = way->tos,
					   .ttl = OWN_TTL,
					   .protocol = IP_UDP };

	if (!way->to4)
		return own_write6(packet, way, message, bytes);
	ip4_put(packet, &fields);
	own_udp(packet + IP4_HEADER, message, bytes);
	return (uint16_t)fields.length;
}
