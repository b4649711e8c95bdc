// tunnel_window.h - the headers of a common G-PDU, sixteen bytes at a time: to compare what came, and to write what goes.
//
// Pure, inline.
#pragma once
#include <immintrin.h>
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

#define TUNNEL_BYTES (IP4_HEADER + UDP_HEADER + GTPU_HEADER)
#define TUNNEL_TTL 64u // of the outer header
#define TUNNEL_ECN 3u  // in a TOS byte

// What the bytes are (kind), which of their bits must be so (counts), and where the lengths of tunnel_lengths go among them: the
// number of a byte there, whose first two are zero.
struct tunnel_window {
	_Alignas(16) uint8_t kind[16], counts[16], length[16];
};

// clang-format off
// Outer IPv4: version, TOS, length, identification, flags and fragment, TTL, protocol, checksum, source.
static const struct tunnel_window tunnel_outer = {
	.kind   = { [0] = 0x45, [6] = IP4_DF >> 8, [8] = TUNNEL_TTL, [9] = IP_UDP },
	.counts = { [0] = 0xff, [1] = TUNNEL_ECN, [2] = 0xff, 0xff, [6] = IP4_FRAGMENT >> 8, 0xff, [9] = 0xff },
	.length = { [2] = 3, 2 },
};

// From its destination on: that, UDP ports, length, checksum, GTP-U flags, type, length.
#define TUNNEL_MIDDLE 16u
static const struct tunnel_window tunnel_middle = {
	.kind   = { [6] = GTPU_PORT >> 8, GTPU_PORT & 0xff, [12] = GTPU_VERSION_1 | GTPU_PT, GTPU_G_PDU },
	.length = { [8] = 5, 4, [14] = 7, 6 },
};

// From the UDP length on: that, checksum, GTP-U flags, type, length, TEID, the user's IPv6 version.
#define TUNNEL_USER 24u
static const struct tunnel_window tunnel_user6 = {
	.kind   = { [4] = GTPU_VERSION_1 | GTPU_PT, GTPU_G_PDU, [12] = 0x60 },
	.counts = { [0] = 0xff, 0xff, [4] = 0xff, 0xff, 0xff, 0xff, [12] = 0xf0 },
	.length = { [0] = 5, 4, [6] = 7, 6 },
};
// clang-format on

// The lengths in a G-PDU of `left` bytes: nothing, the outer packet's, UDP's, what follows eight bytes of GTP-U.
static inline __m128i tunnel_lengths(uint32_t left)
{
	__m128i same = _mm_shufflelo_epi16(_mm_cvtsi32_si128((int)left), _MM_SHUFFLE(0, 0, 0, 1));

	return _mm_sub_epi16(same, _mm_setr_epi16(0, 0, IP4_HEADER, TUNNEL_BYTES, 0, 0, 0, 0));
}

static inline __m128i tunnel_bytes(const struct tunnel_window *window, __m128i lengths)
{
	return _mm_shuffle_epi8(lengths, *(const __m128i *)window->length) ^ *(const __m128i *)window->kind;
}

static inline bool tunnel_fits(const struct tunnel_window *window, const uint8_t *bytes, __m128i lengths)
{
	__m128i wrong = _mm_xor_si128(tunnel_bytes(window, lengths), _mm_loadu_si128((const __m128i *)bytes));

	return _mm_testz_si128(wrong, *(const __m128i *)window->counts);
}

// Whether this is what nearly every G-PDU of at least TUNNEL_BYTES is, as far as its outer header says: no options, no fragment, no
// congestion mark, and as long as it says. If it fits tunnel_user6 too, the user's packet begins at TUNNEL_BYTES and
// has the rest of the bytes, as all lengths say. Whatever differs in anything is for tunnel_open.
static inline bool tunnel_plain(const uint8_t *outer, __m128i lengths)
{
	return tunnel_fits(&tunnel_outer, outer, lengths) && be16_get(outer + IP4_HEADER + 2) == GTPU_PORT &&
	       ip4_sound(outer);
}

static inline uint32_t tunnel_plain_teid(const uint8_t *outer)
{
	return be32_get(outer + TUNNEL_BYTES - 4);
}

struct tunnel_ends {
	uint32_t source, destination; // outer addresses
	uint32_t teid;
	uint16_t port; // UDP source
	uint8_t tos;
};

// Writes TUNNEL_BYTES at `outer`, the headers of a G-PDU of `length` bytes in all: DF set, identification 0 (RFC 6864 4.1), no UDP
// checksum.
static inline void tunnel_put(uint8_t *outer, uint32_t length, const struct tunnel_ends *ends)
{
	__m128i lengths = tunnel_lengths(length), first = tunnel_bytes(&tunnel_outer, lengths);
	__m128i middle = tunnel_bytes(&tunnel_middle, lengths);
	uint64_t sum = (0x4500u + IP4_DF + (TUNNEL_TTL << 8 | IP_UDP) + (uint64_t)ends->source) + length + ends->tos +
		       ends->destination;

	first = _mm_insert_epi8(first, ends->tos, 1);
	first = _mm_insert_epi16(first, __builtin_bswap16((uint16_t)~ip_fold(sum)), 5);
	first = _mm_insert_epi32(first, (int)__builtin_bswap32(ends->source), 3);
	middle = _mm_insert_epi32(middle, (int)__builtin_bswap32(ends->destination), 0);
	middle = _mm_insert_epi16(middle, __builtin_bswap16(ends->port), 2);
	_mm_storeu_si128((__m128i *)outer, first);
	_mm_storeu_si128((__m128i *)(outer + TUNNEL_MIDDLE), middle);
	be32_put(outer + TUNNEL_BYTES - 4, ends->teid);
}
