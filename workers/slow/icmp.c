// icmp.c - time exceeded and packet too big, for both families. Pure.
#include "workers/slow/icmp.h"
#include "shared/wire/ip.h"
#include "workers/slow/echo.h"

#define ICMP_HEADER 8u
#define QUOTE4 (576u - IP4_HEADER - ICMP_HEADER)  // the whole error within 576 bytes: RFC 1812 4.3.2.3
#define QUOTE6 (1280u - IP6_HEADER - ICMP_HEADER) // within the least MTU: RFC 4443 2.4 c
#define EXTENSIONS 8u                             // IPv6 extension headers we walk over
#define ICMP6_INFORMATION 128u                    // types below are errors
#define ICMP6_REDIRECT 137u

enum { IP6_HOPS = 0, IP6_ROUTING = 43, IP6_FRAGMENT = 44, IP6_DESTINATION = 60 };

// 0/8, 127/8, multicast, 240/4 and broadcast are no single host.
static bool is_host4(uint32_t address)
{
	uint32_t first = address >> 24;

	return first != 0 && first != 127 && first < 224;
}

// Neither ::/64 (unspecified, loopback, mapped IPv4) nor multicast.
static bool is_host6(const uint8_t *address)
{
	return be64_get(address) && address[0] != 0xff;
}

// Destination unreachable, source quench, redirect, time exceeded, parameter problem.
static bool is_error4(uint8_t type)
{
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static enum verdict may_answer4(const uint8_t *packet, const struct ip_packet *ip)
{
	if (!is_host4(be32_get(packet + 12)) || !is_host4(be32_get(packet + 16)))
		return VERDICT_SLOW_REFUSED;
	if (be16_get(packet + 6) & 0x1fff) // not the first fragment
		return VERDICT_SLOW_REFUSED;
	if (ip->protocol == IP_ICMP && (ip->length <= ip->header || is_error4(packet[ip->header])))
		return VERDICT_SLOW_REFUSED;
	return VERDICT_ANSWERED;
}

// Steps over one extension header; false at a fragment that is not the first, or at the packet's end.
static bool extension_skip(struct cursor *cursor, uint8_t *next)
{
	const uint8_t *at = cursor->at;

	if (cursor->left < 8 || (*next == IP6_FRAGMENT && be16_get(at + 2) & 0xfff8))
		return false;
	if (!cursor_skip(cursor, *next == IP6_FRAGMENT ? 8 : (at[1] + 1u) * 8))
		return false;
	*next = at[0];
	return true;
}

static bool is_extension(uint8_t next)
{
	return next == IP6_HOPS || next == IP6_ROUTING || next == IP6_FRAGMENT || next == IP6_DESTINATION;
}

static enum verdict may_answer6(const uint8_t *packet, const struct ip_packet *ip)
{
	struct cursor cursor = cursor_over(packet + IP6_HEADER, ip->length - IP6_HEADER);
	uint8_t next = ip->protocol;

	if (!is_host6(packet + 8) || !is_host6(packet + 24))
		return VERDICT_SLOW_REFUSED;
	for (unsigned i = 0; is_extension(next); i++)
		if (i == EXTENSIONS || !extension_skip(&cursor, &next))
			return VERDICT_SLOW_REFUSED;
	if (next != IP_ICMP6)
		return VERDICT_ANSWERED;
	if (!cursor.left || cursor.at[0] < ICMP6_INFORMATION || cursor.at[0] == ICMP6_REDIRECT)
		return VERDICT_SLOW_REFUSED;
	return VERDICT_ANSWERED;
}

enum verdict icmp_may_answer(struct slow_packet *packet)
{
	struct ip_packet ip;

	if (ip_read(&ip, packet->packet, packet->length) != IP_SOUND)
		return VERDICT_BAD_IP;
	packet->length = ip.length;
	return ip.version == 4 ? may_answer4(packet->packet, &ip) : may_answer6(packet->packet, &ip);
}

static void error_ipv4(struct slow_packet *packet, uint32_t source, enum icmp_error error, uint32_t mtu)
{
	uint32_t quoted = packet->length < QUOTE4 ? packet->length : QUOTE4;
	uint8_t *icmp = packet->packet - ICMP_HEADER, *ip = icmp - IP4_HEADER;
	const struct ip4_fields fields = {
		.source = source,
		.destination = be32_get(packet->packet + 12),
		.length = (uint16_t)(IP4_HEADER + ICMP_HEADER + quoted),
		.ttl = ECHO_HOPS,
		.protocol = IP_ICMP,
	};

	memset(icmp, 0, ICMP_HEADER);
	icmp[0] = error == ICMP_TOO_BIG ? 3 : 11;
	icmp[1] = error == ICMP_TOO_BIG ? 4 : 0;
	if (error == ICMP_TOO_BIG)
		be16_put(icmp + 6, (uint16_t)mtu);
	be16_put(icmp + 2, ip_checksum(icmp, ICMP_HEADER + quoted));
	ip4_put(ip, &fields);
	*packet = (struct slow_packet){ ip, fields.length };
}

static void error_ipv6(struct slow_packet *packet, const uint8_t *source, enum icmp_error error, uint32_t mtu)
{
	uint32_t quoted = packet->length < QUOTE6 ? packet->length : QUOTE6;
	uint8_t *icmp = packet->packet - ICMP_HEADER, *ip = icmp - IP6_HEADER;
	uint32_t length = ICMP_HEADER + quoted;

	memset(ip, 0, IP6_HEADER + ICMP_HEADER);
	ip[0] = 0x60;
	be16_put(ip + 4, (uint16_t)length);
	ip[6] = IP_ICMP6;
	ip[7] = ECHO_HOPS;
	memcpy(ip + 8, source, 16);
	memcpy(ip + 24, packet->packet + 8, 16);
	icmp[0] = error == ICMP_TOO_BIG ? 2 : 3;
	if (error == ICMP_TOO_BIG)
		be32_put(icmp + 4, mtu);
	be16_put(icmp + 2, ip6_checksum_upper(ip, IP_ICMP6, icmp, length));
	*packet = (struct slow_packet){ ip, IP6_HEADER + length };
}

enum verdict icmp_answer(struct slow_packet *packet, const uint8_t *source, enum icmp_error error, uint32_t mtu)
{
	if (!source)
		return VERDICT_SLOW_REFUSED;
	if (packet->packet[0] >> 4 == 4)
		error_ipv4(packet, be32_get(source), error, mtu);
	else
		error_ipv6(packet, source, error, mtu);
	return VERDICT_ANSWERED;
}
