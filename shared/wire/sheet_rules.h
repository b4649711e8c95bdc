// sheet_rules.h - the parts of a session's sheet (sheet.h): what one PDR, FAR, QER, URR and filter says to a worker.
//
// Plain structs, each a multiple of eight bytes. Integers are host order, addresses as numbers.
#pragma once
#include <stdint.h>
#include "shared/wire/prefix.h"

enum sheet_way { SHEET_UPLINK, SHEET_DOWNLINK, SHEET_WAYS }; // as LINE_*: out of a tunnel to us; by the UE's address

enum sheet_pdr_flag {
	SHEET_ANY_SOURCE = 1 << 0, // uplink: the source need not be the UE's address (from or to the CP function)
	SHEET_FROM_CORE = 1 << 1,  // out of a tunnel of the core side: judged, filtered and counted as downlink
};

struct sheet_pdr {
	uint16_t id; // PDR ID; 0 = 65,536
	uint8_t flags;
	uint8_t far;            // index
	uint8_t qers, reserved; // a bit each
	uint16_t urrs;          // a bit each
	uint64_t qfis; // a bit each that it takes; all ones: any packet. Else those without a QFI are none of its
};
_Static_assert(sizeof(struct sheet_pdr) == 16, "crosses processes");

enum sheet_action { SHEET_DROP, SHEET_FORWARD, SHEET_BUFFER, SHEET_ACTIONS };
// None: a plain IP packet, towards the core.
enum sheet_outer { SHEET_OUTER_NONE, SHEET_OUTER_GTPU4, SHEET_OUTER_GTPU6, SHEET_OUTERS };
enum sheet_far_flag {
	SHEET_NOTIFY = 1 << 0,     // SHEET_BUFFER: ctrl is told of the first packet (NOCP)
	SHEET_BARE = SHEET_NOTIFY, // SHEET_FORWARD: no container goes along, but a QER's. Older builds do not look
	SHEET_DSCP = 1 << 1, // the outer header's DSCP is `dscp` (Transport Level Marking); else that of the inner one
	SHEET_HAS_PEER = 1 << 2, // the tunnel's other end is known; else SHEET_FORWARD into a tunnel is VERDICT_NO_PEER
};

struct sheet_far {
	uint32_t id; // FAR ID
	uint8_t action, outer, flags, dscp;
	union {
		uint32_t peer_teid;
		uint32_t lasts; // likewise: 1 = they wait until ctrl ends it; 0 = as long as any
	};
	union {
		uint32_t peer_ipv4;
		uint32_t waits; // SHEET_BUFFER without a peer: 1 and how many packets may wait; 0 = as many as of any
	};
	uint64_t peer_ipv6[2]; // as be64_get reads them
};
_Static_assert(sizeof(struct sheet_far) == 32, "crosses processes");

enum sheet_qer_flag {
	SHEET_GATE_UP = 1 << 0, // closed
	SHEET_GATE_DOWN = 1 << 1,
	SHEET_QFI = 1 << 2,    // downlink: the container carries it. Of a PDR's QERs the first that has one counts
	SHEET_REMARK = 1 << 3, // red is marked and sent (mark), not dropped
	SHEET_AWARE = 1 << 4,  // colour-aware
	SHEET_RQI = 1 << 5,    // downlink: the container asks for reflective QoS (TS 23.501 5.7.5)
};

// srTCM of RFC 2697 for each way; cir 0 = that way is not limited.
struct sheet_qer {
	uint32_t id; // QER ID
	uint8_t flags;
	uint8_t qfi;            // 0..63
	uint8_t mark, reserved; // enum bearer_mark
	uint64_t cir_bps[SHEET_WAYS];
	uint32_t cbs_bytes[SHEET_WAYS], ebs_bytes[SHEET_WAYS];
};
_Static_assert(sizeof(struct sheet_qer) == 40, "crosses processes");

enum sheet_urr_flag {
	SHEET_QUOTA = 1 << 0,   // quota[] counts; beyond it, VERDICT_QUOTA
	SHEET_STOPPED = 1 << 1, // used up by what ctrl knows (time): nothing passes
	SHEET_BEFORE = 1 << 2,  // counts what gates and meters refuse, too (MBQE)
	SHEET_EVENTS = 1 << 3,  // has events, of which one too many is VERDICT_QUOTA; earlier builds refuse it
};
enum sheet_volume { SHEET_TOTAL, SHEET_UP, SHEET_DOWN, SHEET_VOLUMES };
// quota[] of one that counts events: how many packets its gauge may come to, and which silence is before each, in seconds, 1 to UINT32_MAX.
enum sheet_events { SHEET_EVENTS_MAY = SHEET_TOTAL, SHEET_EVENTS_SILENCE = SHEET_UP };

// What is counted of a URR lies in its gauge (region.h).
struct sheet_urr {
	uint32_t id;     // URR ID; 0 = of one that counts what is dropped, or events, for another
	uint32_t serial; // which life of that id: a gauge goes on from sheet to sheet where it is the same
	uint32_t flags;
	// 1 + the place of one that no PDR names, whose gauge counts what is dropped of this one's packets to the UE (DROTH), its events; 0 = none
	uint16_t dropped, events;
	// Bytes, compared with the gauge: what it may come to in this life of the session's counters (region.h). UINT64_MAX = no limit.
	uint64_t quota[SHEET_VOLUMES];
};
_Static_assert(sizeof(struct sheet_urr) == 40, "crosses processes");

// Eight filters side by side: filter i is entry i of each column. A packet matches where all agree:
//   (remote ^ address) & mask == 0   remote: downlink the source, uplink the destination
//   ports: lowest in the low half, highest in the high half; 0xffff0000 = any, packets without ports too; any other range: those have none
//   kind: protocol | its mask << 8 | TOS << 16 | its mask << 24    (mask 0 = any)
//   spi:  of ESP or AH; has_spi 0 = any
// pdrs: low and high half of the word of PDRs that this filter leads to; both 0: no filter here.
struct sheet_filters4 {
	uint32_t remote[8], mask[8], remote_ports[8], local_ports[8], kind[8], spi[8], has_spi[8], pdrs_low[8],
	    pdrs_high[8];
};
_Static_assert(sizeof(struct sheet_filters4) == 288, "crosses processes");

// The same for IPv6; label: flow label | its mask, 20 bits each, mask 0 = any.
struct sheet_filters6 {
	uint32_t remote[4][8], mask[4][8], remote_ports[8], local_ports[8], kind[8], spi[8], has_spi[8], label[8],
	    label_mask[8], pdrs_low[8], pdrs_high[8];
};
_Static_assert(sizeof(struct sheet_filters6) == 544, "crosses processes");

// A network behind the UE (framed route, TS 29.244 5.16): packets from there are the session's, and those to there find their PDR among
// `pdrs`; none: those are nobody's.
struct sheet_route {
	struct prefix prefix;
	uint64_t pdrs;
};
_Static_assert(sizeof(struct sheet_route) == 32, "crosses processes");
