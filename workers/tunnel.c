// tunnel.c - outer headers off and on.
#include "workers/tunnel.h"

// Header checks of the outer IPv4 packet that carries UDP to GTPU_PORT; *udp is where its UDP header begins.
static enum verdict outer_check(struct ip_packet *ip, const uint8_t *bytes, uint32_t left)
{
	const uint8_t *udp;
	enum ip_fault fault = ip_read(ip, bytes, left);

	if (fault != IP_SOUND)
		return fault == IP_SHORT ? VERDICT_SHORT : VERDICT_BAD_IP;
	if (ip->version != 4 || ip->protocol != IP_UDP)
		return VERDICT_NOT_OURS;
	if (be16_get(bytes + 6) & IP4_FRAGMENT)
		return VERDICT_FRAGMENT;
	if (ip->length < ip->header + UDP_HEADER)
		return VERDICT_SHORT;
	udp = bytes + ip->header;
	if (be16_get(udp + 2) != GTPU_PORT)
		return VERDICT_NOT_OURS;
	if (be16_get(udp + 4) < UDP_HEADER || be16_get(udp + 4) > ip->length - ip->header)
		return VERDICT_BAD_UDP;
	return VERDICT_FORWARD;
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
	if (gtpu.type != GTPU_G_PDU)
		return VERDICT_GTPU_TYPE;
	if (fault == GTPU_UNKNOWN)
		return VERDICT_GTPU_EXTENSION;
	inside->teid = gtpu.teid;
	inside->offset = (uint16_t)(ip.header + UDP_HEADER + gtpu.payload);
	inside->left = (uint16_t)(gtpu.end - gtpu.payload);
	inside->tos = ip.tos;
	return VERDICT_FORWARD;
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
