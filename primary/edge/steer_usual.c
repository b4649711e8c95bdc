// steer_usual.c - the usual frames of a burst, straight into handles. What it leaves out, steer_frame tells.
//
// The packet path: the primary's loop only.
#include <immintrin.h>
#include <string.h>
#include "primary/edge/steer_inside.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

// Sixteen bytes of a frame: what they are, where their bits count.
struct steer_window {
	__m128i kind, counts;
};

// clang-format off
// Destination MAC, which is filled in, and source; Ethernet type, IPv4 version without options, TOS.
static const struct steer_bytes { _Alignas(16) uint8_t kind[16], counts[16]; } steer_start = {
	.kind   = { [12] = ETHER_IPV4 >> 8, ETHER_IPV4 & 0xff, 0x45 },
	.counts = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, [12] = 0xff, 0xff, 0xff },
};

// Length, identification, flags and fragment, TTL, protocol, checksum, source, half the destination, which is filled in.
static const struct steer_bytes steer_outer = {
	.kind   = { [7] = IP_UDP },
	.counts = { [4] = IP4_FRAGMENT >> 8, IP4_FRAGMENT & 0xff, [7] = 0xff, [14] = 0xff, 0xff },
};

// The other half, UDP ports, length, checksum, GTP-U flags, type, length, half the TEID.
static const struct steer_bytes steer_inner = {
	.kind   = { [4] = GTPU_PORT >> 8, GTPU_PORT & 0xff, [10] = GTPU_VERSION_1 | GTPU_PT, GTPU_G_PDU },
	.counts = { 0xff, 0xff, [4] = 0xff, 0xff, [10] = 0xf0, 0xff },
};
// clang-format on

void steer_usual_make(struct steer *steer)
{
	for (unsigned port = 0; port < PLANE_PORTS; port++)
		memcpy(steer->port[port].start, steer_start.kind, 16);
	memcpy(steer->outer, steer_outer.kind, 16);
	memcpy(steer->inner, steer_inner.kind, 16);
	be16_put(steer->outer + 14, (uint16_t)(steer->gtpu_ipv4 >> 16));
	be16_put(steer->inner, (uint16_t)steer->gtpu_ipv4);
	steer->tails |= 1ull << steer->gtpu_ipv4 % 64;
}

#define STEER_USUAL_BYTES (ETHER_HEADER + IP4_HEADER + UDP_HEADER + GTPU_HEADER)

static inline struct steer_window steer_window(const uint8_t *kind, const struct steer_bytes *bytes)
{
	return (struct steer_window){ *(const __m128i *)kind, *(const __m128i *)bytes->counts };
}

static inline bool steer_fits(struct steer_window window, const uint8_t *bytes)
{
	__m128i wrong = _mm_xor_si128(window.kind, _mm_loadu_si128((const __m128i *)(const void *)bytes));

	return _mm_testz_si128(wrong, window.counts);
}

// Whether the IPv4 packet is as long as it says, and no shorter than `least`.
static inline bool steer_whole(const uint8_t *frame, unsigned length, unsigned least)
{
	return be16_get(frame + ETHER_HEADER + 2) - least <= length - ETHER_HEADER - least;
}

// For who shares his last byte with us, in whichever network.
static __attribute__((noinline)) bool steer_ours(const struct steer *steer, uint32_t destination)
{
	return destination == steer->gtpu_ipv4 ||
	       addrmap_get(&steer->own[0], address_ipv4(destination), STEER_OTHER) != STEER_OTHER;
}

// Whether it is for a subscriber, if for anybody.
static inline bool steer_usual_down(const struct steer *steer, const uint8_t *frame, unsigned length)
{
	return !address_no_host4((uint32_t)frame[30] << 24) && steer_whole(frame, length, IP4_HEADER) &&
	       !(steer->tails >> frame[33] % 64 & 1 && steer_ours(steer, be32_get(frame + 30)));
}

// What a handle says of its packet beside room, hint and turn, but for where the frame lies.
static uint64_t steer_kind(unsigned port, enum lane_kind kind)
{
	return ETHER_HEADER - ((uint64_t)ETHER_HEADER << LANE_WORD_LENGTH) + ((uint64_t)port << LANE_WORD_PORT) +
	       ((uint64_t)kind << LANE_WORD_CODE);
}

// The hint ends in the shard.
static inline void steer_put(struct steer_burst *out, unsigned i, struct nic_frame frame, uint32_t hint, uint64_t kind)
{
	uint64_t where = frame.offset | (uint64_t)frame.length << LANE_WORD_LENGTH;

	out->shard[i] = (uint8_t)hint;
	_mm_storeu_si128((__m128i *)(void *)&out->words[i],
			 _mm_set_epi64x((long long)(where + kind), (long long)(frame.room | (uint64_t)hint << 32)));
}

static inline uint32_t steer_hint4(const struct steer *steer, uint32_t destination)
{
	uint32_t hint = shard_hint(destination, shard_of_ipv4(destination));

	if (steer->networks.exceptions.entries)
		hint = addrmap_get(&steer->networks.exceptions, address_ipv4(destination), hint);
	return hint;
}

// Whether somebody may have the address, as far as the port's network goes, and his hint.
static inline bool steer_found(const struct steer *steer, unsigned port, unsigned role, uint32_t destination,
			       uint32_t *hint)
{
	if (role & STEER_APART)
		*hint = networks_find4(&steer->networks, steer->networks.port[port], destination);
	else
		*hint = steer_hint4(steer, destination);
	return !(role & STEER_APART) || *hint != NETWORKS_NOBODY;
}

// Those for foreign TEIDs among them are told of as ours.
static __attribute__((noinline)) void steer_own_teids(const struct steer *steer, struct steer_burst *out,
						      uint32_t usual)
{
	for (; usual; usual &= usual - 1) {
		unsigned i = (unsigned)__builtin_ctz(usual);
		uint32_t teid = (uint32_t)(out->words[i].place >> 32), own;

		if (out->words[i].rest >> LANE_WORD_CODE != LANE_UPLINK)
			continue;
		own = aliases_own(&steer->aliases, teid);
		out->words[i].place ^= (uint64_t)(teid ^ own) << 32;
		out->shard[i] = shard_of_teid(own);
	}
}

// Those for networks behind subscribers among them: the word of a handle that says which kind, and the session's TEID for a hint. Where
// routing domains are named, what is usual is for a pool.
static __attribute__((noinline)) void steer_framed_usual(const struct steer *steer, const struct nic_burst *in,
							 struct steer_burst *out, uint32_t usual)
{
	for (; usual; usual &= usual - 1) {
		unsigned i = (unsigned)__builtin_ctz(usual);
		uint32_t teid;

		if (out->words[i].rest >> LANE_WORD_CODE != LANE_DOWNLINK)
			continue;
		teid = steer_framed4(steer, 0, be32_get(in->bytes[i] + 30));
		if (!teid)
			continue;
		out->words[i].rest ^= (uint64_t)(LANE_DOWNLINK ^ LANE_FRAMED) << LANE_WORD_CODE;
		out->words[i].place = (uint32_t)out->words[i].place | (uint64_t)teid << 32;
		out->shard[i] = shard_of_teid(teid);
	}
}

// For a port of that role.
static inline __attribute__((always_inline)) uint32_t steer_each(const struct steer *steer, unsigned port,
								 const struct nic_burst *in, struct steer_burst *out,
								 unsigned role)
{
	const struct steer_window start = steer_window(steer->port[port].start, &steer_start);
	const struct steer_window outer = steer_window(steer->outer, &steer_outer);
	const struct steer_window inner = steer_window(steer->inner, &steer_inner);
	const uint64_t up = steer_kind(port, LANE_UPLINK), down = steer_kind(port, LANE_DOWNLINK);
	uint32_t usual = 0, bit = 1, hint;

	for (unsigned i = 0; i < in->n; i++, bit <<= 1) {
		const uint8_t *bytes = in->bytes[i];
		unsigned length = in->frame[i].length;

		if (length < STEER_USUAL_BYTES || !steer_fits(start, bytes))
			continue;
		if (role & CONF_ACCESS && steer_fits(outer, bytes + 16) && steer_fits(inner, bytes + 32) &&
		    steer_whole(bytes, length, STEER_USUAL_BYTES - ETHER_HEADER))
			steer_put(out, i, in->frame[i], be32_get(bytes + 46), up);
		else if (role & CONF_CORE && steer_usual_down(steer, bytes, length) &&
			 steer_found(steer, port, role, be32_get(bytes + 30), &hint))
			steer_put(out, i, in->frame[i], hint, down);
		else
			continue;
		usual |= bit;
	}
	return usual;
}

// Ports for both, and those towards networks.
static __attribute__((noinline)) uint32_t steer_rarer(const struct steer *steer, unsigned port,
						      const struct nic_burst *in, struct steer_burst *out)
{
	switch (steer->port[port].usual) {
	case CONF_CORE | STEER_APART:
		return steer_each(steer, port, in, out, CONF_CORE | STEER_APART);
	case CONF_BOTH | STEER_APART:
		return steer_each(steer, port, in, out, CONF_BOTH | STEER_APART);
	}
	return steer_each(steer, port, in, out, CONF_BOTH);
}

// Most frames are for our MAC, untagged, IPv4 without options, and then a G-PDU or for a subscriber: told by sixteen bytes of the
// header at a time. What is not, or could be refused, goes by the whole rule, which says the same of these.
uint32_t steer_usual(const struct steer *steer, unsigned port, const struct nic_burst *in, struct steer_burst *out)
{
	const struct steer_port *at = &steer->port[port];
	uint32_t usual;

	if (!at->mac || at->vlan || steer_wary(steer))
		return 0;
	switch (at->usual) {
	case CONF_ACCESS:
		usual = steer_each(steer, port, in, out, CONF_ACCESS);
		break;
	case CONF_CORE:
		usual = steer_each(steer, port, in, out, CONF_CORE);
		break;
	default:
		usual = steer_rarer(steer, port, in, out);
	}
	if (steer->aliases.count && at->role & CONF_ACCESS)
		steer_own_teids(steer, out, usual);
	if (steer->framed.count && at->role & CONF_CORE && !(at->usual & STEER_APART))
		steer_framed_usual(steer, in, out, usual);
	return usual;
}
