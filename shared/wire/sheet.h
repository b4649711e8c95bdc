// sheet.h - the rules of one session as its worker carries them out: what ctrl compiles from PDRs, FARs, QERs and URRs (TS 29.244).
//
// A session that two lines can't tell (region.h) has a sheet beside them: one block of bytes, made by ctrl, checked by sheet_check
// before it is believed, then read by the packet path without another question. What packets change - tokens, gauges - lies behind it
// in the region and is not part of the sheet.
//
//   header | tunnels | pdrs | fars | qers | urrs | filters4 | filters6 | routes      each part a multiple of 8 bytes, in this order
//
// How a packet finds its rule. Every PDR is a bit, the highest precedence the lowest bit, so a set of PDRs is a word:
//
//   candidates = way[way] & tunnel[index of its TEID] & (open[family] | the words of all filters that match)
//
// and the PDR is the lowest bit of it whose QFIs include the packet's. Downlink, for an address behind the UE (LANE_FRAMED), the PDRs of
// the routes that hold it are the way's. All filters are compared with a packet eight at a time,
// so that thirty-two cost little more than one. Integers are host order, addresses as numbers. Pure functions.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "shared/wire/sheet_rules.h"

#define SHEET_PDRS 64u // bits of a word
#define SHEET_FARS 64u
#define SHEET_QERS 8u
#define SHEET_URRS 16u
#define SHEET_TUNNELS 16u // local TEIDs of a session
#define SHEET_FILTERS 64u // of each family
#define SHEET_ROUTES 16u  // networks behind the UE
#define SHEET_BYTES_MAX 16320u
#define SHEET_VERSION 1u
#define SHEET_WAITS_MAX 65535u // packets that wait; the gateway lets fewer

struct sheet {
	uint8_t version;
	uint8_t pdrs, fars, qers, urrs, tunnels;
	uint8_t groups4, groups6; // of eight filters each
	uint16_t bytes;           // all of it
	uint8_t routes;           // earlier builds leave 0, and refuse a sheet that has some
	uint8_t reserved;
	uint32_t episode; // of what waits: told to ctrl once for each (first packet buffered); never 0
	uint64_t way[SHEET_WAYS];
	uint64_t open[2]; // PDRs without a filter, as they take IPv4 packets; IPv6
};
_Static_assert(sizeof(struct sheet) == 48, "crosses processes");
// Then: uint64_t tunnel[tunnels], the PDRs of each local TEID. Index: bits above the slot in which a TEID differs from the line's (sheet_tunnel).

// Where the parts lie in a sheet that has been checked.
struct sheet_parts {
	const uint64_t *tunnel;
	const struct sheet_pdr *pdr;
	const struct sheet_far *far;
	const struct sheet_qer *qer;
	const struct sheet_urr *urr;
	const struct sheet_filters4 *filters4;
	const struct sheet_filters6 *filters6;
};

// Behind a header with these counts.
static inline struct sheet_parts sheet_parts_behind(const struct sheet *sheet, const void *behind)
{
	struct sheet_parts parts = { .tunnel = behind };

	parts.pdr = (const struct sheet_pdr *)(parts.tunnel + sheet->tunnels);
	parts.far = (const struct sheet_far *)(parts.pdr + sheet->pdrs);
	parts.qer = (const struct sheet_qer *)(parts.far + sheet->fars);
	parts.urr = (const struct sheet_urr *)(parts.qer + sheet->qers);
	parts.filters4 = (const struct sheet_filters4 *)(parts.urr + sheet->urrs);
	parts.filters6 = (const struct sheet_filters6 *)(parts.filters4 + sheet->groups4);
	return parts;
}

static inline struct sheet_parts sheet_parts(const struct sheet *sheet)
{
	return sheet_parts_behind(sheet, sheet + 1);
}

// Bytes of a sheet with these parts (those that count them are set), but for its routes.
static inline uint32_t sheet_bytes(const struct sheet *sheet)
{
	return (uint32_t)(sizeof(*sheet) + sheet->tunnels * sizeof(uint64_t) + sheet->pdrs * sizeof(struct sheet_pdr) +
			  sheet->fars * sizeof(struct sheet_far) + sheet->qers * sizeof(struct sheet_qer) +
			  sheet->urrs * sizeof(struct sheet_urr) + sheet->groups4 * sizeof(struct sheet_filters4) +
			  sheet->groups6 * sizeof(struct sheet_filters6));
}

static inline uint32_t sheet_all_bytes(const struct sheet *sheet)
{
	return sheet_bytes(sheet) + sheet->routes * (uint32_t)sizeof(struct sheet_route);
}

// Where the routes lie, behind a header with these counts.
static inline const struct sheet_route *sheet_routes_behind(const struct sheet *sheet, const void *behind)
{
	const uint8_t *header = (const uint8_t *)behind - sizeof(*sheet);

	return (const struct sheet_route *)(const void *)(header + sheet_bytes(sheet));
}

// A session's TEIDs differ in these bits alone, which are above the slot: index k has TEID teid ^ k << (SHARD_BITS + slot_bits).
#define SHEET_TUNNEL_BITS 4u
static inline uint32_t sheet_tunnel_teid(uint32_t teid, unsigned tunnel, unsigned slot_bits)
{
	return teid ^ (uint32_t)tunnel << (8u + slot_bits);
}

// Which of the session's TEIDs this one is, if the session's own is `teid`: 0..15; more: none.
static inline uint32_t sheet_tunnel(uint32_t teid, uint32_t asked, unsigned slot_bits)
{
	return (teid ^ asked) >> (8u + slot_bits) |
	       ((teid ^ asked) & ((1u << (8u + slot_bits)) - 1u) ? SHEET_TUNNELS : 0);
}

// 0, or -EINVAL with *field naming the first part that is wrong (static string): a version, a size, a count, an index, a bit that
// leads nowhere, a rate or a QFI out of range, an action or outer header that is none. bytes: how many there are.
int sheet_check(const void *bytes, size_t length, const char **field);

// 32 bits of a sheet's content, never 0: in its bearer, and so in the shard's digest.
uint32_t sheet_sum(const void *bytes, size_t length);
