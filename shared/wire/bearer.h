// bearer.h - what a worker is told about one session, as a plain struct, and its digest.
//
// ctrl compiles a session's rules into a bearer; the feed carries it; the worker that owns the shard writes it into
// the session's two lines. ctrl and worker compute the same digest from it, which is how the audit compares them.
// Integers are host order. Pure functions.
#pragma once
#include <stdint.h>

// Forwarding class of a direction (DSCP by class and colour: RFC 2474, RFC 2597, RFC 3246).
enum bearer_mark {
	BEARER_MARK_KEEP, // leave the inner DSCP as it came
	BEARER_MARK_BE,   // best effort: DSCP 0 whatever the colour
	BEARER_MARK_AF1,  // AF1x: green x1, yellow x2, red x3
	BEARER_MARK_AF2,
	BEARER_MARK_AF3,
	BEARER_MARK_AF4,
	BEARER_MARK_EF, // EF; red is always dropped
	BEARER_MARK_COUNT
};

enum bearer_flag {
	BEARER_COLOUR_AWARE =
	    1 << 0,                  // the incoming DSCP's drop precedence is the packet's colour (RFC 2697 aware mode)
	BEARER_RED_REMARK = 1 << 1,  // red is remarked and sent; else red is dropped
	BEARER_QFI = 1 << 2,         // downlink carries a PDU Session Container with qfi (TS 38.415)
	BEARER_GATE_CLOSED = 1 << 3, // refuse every packet of this direction (QER gate, TS 29.244 5.4.3)
	BEARER_SHEET = 1 << 4,       // the session's rules stand in its sheet (sheet.h); both ways or none
	BEARER_FLAGS = (1 << 5) - 1
};

// One direction's treatment.
struct bearer_way {
	uint16_t rate; // index into the shard's rate table; 0 = not policed
	uint8_t mark;  // enum bearer_mark
	uint8_t flags; // enum bearer_flag
};

struct bearer {
	uint64_t ue_ipv6;   // /64 prefix, 0 = none
	uint32_t ue_ipv4;   // 0 = none
	uint32_t teid;      // ours: where uplink arrives; never 0
	uint32_t peer_teid; // the radio side's: where downlink goes
	uint32_t peer_ipv4; // the radio side's GTP-U address; 0 = downlink not yet possible
	struct bearer_way uplink, downlink;
	uint8_t qfi; // 0..63, TS 38.415
	uint8_t reserved;
	uint16_t sheet_bytes; // BEARER_SHEET: of the sheet, a multiple of 8; else 0
	uint32_t sheet_sum;   // sheet_sum of it; else 0
};
_Static_assert(sizeof(struct bearer) == 40, "crosses processes");

// srTCM parameters of RFC 2697 section 2, shared by all bearers that name this index.
struct bearer_rate {
	uint64_t cir_bps;   // committed information rate, bits per second; > 0
	uint32_t cbs_bytes; // committed burst size
	uint32_t ebs_bytes; // excess burst size; 0 < cbs + ebs <= BEARER_BURST_MAX
};
#define BEARER_BURST_MAX (256u << 20) // keeps bursts x 8 x clock hertz below 2^64 for clocks up to 5 GHz
#define BEARER_CIR_MAX 1000000000000ull

// 64-bit digest of one occupied cell; a shard's digest is the XOR over its cells, so it is kept incrementally and
// order does not matter. The reserved byte does not count. Builds that have more fields than others serve side by side: a later field
// counts only where it is not zero, so that without it all agree.
uint64_t bearer_digest(uint32_t slot, const struct bearer *bearer);

// Range-checks every field. Returns 0, or -EINVAL with *field naming the first that is wrong (static string).
int bearer_check(const struct bearer *bearer, const char **field);
int bearer_rate_check(const struct bearer_rate *rate, const char **field);
