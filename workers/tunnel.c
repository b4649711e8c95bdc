// tunnel.c - outer headers off and on.
#include "workers/tunnel.h"

#define OUTER_TTL 64
#define PORT_FIRST 0xc000u

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

// Whether this is what nearly every packet is: no IP options, no fragment, eight bytes of GTP-U header, and all lengths the
// same. One comparison of masked words; whatever differs in anything is looked at closely.
static bool plain_open(struct tunnel_inside *inside, const uint8_t *bytes, uint32_t left)
{
	uint64_t ip, addresses, ports, gtpu;
	uint32_t length;

	if (left < TUNNEL_BYTES)
		return false;
	ip = be64_get(bytes);            // version, TOS, length, identification, fragment
	addresses = be64_get(bytes + 8); // TTL, protocol, checksum, source
	ports = be64_get(bytes + 16);    // destination, UDP ports
	gtpu = be64_get(bytes + 24);     // UDP length and checksum, GTP-U flags, type, length
	length = ip >> 32 & 0xffff;
	if (((ip ^ 0x45ull << 56) & (0xffull << 56 | IP4_FRAGMENT)) | ((addresses >> 48 & 0xff) ^ IP_UDP) |
	    ((ports & 0xffff) ^ GTPU_PORT) |
	    ((gtpu ^ (uint64_t)(length - IP4_HEADER) << 48 ^ 0x30ff0000 ^ (length - TUNNEL_BYTES)) &
	     ~(0xffffull << 32)))
		return false;
	inside->teid = be32_get(bytes + 32);
	inside->offset = TUNNEL_BYTES;
	inside->left = (uint16_t)(length - TUNNEL_BYTES);
	inside->tos = bytes[1];
	return length >= TUNNEL_BYTES && length <= left && ip4_sum(bytes) == 0xffff;
}

static enum verdict rare_open(struct tunnel_inside *inside, const uint8_t *bytes, uint32_t left)
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

enum verdict tunnel_open(struct tunnel_inside *inside, const uint8_t *bytes, uint32_t left)
{
	return plain_open(inside, bytes, left) ? VERDICT_FORWARD : rare_open(inside, bytes, left);
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

static void close_udp(uint8_t *outer, uint32_t length, const struct tunnel_ends *ends)
{
	struct ip4_fields fields = { ends->source, ends->destination, (uint16_t)length, ends->tos, OUTER_TTL, IP_UDP };

	ip4_put(outer, &fields);
	udp_put(outer + IP4_HEADER, ends->port, GTPU_PORT, (uint16_t)(length - IP4_HEADER));
}

void tunnel_close(uint8_t *packet, uint32_t length, const struct tunnel_ends *ends)
{
	close_udp(packet - TUNNEL_BYTES, length + TUNNEL_BYTES, ends);
	gtpu_put(packet - GTPU_HEADER, ends->teid, (uint16_t)length);
}

void tunnel_close_qfi(uint8_t *packet, uint32_t length, const struct tunnel_ends *ends, uint8_t qfi)
{
	close_udp(packet - TUNNEL_BYTES_QFI, length + TUNNEL_BYTES_QFI, ends);
	gtpu_put_qfi(packet - GTPU_HEADER_QFI, ends->teid, (uint16_t)length, qfi);
}

// Source and destination port, where the packet has them: not in fragments, whose later pieces must follow the first.
static uint32_t ports_of(const uint8_t *packet, const struct ip_packet *ip)
{
	if (ip->protocol != IP_TCP && ip->protocol != IP_UDP && ip->protocol != IP_SCTP)
		return 0;
	if (ip->length < ip->header + 4 || (ip->version == 4 && be16_get(packet + 6) & IP4_FRAGMENT))
		return 0;
	return be32_get(packet + ip->header);
}

uint16_t tunnel_port(const uint8_t *packet, const struct ip_packet *ip)
{
	uint64_t hash = (uint64_t)ports_of(packet, ip) << 8 | ip->protocol;

	if (ip->version == 4) {
		hash ^= be64_get(packet + 12);
	} else { // the flow label separates flows whose ports lie behind extension headers (RFC 6438)
		hash ^= be64_get(packet + 8) ^ be64_get(packet + 24) ^ (uint64_t)(be32_get(packet) & 0xfffff) << 40;
		hash ^= be64_get(packet + 16) * 3 ^ be64_get(packet + 32) * 5;
	}
	hash *= 0x9e3779b97f4a7c15ull;
	return (uint16_t)(PORT_FIRST | hash >> 50);
}
