// tunnel_usual.h - what nearly every G-PDU looks like: an outer IPv4 header without options, and GTP-U with nothing behind its first eight
// bytes or, from a gNB, with a PDU Session Container alone.
//
// Pure, inline. Reads TUNNEL_USER + 16 bytes, and TUNNEL_BYTES_QFI where there is a container.
#pragma once
#include "workers/pipe/tunnel_window.h"

#define TUNNEL_BYTES_QFI (IP4_HEADER + UDP_HEADER + GTPU_HEADER_QFI)

// clang-format off
// From the UDP length on, with or without extension headers: that, checksum, GTP-U flags, type, length, TEID.
static const struct tunnel_window tunnel_user = {
	.kind   = { [4] = GTPU_VERSION_1 | GTPU_PT, GTPU_G_PDU },
	.counts = { [0] = 0xff, 0xff, [4] = 0xff & ~GTPU_E, 0xff, 0xff, 0xff },
	.length = { [0] = 5, 4, [6] = 7, 6 },
};
// clang-format on

// Behind GTP-U's first eight bytes, as be64_get reads them: type of the container, one block of four bytes, UL or DL PDU Session Information
// (TS 38.415 5.5.2), nothing behind it. Sequence and N-PDU numbers mean nothing without their flags.
#define TUNNEL_CONTAINER ((uint64_t)GTPU_PDU_SESSION << 32 | 1u << 24)
#define TUNNEL_CONTAINER_COUNTS 0xffffe000ffull
#define TUNNEL_CONTAINER_UP (1u << 20)

// Bytes of the headers in front of the user's packet, which has the rest of `left` as all lengths say; 0: whatever differs in anything, for
// tunnel_open. *container: GTPU_CONTAINER.
static inline uint32_t tunnel_usual(const uint8_t *outer, uint32_t left, uint8_t *container)
{
	__m128i lengths = tunnel_lengths(left);
	uint64_t options;

	if (!tunnel_plain(outer, lengths) || !tunnel_fits(&tunnel_user, outer + TUNNEL_USER, lengths))
		return 0;
	*container = 0;
	if (!(outer[TUNNEL_BYTES - GTPU_HEADER] & GTPU_E))
		return TUNNEL_BYTES;
	options = be64_get(outer + TUNNEL_BYTES);
	if (left < TUNNEL_BYTES_QFI || (options & TUNNEL_CONTAINER_COUNTS) != TUNNEL_CONTAINER)
		return 0;
	*container = (uint8_t)(GTPU_CONTAINER | (options & TUNNEL_CONTAINER_UP ? GTPU_CONTAINER_UP : 0) |
			       (options >> 8 & GTPU_CONTAINER_QFI));
	return TUNNEL_BYTES_QFI;
}
