// steer.h - where a frame goes: a pure function of its header bytes.
//
//   access side: UDP 2152 to a GTP-U address of ours, message type G-PDU or End Marker  -> LANE_UPLINK, shard = low byte of our TEID (alias.h)
//   core side:   any other IP destination                           -> LANE_DOWNLINK, shard by hash or exception
//                out of another network than its port's (network.h)  -> refused
//                behind a subscriber (framed.h), and in no pool       -> LANE_FRAMED, shard = low byte of the session's TEID
//   either:      our own addresses, in the port's network           -> LANE_LOCAL (slow lane)
//                ARP, neighbour solicitation / advertisement / RS    -> STEER_NEIGH (the primary answers itself)
//
// Reads at most the first STEER_BYTES of a frame. No DPDK.
#pragma once
#include <stdint.h>
#include "primary/edge/alias.h"
#include "primary/edge/framed.h"
#include "primary/edge/network.h"
#include "primary/nic/nic.h"
#include "shared/base/conf.h"
#include "shared/plane/plane.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

struct steer; // ports' roles and VLANs, own addresses, exceptions; built once, exceptions replaced by message

struct steer_result {
	uint8_t kind;  // enum lane_kind; with anything but STEER_TO_LANE: LANE_NONE
	uint8_t code;  // STEER_TO_LANE, _NEIGH, _JOIN, or the enum verdict that refuses it (final, never FORWARD)
	uint8_t shard; // LANE_UPLINK, LANE_DOWNLINK, LANE_FRAMED
	uint8_t l3;    // offset of the IP (or ARP) header in the frame: 14 or 18
	uint32_t hint; // as in lane.h
	uint8_t port;  // steer_frame: it came by; of those that share a device, the one of its VLAN
};
#define STEER_BYTES 94u // Ethernet, one tag, IPv4 with all options, UDP, GTP-U
#define STEER_TO_LANE 255u
#define STEER_NEIGH 254u
#define STEER_JOIN 253u // a fragment for our GTP-U address (join.h)

struct steer_exception {
	uint64_t ipv6;
	uint32_t ipv4;
	uint32_t teid; // of the session, in whose network they are (network.h); 0: where none is named
	uint8_t shard;
};
#define STEER_EXCEPTIONS_MAX 65536u

struct quarantine;
struct steer *steer_make(const struct conf *conf, const struct plane *plane); // null: no memory
void steer_free(struct steer *steer);

// Says a port's MAC, once it is known: frames to another unicast MAC are then refused, and the link-local address made from it
// (RFC 4291 appendix A) counts as our own. Once a port, before first use.
void steer_mac(struct steer *steer, unsigned port, const uint8_t mac[6]);

// Packets of whoever is in there are refused with VERDICT_QUARANTINED; hint = index. Tells it where networks share addresses, as long as
// steering lives. Once, before first use.
void steer_quarantine(struct steer *steer, struct quarantine *quarantine);

// Replaces the whole exception table. Builds the new one aside, then swaps; loop thread. 0, -E2BIG, -ENOMEM.
int steer_exceptions(struct steer *steer, const struct steer_exception *list, unsigned count);

// Foreign TEIDs (alias.h): what is said of a G-PDU for one is said of ours; whoever asked writes that into its header (steer_claim).
// Loop thread. steer_alias: 0, or -ENOSPC: the table is full, and some of the list were not taken.
int steer_alias(struct steer *steer, const struct alias *list, unsigned count);
bool steer_aliased(const struct steer *steer); // whether there are any

// Networks behind subscribers (framed.h). Loop thread. 0, or the last error of framed_set: those of the list were not taken.
int steer_frame_routes(struct steer *steer, const struct framed_word *list, unsigned count);

// ip: of a G-PDU that was steered to `teid`.
static inline void steer_claim(uint8_t *ip, uint32_t teid)
{
	uint8_t *at = ip + (ip[0] >> 4 == 6 ? IP6_HEADER : (ip[0] & 15u) * 4) + UDP_HEADER + GTPU_TEID;

	if (be32_get(at) != teid)
		be32_put(at, teid);
}

// port: of those on the device, the first.
struct steer_result steer_frame(const struct steer *steer, unsigned port, const uint8_t *frame, unsigned length);

// Handles as a lane takes them, but for their turn, and where they go.
struct steer_burst {
	struct lane_words words[NIC_BURST];
	uint8_t shard[NIC_BURST];
};

// The same for the usual ones of a burst, all together: a G-PDU, or IPv4 for a subscriber. Returns the set of those; what is said
// of the others means nothing, and is steer_frame's to say.
uint32_t steer_usual(const struct steer *steer, unsigned port, const struct nic_burst *in, struct steer_burst *out);

// The side that what comes from inside counts as having come from: CONF_ACCESS or CONF_CORE, and there a network; 0: any.
struct steer_side {
	uint8_t role, network;
};

// For an IP packet that comes from inside (VERDICT_STEER_AGAIN, VERDICT_FORWARD to our own address): same answer, from its IP header.
// Never STEER_NEIGH: ND does not cross a hop. l3 is 0.
struct steer_result steer_packet(const struct steer *steer, struct steer_side side, const uint8_t *packet,
				 unsigned length);
