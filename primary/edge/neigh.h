// neigh.h - next hops: ARP (RFC 826) and ND (RFC 4861) as resolver and responder, routes, and packets that wait.
//
// One table for all ports: bounded, entries age (reachable 30 s after last proof, then asked again while still used, given
// up after 3 unanswered asks 1 s apart). Route: route.h. Owned by the primary's loop. Frames in, frames out; no DPDK.
#pragma once
#include <stdint.h>
#include "primary/lane/lane_back.h"
#include "primary/nic/nic.h"
#include "shared/base/conf.h"

struct neigh;

#define NEIGH_ENTRIES 4096u
#define NEIGH_WAITING 1024u   // packets waiting in all
#define NEIGH_WAITING_PART 4u // one next hop's may take a quarter of the places still free: silent ones leave some
#define NEIGH_ANSWER 90u      // the longest answer: a tagged neighbour advertisement

// Everything neigh does to the world, so that tests can stand in for the NIC.
struct neigh_out {
	void *with;
	int (*room)(void *with, uint32_t *room);      // a room for a frame of our own; -ENOBUFS
	uint8_t *(*bytes)(void *with, uint32_t room); // its first byte
	void (*send)(void *with, unsigned port,
		     struct nic_frame frame); // our own frame, or a waiting packet, complete with L2
	void (*drop)(void *with, struct nic_frame frame, unsigned verdict); // a waiting packet given up
};

struct neigh *neigh_make(const struct conf *conf, const struct neigh_out *out); // null: no memory
void neigh_free(struct neigh *neigh);
void neigh_mac(struct neigh *neigh, unsigned port, const uint8_t mac[6]); // the port's own; before first use

// Says who we are on every port (gratuitous ARP, unsolicited NA) and begins to look for the gateways. Once, when ports are up.
void neigh_announce(struct neigh *neigh, uint64_t now_ns);

// An ARP or ND frame that arrived (steer said STEER_NEIGH). Learns; may answer. Returns the frame's fate: VERDICT_ANSWERED
// (the frame has been rewritten in place into the answer: send it on the same port; it may have grown to NEIGH_ANSWER bytes, or,
// with *length 0, it was itself an answer we asked for: free it), or another final verdict (free it).
unsigned neigh_input(struct neigh *neigh, unsigned port, uint8_t *frame, unsigned *length, uint64_t now_ns);

// The usual case of neigh_send, for the first ones of n packets from back's first on, which leave one after the other as their handles
// say, to the sides that are their handles' ports: all by one port, their next hops are known, they fit its link and aren't for us.
// Writes their L2 headers, where 18 bytes are free, and says how many leave how. None: neigh_send knows why.
void neigh_ready(struct neigh *neigh, const struct lane_back *back, unsigned first, unsigned n, struct nic_frames *out);

// Sends an IP packet on its way: finds port and next hop for `side` (LANE_SIDE_*, a network's; or a port number: that port only),
// writes the L2 header into the headroom before frame.offset, and calls out.send; or keeps it waiting and asks; or refuses. Returns
// VERDICT_FORWARD (gone, or waiting: then send or drop follows later), VERDICT_TO_SLOW_BIG (larger than that port's MTU:
// *mtu set, nothing done), or NO_ROUTE, NEIGHBOUR_FULL, SHORT (nothing done, caller frees).
unsigned neigh_send(struct neigh *neigh, unsigned side, struct nic_frame frame, uint64_t now_ns, unsigned *mtu);

void neigh_tick(struct neigh *neigh, uint64_t now_ns); // about every 100 ms: asks again, gives up, ages
unsigned neigh_waiting(const struct neigh *neigh);     // packets waiting now
