// change.h - the words between ctrl and a shard's owner, as plain structs.
//
//   ctrl --feed.proto--> courier --struct change, change ring--> worker loop
//   ctrl <--feed.proto-- courier <--struct report, report ring-- worker loop
//
// Each shard has one chain of changes. A change names its predecessor: it applies if and only if the shard stands at
// `prev`; then the shard stands at `seq`. seq <= the shard's: repeated, ignored, acknowledged again. Anything else: a
// gap, answered by CHANGE_GAP, and ctrl sends what is missing. A chain may skip numbers (prev < seq - 1): after a
// restart ctrl replays only the last word about each session.
//
// A snapshot is SWEEP_BEGIN (applies whatever the shard's seq, if the epoch is not older), SETs of everything that
// exists, SWEEP_END (which clears every cell not SET since BEGIN). Traffic and counters go on meanwhile.
#pragma once
#include <stdint.h>
#include "shared/wire/bearer.h"

enum change_verb {
	CHANGE_NONE,
	CHANGE_SET,         // upsert the cell's bearer; counters and policer state of a living TEID stay
	CHANGE_CLEAR,       // remove the cell; its last counters come back in a REPORT_FINAL
	CHANGE_RATE,        // define rate[index]
	CHANGE_SWEEP_BEGIN, //
	CHANGE_SWEEP_END,
	CHANGE_PART, // a piece of the sheet of the SET that follows; the shard must stand at `prev`, and goes on standing there (seq = prev)
	CHANGE_VERBS
};

// Pieces come in order, from offset 0 on, each directly before the next or the SET of the same slot; what does not follow what came before
// is a gap. A sheet whose pieces are not all there, or that is not the one the SET names, is one, too.
#define CHANGE_PART_BYTES 88u
struct change_part {
	uint16_t offset; // in the sheet
	uint16_t bytes;  // of data: 1..CHANGE_PART_BYTES
	uint32_t reserved;
	uint8_t data[CHANGE_PART_BYTES];
};

struct change {
	uint64_t epoch; // ctrl's epoch; older than the shard's is refused
	uint64_t prev;
	uint64_t seq;
	uint32_t slot; // SET, CLEAR, PART
	uint8_t shard;
	uint8_t verb;        // enum change_verb
	uint16_t rate_index; // RATE: 1..rates-1
	union {
		struct {
			union {
				struct bearer bearer;    // SET; CLEAR: teid only, 0 = whatever is there
				struct bearer_rate rate; // RATE
			};
			uint64_t
			    life; // SET: the latest life (region.h) ctrl has counted for this session; one that begins now is larger
		};
		struct change_part part; // PART
	};
};
_Static_assert(sizeof(struct change) == 128, "two lines of the change ring");

enum report_kind {
	REPORT_NONE,
	REPORT_ACK,      // shard stands at (epoch, seq); digest and sessions are of that moment
	REPORT_GAP,      // shard stands at (epoch, seq), and a change came that does not follow
	REPORT_NOT_MINE, // the seat does not own the shard (a move was under way); courier posts it again to the owner
	REPORT_REFUSED, // the change (epoch, seq, slot are its own) does not fit: our own bug or a foreign build; the shard
			// stands unchanged
	REPORT_FINAL, // last counters of a cell that was cleared, or is about to count for another session
	REPORT_LOST, // the owner found memory of the shard spoilt (digest: enum report_lost; slot: which), and put right what it could
	REPORT_GAUGE, // last count of a URR that is no more, or whose session ends; comes before that cell's FINAL. serial 0: of the
		      // session's lines, when the first of its URRs began to count
	REPORT_DATA, // the first packet that had to wait for the radio side since the sheet's `episode` began (SHEET_NOTIFY)
	REPORT_ECHO,   // of no shard: a peer's GTP-U Echo Response; seq is its sequence number
	REPORT_TUNNEL, // of no shard: an Error Indication about the tunnel `teid` that ends at `peer` (TS 29.281 7.3.1)
	REPORT_KINDS
};

enum report_lost {
	LOST_CELL,   // dropped; ctrl has it still
	LOST_RATE,   // undefined now; ctrl has it still
	LOST_SUM,    // the digest was not that of the cells
	LOST_INDEX,  // made again from the cells
	LOST_HEADER, // put back as the owner had left it
};

struct report {
	uint8_t kind; // enum report_kind
	uint8_t shard;
	uint8_t family;    // ECHO, TUNNEL: of the peer's address, 4 or 6
	uint8_t elsewhere; // TUNNEL: 1 = it came from another address than `peer`
	uint32_t slot;     // FINAL; ACK: number of sessions in the shard
	uint64_t epoch;
	uint64_t seq;
	union {
		uint64_t digest; // ACK, GAP
		uint64_t teid;   // FINAL, GAUGE, DATA, TUNNEL
	};
	uint64_t uplink_packets, uplink_bytes;     // FINAL, GAUGE
	uint64_t downlink_packets, downlink_bytes; // FINAL, GAUGE
	uint64_t red_packets;                      // FINAL: both directions
	uint64_t life;              // FINAL, GAUGE: since when these counters count (region.h); larger = later
	uint64_t first_ns, last_ns; // GAUGE: of its packets, nanoseconds since 1970; 0 = none
	uint32_t urr, serial;       // GAUGE (sheet.h)
	uint32_t episode;           // DATA
	uint16_t pdr;               // DATA: PDR ID
	uint8_t tos;                // DATA: of the packet
	uint8_t qfi;                // DATA: of the rule, 255 = none
	uint8_t peer[16];           // ECHO, TUNNEL: its address; IPv4 in the first four bytes
};
_Static_assert(sizeof(struct report) == 128, "two lines of the report ring");
