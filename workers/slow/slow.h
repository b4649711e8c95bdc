// slow.h - the slow lane's packet function: what the gateway itself answers.
//
// GTP-U Echo and Error Indication, ICMP echo to our own addresses, and ICMP errors for packets that can't go on. Answers are built in copies and put into
// the rooms when all of the burst are ready: so a packet that kills finds the others as they came, to be lent again. Pure but for the rate limits in struct slow, which belong to the loop of seat PLANE_SEAT_SLOW.
#pragma once
#include "shared/plane/lane.h"
#include "shared/plane/plane.h"
#include "shared/wire/change.h"

#define SLOW_ERRORS_PER_SECOND 1000u // ICMP errors (RFC 1812 4.3.2.8, RFC 4443 2.4 f)
#define SLOW_ECHOES_PER_SECOND 10000u
#define SLOW_SIGNALS_PER_SECOND \
	1000u // Error Indications and Supported Extension Headers Notifications, to all peers together
#define SLOW_SIGNALS_TO_ONE 100u    // to one of them
#define SLOW_PEERS 256u             // those that fall into the same place share it
#define SLOW_TALK_PER_SECOND 10000u // Echo Responses and Error Indications that are told to the controller
#define SLOW_TALK_OF_ONE 1000u      // of one peer
#define SLOW_ELSEWHERE_PER_SECOND \
	1000u // Error Indications from another address than the one they name: a share of their own
#define SLOW_ELSEWHERE_OF_ONE 500u
#define SLOW_ELSEWHERE_BURST 500u
#define SLOW_ELSEWHERE_BURST_OF_ONE 250u
#define SLOW_TALK_BURST 2000u
#define SLOW_TALK_BURST_OF_ONE 500u
#define SLOW_LIMIT_BURST 100u
#define SLOW_BURST_TO_ONE 20u

// Counts in time: `at` is when the last admitted answer would have left a wire of just that many a second.
struct slow_limit {
	uint64_t at, step, depth; // clock ticks
};

struct slow {
	const struct plane_net *net;
	const struct rooms *rooms;
	const struct plane *plane; // null, or slow_speaks
	struct slow_limit errors, echoes, signals, peers[SLOW_PEERS], talk, talkers[SLOW_PEERS];
	struct slow_limit elsewhere, elsewheres[SLOW_PEERS];
	unsigned hears;                        // so many reports the caller takes of the next burst: LANE_BURST at most
	unsigned heards;                       // and so many there are
	struct report heard[LANE_BURST];       // heard.h
	uint8_t copy[LANE_BURST][ROOM_STRIDE]; // of the burst's packets, where they lie in their rooms
};

void slow_open(struct slow *slow, const struct plane_net *net, const struct rooms *rooms);

// Whose addresses its ICMP errors speak with: that of the port a packet came by, and to a subscriber of the first port of his network.
// Before: net.icmp_ipv4 and icmp_ipv6 always.
void slow_speaks(struct slow *slow, const struct plane *plane);

// A loop_work. Turns each handle (LANE_LOCAL, LANE_TTL, LANE_BIG) into its answer or its refusal. An answer is VERDICT_ANSWERED
// and leaves by the port the packet came from; or, to a packet that came out of a tunnel, VERDICT_STEER_AGAIN, since its way
// back leads through the subscriber's worker.
void slow_work(void *with, struct lane_handle *handles, unsigned n, uint64_t now);

struct signal;
bool slow_admit(struct slow_limit *limit, uint64_t now);
unsigned slow_place(const struct signal *signal); // a peer's among SLOW_PEERS

// A packet in its room, as the answering functions want it. They return the room's new verdict and set packet and length.
struct slow_packet {
	uint8_t *packet; // IP header; SLOW_HEADROOM bytes in front of it may be written
	uint32_t length; // of the IP packet
};

// What an answer may need in front of the packet: IPv6 and ICMPv6 headers, then a tunnel, then L2.
#define SLOW_HEADROOM 116u
