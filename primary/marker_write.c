// marker_write.c - an End Marker's bytes. Pure.
#include <string.h>

#include "primary/marker.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

#define MARKER_TTL 64u
#define MARKER_UDP (UDP_HEADER + GTPU_HEADER)

// Version 1, no options, no body.
static void marker_gtpu(uint8_t *udp, uint32_t teid)
{
	udp_put(udp, GTPU_PORT, GTPU_PORT, MARKER_UDP);
	gtpu_put(udp + UDP_HEADER, teid, 0);
	udp[UDP_HEADER + 1] = GTPU_END_MARKER;
}

// UDP over IPv6 has a checksum (RFC 8200 8.1): of addresses, length, protocol, and what is there.
static uint16_t marker_sum(const uint8_t *packet)
{
	uint64_t sum = MARKER_UDP + IP_UDP;

	for (unsigned i = 8; i < IP6_HEADER + MARKER_UDP; i += 2)
		sum += be16_get(packet + i);
	return (uint16_t)~ip_fold(sum);
}

static uint16_t marker_write6(uint8_t *packet, const struct marker_order *order, const struct marker_from *from)
{
	uint16_t sum;

	be64_put(packet, 6ull << 60 | (uint64_t)MARKER_UDP << 16 | IP_UDP << 8 | MARKER_TTL);
	memcpy(packet + 8, from->ipv6, 16);
	memcpy(packet + 24, order->ipv6, 16);
	marker_gtpu(packet + IP6_HEADER, order->teid);
	sum = marker_sum(packet);
	be16_put(packet + IP6_HEADER + 6, sum ? sum : UINT16_MAX);
	return IP6_HEADER + MARKER_UDP;
}

uint16_t marker_write(uint8_t *packet, const struct marker_order *order, const struct marker_from *from)
{
	const struct ip4_fields fields = { .source = from->ipv4,
					   .destination = order->ipv4,
					   .length = IP4_HEADER + MARKER_UDP,
					   .ttl = MARKER_TTL,
					   .protocol = IP_UDP };

	if (!order->ipv4)
		return marker_write6(packet, order, from);
	ip4_put(packet, &fields);
	marker_gtpu(packet + IP4_HEADER, order->teid);
	return IP4_HEADER + MARKER_UDP;
}
