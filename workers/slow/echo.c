// echo.c - ICMP echo: swap the ends, change the type, renew the checksums. Pure.
#include "workers/slow/echo.h"
#include "shared/wire/ip.h"

#define ICMP_HEADER 8u
#define ICMP4_ECHO 8
#define ICMP4_ECHO_REPLY 0
#define ICMP6_ECHO 128
#define ICMP6_ECHO_REPLY 129

// To whom it came is who answers.
static void turn_ipv4(uint8_t *packet, uint32_t length)
{
	const struct ip4_fields fields = {
		.source = be32_get(packet + 16),
		.destination = be32_get(packet + 12),
		.length = (uint16_t)length,
		.tos = packet[1],
		.ttl = ECHO_HOPS,
		.protocol = packet[9],
	};

	ip4_put(packet, &fields);
}

static void turn_ipv6(uint8_t *packet)
{
	uint8_t source[16];

	memcpy(source, packet + 8, 16);
	memcpy(packet + 8, packet + 24, 16);
	memcpy(packet + 24, source, 16);
	packet[7] = ECHO_HOPS;
}

// Drops IPv4 options: an answer has none. The packet then begins later.
static void options_cut(struct slow_packet *packet, uint32_t header)
{
	uint32_t options = header - IP4_HEADER;

	memmove(packet->packet + options, packet->packet, IP4_HEADER);
	packet->packet += options;
	packet->length -= options;
}

static enum verdict answer_icmp4(struct slow_packet *packet)
{
	uint8_t *icmp = packet->packet + IP4_HEADER;
	uint32_t length = packet->length - IP4_HEADER;

	if (length < ICMP_HEADER || icmp[0] != ICMP4_ECHO || icmp[1] != 0 || ip_checksum(icmp, length) != 0)
		return VERDICT_SLOW_REFUSED;
	icmp[0] = ICMP4_ECHO_REPLY;
	be16_put(icmp + 2, 0);
	be16_put(icmp + 2, ip_checksum(icmp, length));
	turn_ipv4(packet->packet, packet->length);
	return VERDICT_ANSWERED;
}

static enum verdict answer_icmp6(struct slow_packet *packet)
{
	uint8_t *icmp = packet->packet + IP6_HEADER;
	uint32_t length = packet->length - IP6_HEADER;

	if (length < ICMP_HEADER || icmp[0] != ICMP6_ECHO || icmp[1] != 0 ||
	    ip6_checksum_upper(packet->packet, IP_ICMP6, icmp, length) != 0)
		return VERDICT_SLOW_REFUSED;
	turn_ipv6(packet->packet);
	icmp[0] = ICMP6_ECHO_REPLY;
	be16_put(icmp + 2, 0);
	be16_put(icmp + 2, ip6_checksum_upper(packet->packet, IP_ICMP6, icmp, length));
	return VERDICT_ANSWERED;
}

static enum verdict answer_ipv4(struct slow_packet *packet, const struct ip_packet *ip)
{
	if (be16_get(packet->packet + 6) & IP4_FRAGMENT)
		return VERDICT_FRAGMENT;
	options_cut(packet, ip->header);
	if (ip->protocol == IP_ICMP)
		return answer_icmp4(packet);
	return VERDICT_SLOW_REFUSED;
}

enum verdict echo_answer(struct slow_packet *packet)
{
	struct ip_packet ip;
	enum ip_fault fault = ip_read(&ip, packet->packet, packet->length);

	if (fault != IP_SOUND)
		return fault == IP_SHORT ? VERDICT_SHORT : VERDICT_BAD_IP;
	packet->length = ip.length;
	if (ip.version == 4)
		return answer_ipv4(packet, &ip);
	return ip.protocol == IP_ICMP6 ? answer_icmp6(packet) : VERDICT_SLOW_REFUSED;
}
