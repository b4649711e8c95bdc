// tunnel.h - opens and closes the GTP-U tunnel around a user's packet (TS 29.281), and carries ECN across (RFC 6040).
//
// Pure. Opening reads, closing writes only into the bytes in front of the packet.
#pragma once
#include <stdint.h>
#include "shared/plane/verdict.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

#define TUNNEL_BYTES (IP4_HEADER + UDP_HEADER + GTPU_HEADER)
#define TUNNEL_TTL 64u // of the outer header
#define TUNNEL_BYTES_QFI (IP4_HEADER + UDP_HEADER + GTPU_HEADER_QFI)

// What an arriving G-PDU says.
struct tunnel_inside {
	uint32_t teid;
	uint16_t offset; // of the user's packet, from the outer IP header
	uint16_t left;   // bytes of it, as the tunnel says
	uint8_t tos;     // outer
};

// Whether this is what nearly every packet is: no IP options, no fragment, eight bytes of GTP-U header, and all lengths
// the same. One comparison of masked words; whatever differs in anything is looked at closely.
static inline bool tunnel_plain(struct tunnel_inside *inside, const uint8_t *bytes, uint32_t left)
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

enum verdict tunnel_open_rare(struct tunnel_inside *inside, const uint8_t *bytes, uint32_t left);

// Checks outer IPv4, UDP and GTP-U of bytes[0..left). VERDICT_FORWARD with *inside filled, or the refusal.
static inline enum verdict tunnel_open(struct tunnel_inside *inside, const uint8_t *bytes, uint32_t left)
{
	struct tunnel_inside rare = { 0 }; // so that *inside may live in registers
	enum verdict verdict;

	if (__builtin_expect(tunnel_plain(inside, bytes, left), 1))
		return VERDICT_FORWARD;
	verdict = tunnel_open_rare(&rare, bytes, left);
	*inside = rare;
	return verdict;
}

// Inner TOS byte after decapsulation (RFC 6040 4.2), or TUNNEL_DROP where the outer mark cannot be carried on.
#define TUNNEL_DROP 256u
unsigned tunnel_ecn_join(uint8_t inner, uint8_t outer);

static inline unsigned tunnel_ecn(uint8_t inner, uint8_t outer)
{
	return outer & 3 ? tunnel_ecn_join(inner, outer) : inner; // nothing to carry
}

struct tunnel_ends {
	uint32_t source, destination; // outer addresses
	uint32_t teid;
	uint16_t port; // UDP source
	uint8_t tos;
};

static inline void tunnel_close_udp(uint8_t *outer, uint32_t length, const struct tunnel_ends *ends)
{
	struct ip4_fields fields = { ends->source, ends->destination, (uint16_t)length, ends->tos, TUNNEL_TTL, IP_UDP };

	ip4_put(outer, &fields);
	udp_put(outer + IP4_HEADER, ends->port, GTPU_PORT, (uint16_t)(length - IP4_HEADER));
}

// Writes the outer headers in front of the packet of `length` bytes. tunnel_close: TUNNEL_BYTES; with qfi:
// TUNNEL_BYTES_QFI.
static inline void tunnel_close(uint8_t *packet, uint32_t length, const struct tunnel_ends *ends)
{
	tunnel_close_udp(packet - TUNNEL_BYTES, length + TUNNEL_BYTES, ends);
	gtpu_put(packet - GTPU_HEADER, ends->teid, (uint16_t)length);
}

static inline void tunnel_close_qfi(uint8_t *packet, uint32_t length, const struct tunnel_ends *ends, uint8_t qfi)
{
	tunnel_close_udp(packet - TUNNEL_BYTES_QFI, length + TUNNEL_BYTES_QFI, ends);
	gtpu_put_qfi(packet - GTPU_HEADER_QFI, ends->teid, (uint16_t)length, qfi);
}
