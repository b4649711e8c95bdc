// ruled_key.c - reads a packet's headers for the filters. Pure.
#include "workers/pipe/ruled_key.h"

#define HEADERS_MAX 8u // IPv6 extension headers we walk over: behind more nobody knows what comes

// clang-format off
enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, ESP = 50, AH = 51, DESTINATION = 60, DCCP = 33, UDP_LITE = 136 };
// clang-format on

// The first header that is not IP's own. `first`: and it is here, not in an earlier fragment or beyond the end.
struct upper {
	uint32_t at;
	uint8_t protocol;
	bool first;
};

static struct upper upper4(const uint8_t *packet, const struct ip_packet *ip)
{
	return (struct upper){ ip->header, ip->protocol, !(be16_get(packet + 6) & 0x1fff) };
}

// Bytes of the extension header there; 0: it is none.
static uint32_t extension_bytes(uint8_t protocol, const uint8_t *header)
{
	switch (protocol) {
	case HOP_BY_HOP:
	case ROUTING:
	case DESTINATION:
		return 8 + header[1] * 8u;
	case FRAGMENT:
		return 8;
	default:
		return 0;
	}
}

// AH ends the walk, as it does in IPv4: its SPI is asked for.
static struct upper upper6(const uint8_t *packet, const struct ip_packet *ip)
{
	struct upper upper = { ip->header, ip->protocol, true };

	for (unsigned i = 0; i <= HEADERS_MAX && upper.first; i++) {
		const uint8_t *header = packet + upper.at;
		bool whole = upper.at + 8 <= ip->length;
		uint32_t bytes = extension_bytes(upper.protocol, whole ? header : packet);

		if (!bytes)
			return upper;
		if (!whole || i == HEADERS_MAX) {
			upper.first = false;
			return upper;
		}
		upper.first = upper.protocol != FRAGMENT || !(be16_get(header + 2) & 0xfff8);
		upper.protocol = header[0];
		upper.at += bytes;
	}
	return upper;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == IP_TCP || protocol == IP_UDP || protocol == IP_SCTP || protocol == DCCP ||
	       protocol == UDP_LITE;
}

static void ports_take(struct ruled_key *key, const uint8_t *header, bool up)
{
	uint32_t source = be16_get(header), destination = be16_get(header + 2);

	key->remote_port = up ? destination : source;
	key->local_port = up ? source : destination;
}

static void upper_take(struct ruled_key *key, const uint8_t *packet, const struct ip_packet *ip, bool up)
{
	struct upper upper = ip->version == 4 ? upper4(packet, ip) : upper6(packet, ip);
	uint32_t spi_at = upper.at + (upper.protocol == AH ? 4 : 0);

	key->kind = upper.protocol | (uint32_t)ip->tos << 16;
	if (!upper.first || upper.at + 4 > ip->length)
		return;
	if (has_ports(upper.protocol)) {
		ports_take(key, packet + upper.at, up);
	} else if ((upper.protocol == ESP || upper.protocol == AH) && spi_at + 4 <= ip->length) {
		key->spi = be32_get(packet + spi_at);
		key->has_spi = UINT32_MAX;
	}
}

struct ruled_key ruled_key(const uint8_t *packet, const struct ip_packet *ip, bool up)
{
	struct ruled_key key = { .remote_port = RULED_NO_PORT, .local_port = RULED_NO_PORT };

	if (ip->version == 4) {
		key.remote[0] = be32_get(packet + (up ? 16 : 12));
	} else {
		for (unsigned i = 0; i < 4; i++)
			key.remote[i] = be32_get(packet + (up ? 24 : 8) + 4 * i);
		key.label = be32_get(packet) & 0xfffff;
	}
	upper_take(&key, packet, ip, up);
	return key;
}
