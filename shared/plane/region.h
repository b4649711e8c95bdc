// region.h - the memory of one shard: header, rate table, address index, session lines.
//
// A bank (bank.h) holds 256 regions of equal stride. One seat owns a region at a time and is its only writer; the courier reads
// counters. Nothing here is a pointer. A common packet touches one line of uplink or downlink, and nothing of rest. Rules: ruled.h.
//
//   header | rates[plane.rates] | index[plane.buckets] | uplink[slots] | downlink[slots] | rest[slots] | a sheet | rules[slots][2]
#pragma once
#include <stdatomic.h>
#include <stdint.h>
#include "shared/wire/bearer.h"

#define REGION_MAGIC 0x53484f414c534844ull // "SHOALSHD"

struct region_header {
	uint64_t magic; // w: the owner seat (by its loop)
	uint32_t shard;
	uint32_t owner; // seat, or PLANE_SEAT_NONE. w: the seat that gives it up, then the seat that takes it
	_Atomic uint64_t epoch, seq; // last change applied (change.h)
	_Atomic uint64_t digest;     // XOR of bearer_digest over the cells
	_Atomic uint32_t sessions;
	uint32_t sweep;        // number of the sweep under way or done; rest.sweep of a cell SET since equals it
	uint32_t sweep_next;   // next slot to look at while SWEEP_END is being worked off
	uint32_t foreign_used; // entries in the address index
	// While a cell is being changed: the cell (slot + 1; 0 = none), and digest, sessions and foreign_used without
	// it. Who takes over from an owner killed in between adds the cell as it is (lines_adopt).
	uint64_t pending_digest;
	uint32_t pending, pending_sessions, pending_foreign;
	_Atomic uint32_t taken; // how often it was: who looked away sees that the shard was elsewhere
	uint32_t reserved[12];
};
_Static_assert(sizeof(struct region_header) == 128, "two lines");

// A rate as the policer uses it. Tokens are bits x clock hertz: one clock tick adds cir_bps tokens, a byte costs
// 8 x hertz tokens. Nothing is rounded. cbs and ebs are in tokens. cir_bps 0 = not defined.
struct region_rate {
	uint64_t cir_bps, cbs, ebs;
	uint64_t check; // of the others (lines.c); 0 with all of them 0
};

// Foreign addresses, eight a bucket. Key: IPv4 address or folded IPv6 prefix; 0 = free. Believed only where the line agrees.
struct region_bucket {
	uint32_t key[8];
	uint32_t slot[8];
};
_Static_assert(sizeof(struct region_bucket) == 64, "one line a look-up");

// In line.flags, beside enum bearer_flag. Plain: packets of the family need no rarer questions (lines.c).
#define LINE_VALID 0x80u // written last, cleared first
#define LINE_PLAIN4 0x40u
#define LINE_PLAIN6 0x20u

// One direction of one session: everything a common packet needs. w: owner
struct line {
	uint32_t teid;      // uplink: ours. downlink: the peer's
	uint32_t peer_ipv4; // radio side's GTP-U address
	uint64_t ue_ipv6;   // /64 prefix, 0 = none
	uint32_t ue_ipv4;   // 0 = none
	uint16_t rate;      // index into rates; 0 = not policed
	uint8_t mark;       // enum bearer_mark
	uint8_t qfi;
	uint8_t flags; // enum bearer_flag | LINE_VALID
	uint8_t reserved;
	uint16_t check;     // of the configured part above, without LINE_VALID (lines.c)
	uint32_t packets;   // forwarded; low 32 bits, see rest.half_turns
	uint64_t tokens_at; // clock of the last token update
	uint64_t tc, te;    // committed and excess tokens (RFC 2697 section 3)
	uint64_t bytes;     // forwarded, inner IP bytes
};
_Static_assert(sizeof(struct line) == 64, "one cold line a packet");

enum { LINE_UPLINK, LINE_DOWNLINK, LINE_WAYS };

// The part of a cell that common packets do not touch. w: owner
//
// Counters only grow within one life. Where they begin at zero (another session in the cell, a region without memory of it) a
// larger life begins; lives of a session add up. Whoever ends a life reports it first (REPORT_FINAL).
struct rest {
	uint64_t red_packets[LINE_WAYS]; // policed red, dropped or remarked
	uint64_t red_bytes[LINE_WAYS];
	uint32_t half_turns[LINE_WAYS]; // of line.packets; region_packets puts the two together
	uint32_t teid;                  // the session the counters belong to: our TEID; 0 while they begin anew
	uint32_t sweep;
	uint64_t life;    // when the counters began, nanoseconds since 1970; larger than any earlier one of this cell
	uint32_t ruled;   // which of the cell's two rooms for rules is in force: 1 or 2; 0 = none
	uint32_t advised; // when its last router advertisement was sent (workers/pipe/advert.h)
};
_Static_assert(sizeof(struct rest) == 64, "one line");

// All packets of a line, 63 bits. Parity tells whether the last half turn has been noted, so neither a reader in
// another process (half_turns first, then low) nor a kill between the two stores ever sees a jump.
static inline uint64_t region_packets(uint32_t half_turns, uint32_t low)
{
	half_turns += (half_turns ^ low >> 31) & 1;
	return ((uint64_t)half_turns << 31) + (low & 0x7fffffff);
}

// A region's parts, found once; private memory. All zero: none, and any slot is beyond its end.
struct region {
	struct region_header *header;
	uint64_t slots, reserved;
	struct region_rate *rates;
	struct region_bucket *index;
	struct line *uplink, *downlink;
	struct rest *rest;
};
_Static_assert(sizeof(struct region) == 64, "found by a shift");

// Sizes shared by all regions (in struct plane).
struct region_shape {
	uint32_t slots, foreign; // cells per shard; of those, the last ones hold addresses that are not from our pools
	uint16_t rates;          // rate table entries, entry 0 unused
	uint16_t sheet;   // room for rules (ruled.h) of each cell and half, in 64-byte lines; 0 = this plane has none
	uint32_t buckets; // power of two, >= 1
};

uint64_t region_stride(const struct region_shape *shape); // bytes
struct region region_at(void *zone, const struct region_shape *shape, unsigned shard);

// A power of two for `foreign` sessions, two addresses each, at a load of at most one half; not so few that many have the same two.
uint32_t region_buckets(uint32_t foreign);
