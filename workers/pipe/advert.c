// advert.c - reads router solicitations, writes advertisements. Pure.
#include "workers/pipe/advert.h"
#include <string.h>
#include "shared/wire/ip.h"

#define ICMP_HEADER 8u
#define HOPS 255u // nothing of neighbour discovery has passed a router: RFC 4861 6.1.1
#define LINK_LOCAL 0xfe80000000000000ull

enum { SOLICITATION = 133, ADVERTISEMENT = 134 };
enum { OPTION_SOURCE = 1, OPTION_PREFIX = 3, OPTION_MTU = 5 };
enum { CURRENT_HOPS = 64, ROUTER_SECONDS = 65535, PREFIX_AUTONOMOUS = 0x40 };

static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
static const uint8_t all_routers[16] = { 0xff, 0x02, [15] = 2 };
static const uint8_t ours[16] = { 0xfe, 0x80, [15] = 1 };

static bool unspecified(const uint8_t *address)
{
	return !(be64_get(address) | be64_get(address + 8));
}

// None is empty or cut off; nobody without an address tells one of layer 2.
static bool options_good(const uint8_t *packet, uint32_t length)
{
	struct cursor cursor = cursor_over(packet + IP6_HEADER + ICMP_HEADER, length - IP6_HEADER - ICMP_HEADER);

	while (cursor.left) {
		const uint8_t *option = cursor.at;

		if (cursor.left < 2 || !option[1] || !cursor_skip(&cursor, option[1] * 8u))
			return false;
		if (option[0] == OPTION_SOURCE && unspecified(packet + 8))
			return false;
	}
	return true;
}

bool advert_asked(const uint8_t *packet, uint32_t length)
{
	const uint8_t *icmp = packet + IP6_HEADER, *source = packet + 8, *destination = packet + 24;

	if (length < IP6_HEADER + ICMP_HEADER || packet[6] != IP_ICMP6 || packet[7] != HOPS ||
	    icmp[0] != SOLICITATION || icmp[1] != 0)
		return false;
	if (be64_get(source) != LINK_LOCAL && !unspecified(source))
		return false;
	if (memcmp(destination, all_routers, 16) != 0 && memcmp(destination, ours, 16) != 0)
		return false;
	return options_good(packet, length) && ip6_checksum_upper(packet, IP_ICMP6, icmp, length - IP6_HEADER) == 0;
}

static void prefix_put(uint8_t *option, uint64_t prefix)
{
	option[0] = OPTION_PREFIX;
	option[1] = 4;
	option[2] = 64;
	option[3] = PREFIX_AUTONOMOUS;
	be64_put(option + 4, UINT64_MAX); // valid and preferred for ever: for as long as the session
	be64_put(option + 16, prefix);
}

void advert_put(uint8_t *at, const uint8_t *asked, uint64_t prefix, uint32_t mtu)
{
	uint8_t *icmp = at + IP6_HEADER, *options = icmp + 16;

	memset(at, 0, ADVERT_BYTES);
	at[0] = 0x60;
	be16_put(at + 4, ADVERT_BYTES - IP6_HEADER);
	at[6] = IP_ICMP6;
	at[7] = HOPS;
	memcpy(at + 8, ours, 16);
	memcpy(at + 24, unspecified(asked + 8) ? all_nodes : asked + 8, 16);
	icmp[0] = ADVERTISEMENT;
	icmp[4] = CURRENT_HOPS;
	be16_put(icmp + 6, ROUTER_SECONDS);
	prefix_put(options, prefix);
	options[32] = OPTION_MTU;
	options[33] = 1;
	be32_put(options + 36, mtu);
	be16_put(icmp + 2, ip6_checksum_upper(at, IP_ICMP6, icmp, ADVERT_BYTES - IP6_HEADER));
}
