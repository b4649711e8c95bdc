// flow.h - tells the flows inside a tunnel apart for the network outside.
//
// Pure, inline.
#pragma once
#include <stdint.h>
#include "shared/wire/ip.h"

#define FLOW_PORT_FIRST 0xc000u
#define FLOW_FACTOR 0x9e3779b97f4a7c15ull

// Source and destination port, where the packet has them: not in fragments, whose later pieces must follow the first.
static inline uint32_t flow_ports(const uint8_t *packet, const struct ip_packet *ip)
{
	switch (ip->protocol) {
	case IP_TCP:
	case IP_UDP:
	case IP_SCTP:
		break;
	default:
		return 0;
	}
	if (ip->length < ip->header + 4 || (ip->version == 4 && be16_get(packet + 6) & IP4_FRAGMENT))
		return 0;
	return be32_get(packet + ip->header);
}

// The outer UDP source port: 49152..65535, the same for all packets of a flow, so that links and cores share the load
// by it. ip: what ip_read found at `packet`.
static inline uint16_t flow_port(const uint8_t *packet, const struct ip_packet *ip)
{
	uint64_t hash = (uint64_t)flow_ports(packet, ip) << 8 | ip->protocol;

	if (ip->version == 4) {
		hash ^= be64_get(packet + 12);
	} else { // the flow label separates flows whose ports lie behind extension headers (RFC 6438)
		hash ^= be64_get(packet + 8) ^ be64_get(packet + 24) ^ (uint64_t)(be32_get(packet) & 0xfffff) << 40;
		hash ^= be64_get(packet + 16) * 3 ^ be64_get(packet + 32) * 5;
	}
	hash *= FLOW_FACTOR;
	return (uint16_t)(FLOW_PORT_FIRST | hash >> 50);
}
