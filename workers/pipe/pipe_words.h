// pipe_words.h - the constants of the short way, eight wide: an instruction takes them from memory, where a compiler that knew their
// values would make each anew, in three instructions. Read only.
#pragma once
#include "workers/pipe/columns.h"

// "As it lies": in the order of the packet's bytes. Others are in host order.
struct pipe_words {
	COLUMN low, high, byte, none;                   // halves of a word; its lowest byte; all of it
	COLUMN uplink, downlink;                        // of handles: kinds
	COLUMN stride, up_least, down_least, front_qfi; // of handles: limits
	COLUMN plain4;                                  // flags of a line
	COLUMN burst, turning;  // packets in one; what of a counter is zero if it turns over within it
	COLUMN hop, hop_carry;  // what one hop less adds to the word that has TTL and checksum; to a checksum, and one
	COLUMN version;         // first word: of IPv4 without options
	COLUMN version_counts;  // what of it is compared: not the TOS byte
	COLUMN outer_counts;    // of the tunnel's: its ECN too
	COLUMN fragment;        // second word, as it lies: the bits that make a fragment
	COLUMN whole;           // the tunnel's second word, as it lies
	COLUMN udp_counts, udp; // third word, as it lies
	COLUMN tunnel_third;    // the tunnel's, with all of a checksum's bits
	COLUMN gtpu_port;       // as it lies, behind another
	COLUMN gpdu;            // GTP-U's first word
	COLUMN front, front_ip; // bytes in front of a user's packet; of the tunnel's IPv4 header
	COLUMN inward;          // what coming out of its tunnel adds to a packet's offset and length
	COLUMN qfi;             // flag of a line
	COLUMN tcp, udp_protocol, sctp;
	COLUMN ports_least;         // one less than the shortest packet that has ports
	COLUMN flow_low, flow_high; // FLOW_FACTOR
	COLUMN port_first;          // FLOW_PORT_FIRST and GTPU_PORT behind it
};

extern const struct pipe_words pipe_words __attribute__((visibility("hidden")));
