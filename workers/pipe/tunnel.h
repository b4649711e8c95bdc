// tunnel.h - opens and closes the GTP-U tunnel around a user's packet (TS 29.281), and carries ECN across (RFC 6040).
//
// Pure. Opening reads, closing writes only into the bytes in front of the packet.
#pragma once
#include <stdint.h>
#include "shared/plane/verdict.h"
#include "workers/pipe/tunnel_usual.h"

#define TUNNEL6_BYTES (IP6_HEADER + UDP_HEADER + GTPU_HEADER)

// What an arriving G-PDU says, or an End Marker.
struct tunnel_inside {
	uint32_t teid;
	uint16_t offset;   // of the user's packet, from the outer IP header
	uint16_t left;     // bytes of it, as the tunnel says
	uint8_t tos;       // outer
	uint8_t container; // GTPU_CONTAINER
	uint32_t pdcp;     // GTPU_PDCP_TYPE
};

// Checks outer IPv4 or IPv6, UDP and GTP-U of bytes[0..left). VERDICT_FORWARD with *inside filled, of an End Marker
// VERDICT_END_MARKER; or the refusal.
enum verdict tunnel_open(struct tunnel_inside *inside, const uint8_t *bytes, uint32_t left);

// Inner TOS byte after decapsulation (RFC 6040 4.2), or TUNNEL_DROP where the outer mark cannot be carried on.
#define TUNNEL_DROP 256u
unsigned tunnel_ecn_join(uint8_t inner, uint8_t outer);

static inline unsigned tunnel_ecn(uint8_t inner, uint8_t outer)
{
	return outer & 3 ? tunnel_ecn_join(inner, outer) : inner; // nothing to carry
}

// The same over IPv6. The flow label tells flows apart (RFC 6438), as `port` does.
struct tunnel_ends6 {
	uint64_t source[2], destination[2];
	uint32_t teid;
	uint16_t port; // UDP source
	uint8_t tos;
};

// Writes TUNNEL6_BYTES at `outer`, the headers of a G-PDU of `length` bytes in all; and its UDP checksum, once all of it is written: a zero
// one is only for ends that have agreed on it (RFC 6935 5).
void tunnel6_put(uint8_t *outer, uint32_t length, const struct tunnel_ends6 *ends);
void tunnel6_sum(uint8_t *outer, uint32_t length);

// Writes the outer headers in front of the packet of `length` bytes. tunnel_close: TUNNEL_BYTES; with qfi:
// TUNNEL_BYTES_QFI.
static inline void tunnel_close(uint8_t *packet, uint32_t length, const struct tunnel_ends *ends)
{
	tunnel_put(packet - TUNNEL_BYTES, length + TUNNEL_BYTES, ends);
}

static inline void tunnel_close_qfi(uint8_t *packet, uint32_t length, const struct tunnel_ends *ends, uint8_t qfi)
{
	tunnel_put(packet - TUNNEL_BYTES_QFI, length + TUNNEL_BYTES_QFI, ends);
	gtpu_put_qfi(packet - GTPU_HEADER_QFI, qfi);
}
