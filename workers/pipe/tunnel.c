// tunnel.c - outer headers off and on.
#include "workers/pipe/tunnel.h"

#define FRAGMENT6 44u // next header: fragment

// What an outer header has to be whichever its version. An IPv6 checksum that is there holds; none is as good as over IPv4 (RFC 6935 5).
static enum verdict udp_check(const struct ip_packet *ip, const uint8_t *bytes)
{
	const uint8_t *udp = bytes + ip->header;
	uint32_t length;

	if (ip->length < ip->header + UDP_HEADER)
		return VERDICT_SHORT;
	if (be16_get(udp + 2) != GTPU_PORT)
		return VERDICT_NOT_OURS;
	length = be16_get(udp + 4);
	if (length < UDP_HEADER || length > ip->length - ip->header)
		return VERDICT_BAD_UDP;
	if (ip->version == 6 && be16_get(udp + 6) && ip6_checksum_upper(bytes, IP_UDP, udp, length) != 0xffff)
		return VERDICT_BAD_UDP;
	return VERDICT_FORWARD;
}

// Header checks of the outer IP packet that carries UDP to GTPU_PORT.
static enum verdict outer_check(struct ip_packet *ip, const uint8_t *bytes, uint32_t left)
{
	enum ip_fault fault = ip_read(ip, bytes, left);

	if (fault != IP_SOUND)
		return fault == IP_SHORT ? VERDICT_SHORT : VERDICT_BAD_IP;
	if (ip->version == 6 && ip->protocol == FRAGMENT6)
		return VERDICT_FRAGMENT;
	if (ip->protocol != IP_UDP)
		return VERDICT_NOT_OURS;
	if (ip->version == 4 && be16_get(bytes + 6) & IP4_FRAGMENT)
		return VERDICT_FRAGMENT;
	return udp_check(ip, bytes);
}

enum verdict tunnel_open(struct tunnel_inside *inside, const uint8_t *bytes, uint32_t left)
{
	struct ip_packet ip;
	struct gtpu_packet gtpu;
	enum verdict verdict = outer_check(&ip, bytes, left);
	const uint8_t *udp;
	enum gtpu_fault fault;

	if (verdict != VERDICT_FORWARD)
		return verdict;
	udp = bytes + ip.header;
	fault = gtpu_read(&gtpu, udp + UDP_HEADER, be16_get(udp + 4) - UDP_HEADER);
	if (fault == GTPU_BAD)
		return VERDICT_BAD_GTPU;
	if (gtpu.type != GTPU_G_PDU && gtpu.type != GTPU_END_MARKER)
		return VERDICT_GTPU_TYPE;
	if (fault == GTPU_UNKNOWN)
		return VERDICT_GTPU_EXTENSION;
	inside->teid = gtpu.teid;
	inside->offset = (uint16_t)(ip.header + UDP_HEADER + gtpu.payload);
	inside->left = (uint16_t)(gtpu.end - gtpu.payload);
	inside->tos = ip.tos;
	inside->container = gtpu.container;
	inside->pdcp = gtpu.pdcp;
	return gtpu.type == GTPU_G_PDU ? VERDICT_FORWARD : VERDICT_END_MARKER;
}

void tunnel6_put(uint8_t *outer, uint32_t length, const struct tunnel_ends6 *ends)
{
	uint8_t *udp = outer + IP6_HEADER;

	be32_put(outer, 6u << 28 | (uint32_t)ends->tos << 20 | ends->port);
	be32_put(outer + 4, (length - IP6_HEADER) << 16 | IP_UDP << 8 | TUNNEL_TTL);
	for (unsigned i = 0; i < 2; i++) {
		be64_put(outer + 8 + 8 * i, ends->source[i]);
		be64_put(outer + 24 + 8 * i, ends->destination[i]);
	}
	udp_put(udp, ends->port, GTPU_PORT, length - IP6_HEADER);
	gtpu_put(udp + UDP_HEADER, ends->teid, length - TUNNEL6_BYTES);
}

void tunnel6_sum(uint8_t *outer, uint32_t length)
{
	uint8_t *udp = outer + IP6_HEADER;

	be16_put(udp + 6, ip6_checksum_upper(outer, IP_UDP, udp, length - IP6_HEADER));
}

unsigned tunnel_ecn_join(uint8_t inner, uint8_t outer)
{
	enum { NOT_ECT, ECT1, ECT0, CE, DROP };
	// RFC 6040 figure 4: [inner][outer]
	static const uint8_t result[4][4] = {
		[NOT_ECT] = { [NOT_ECT] = NOT_ECT, [ECT0] = NOT_ECT, [ECT1] = NOT_ECT, [CE] = DROP },
		[ECT0] = { [NOT_ECT] = ECT0, [ECT0] = ECT0, [ECT1] = ECT1, [CE] = CE },
		[ECT1] = { [NOT_ECT] = ECT1, [ECT0] = ECT1, [ECT1] = ECT1, [CE] = CE },
		[CE] = { [NOT_ECT] = CE, [ECT0] = CE, [ECT1] = CE, [CE] = CE },
	};
	uint8_t ecn = result[inner & 3][outer & 3];

	return ecn == DROP ? TUNNEL_DROP : (inner & 0xfcu) | ecn;
}
