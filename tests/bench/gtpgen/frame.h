// frame.h - the frames net_gtpgen makes, and how one that comes back is judged. Pure: bytes in, bytes or a finding out.
//
//   uplink    Ethernet / IPv4 radio > gateway / UDP 2152 / GTP-U / IPv4 UE > host / UDP / mark
//   downlink  Ethernet / IPv4 host > UE / UDP / mark
//
// A frame is a template, copied in wide stores, and six fields patched; all checksums are right (the outer UDP one is 0, as TS
// 29.281 4.4.2.3 allows). The mark says which draw of the table the frame was made of, so whoever sees it come out of a gateway
// can look up what it must look like, without keeping anything.
#pragma once
#include <stdint.h>
#include <string.h>
#include "tests/bench/gtpgen/keys.h"

#define FRAME_WIDE 32u  // bytes of a store
#define FRAME_INNER 36u // smallest packet of a UE: IPv4, UDP, mark
#define FRAME_INNER_MAX 1500u
#define FRAME_OUTER 36u // IPv4, UDP, GTP-U
#define FRAME_ETHER 14u
#define FRAME_ROOM ((FRAME_ETHER + FRAME_OUTER + FRAME_INNER_MAX + FRAME_WIDE - 1) / FRAME_WIDE * FRAME_WIDE)

enum frame_way { FRAME_UP, FRAME_DOWN, FRAME_WAYS, FRAME_MIXED = FRAME_WAYS };

struct frame_plan {
	uint8_t gateway_mac[6], peer_mac[6];
	uint32_t radio, gateway, host; // host order
	uint16_t size;                 // of the UE's packet, bytes
};

struct frame_template {
	_Alignas(64) uint8_t bytes[FRAME_ROOM];
	uint32_t address_sum, mark_sum; // of the UE's IPv4 header, and of its UDP, without what is patched
	uint16_t length;                // of the frame
	uint16_t teid;                  // offsets of what is patched
	uint16_t address, address_check, udp_check, mark;
};

struct frame_mark { // as it lies in the frame
	uint32_t draw;
	uint8_t list; // of the keys
	uint8_t way;
	uint8_t magic[2];
};
_Static_assert(sizeof(struct frame_mark) == 8, "part of the smallest packet");

// What an outgoing frame was found to be. The list is the enum, the counter and the name of the statistic.
// clang-format off
#define FRAME_FINDINGS(F) \
	F(UP_PLAIN, up_plain)         /* uplink, out of its tunnel */ \
	F(UP_TUNNEL, up_tunnel)       /* uplink as it was made */ \
	F(DOWN_PLAIN, down_plain)     /* downlink as it was made */ \
	F(DOWN_TUNNEL, down_tunnel)   /* downlink in a tunnel: the right one */ \
	F(FOREIGN, foreign)           /* not made here: ARP, neighbour discovery */ \
	F(BAD_IP, bad_ip)             /* header malformed, or its checksum wrong */ \
	F(BAD_UDP, bad_udp)           /* length or checksum */ \
	F(BAD_GTPU, bad_gtpu)         /* header malformed */ \
	F(BAD_TUNNEL, bad_tunnel)     /* not that session's TEID, or not between these two hosts */ \
	F(BAD_MARK, bad_mark)         /* the mark names no draw */ \
	F(BAD_ADDRESS, bad_address)   /* not that session's address */
// clang-format on

enum frame_finding {
#define F(name, word) FRAME_##name,
	FRAME_FINDINGS(F)
#undef F
	    FRAME_FOUND,
	FRAME_BAD = FRAME_BAD_IP, // from here on
};

// Which way the frame of a draw goes where all should go `way`; of mixed ones, half go each way, in no order.
static inline uint32_t frame_way_of(enum frame_way way, uint32_t draw)
{
	return way == FRAME_MIXED ? (draw * 0x9e3779b1u) >> 31 : way;
}

void frame_template_make(struct frame_template *template, const struct frame_plan *plan, enum frame_way way);

// Judges a frame that a gateway sends: made from these keys and this plan.
enum frame_finding frame_judge(const uint8_t *frame, uint32_t length, const struct frame_plan *plan,
			       const struct keys *keys);

// Sums in memory order, as ones' complement sums may be taken. 0 is written as its other form: 0 would mean "none".
static inline uint16_t frame_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static inline uint32_t frame_halves(uint32_t word)
{
	return (word & 0xffff) + (word >> 16);
}

// Writes the frame of that draw of that list; up to FRAME_WIDE - 1 bytes behind its end are written too.
static inline void frame_write(uint8_t *to, const struct frame_template *template, const struct key *key, uint32_t draw,
			       uint8_t list)
{
	uint32_t sum = frame_halves(key->address);
	uint16_t udp = frame_fold(template->mark_sum + sum + frame_halves(draw) + list);
	uint16_t ip = frame_fold(template->address_sum + sum);

	for (unsigned at = 0; at < template->length; at += FRAME_WIDE)
		memcpy(to + at, template->bytes + at, FRAME_WIDE);
	memcpy(to + template->teid, &key->teid, 4);
	memcpy(to + template->address, &key->address, 4);
	memcpy(to + template->address_check, &ip, 2);
	udp = udp ? udp : 0xffff;
	memcpy(to + template->udp_check, &udp, 2);
	memcpy(to + template->mark, &draw, 4);
	to[template->mark + 4] = list;
}
