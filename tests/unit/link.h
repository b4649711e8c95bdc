// link.h - a link with a neighbour on it, for tests of neigh: three ports, rooms, and what neigh sent or dropped.
//
//   port 0 access 10.1.1.1/24     port 1 core 10.2.2.1/24, 2001:db8:2::1/64, gateway 10.2.2.254     port 2 core, VLAN 100, 10.3.1.1/16
#pragma once
#include <stdint.h>
#include "primary/edge/neigh.h"

enum { LINK_ACCESS, LINK_CORE, LINK_TAGGED, LINK_PORTS };
#define LINK_OURS 0x0a020201u
#define LINK_PEER 0x0a020205u
#define LINK_GATEWAY 0x0a0202feu
#define LINK_POOL 0x64400000u
#define LINK_SECOND 1000000000ull
#define LINK_ROOMS 4096u

extern const uint8_t link_our6[16], link_peer6[16];
extern const uint8_t link_our_mac[6], link_peer_mac[6], link_other_mac[6], link_all[6];

// The world of one test.
extern struct link_world {
	struct conf conf;
	struct neigh *neigh;
	uint64_t now;
	const uint8_t *ether_mac; // the next ARP frame's sender, if it is not the message's
	uint8_t (*room)[ROOM_STRIDE];
	unsigned next, rooms; // handed out, and how many there are
	struct {
		unsigned port;
		struct nic_frame frame;
	} sent[LINK_ROOMS];
	unsigned sends;
	uint32_t dropped[LINK_ROOMS];
	unsigned drops, drop_verdict;
} link_world;

int link_setup(void **state);
int link_setup_alike(void **state); // the tagged port has the core one's addresses and gateway, in a network of its own
int link_teardown(void **state);
int link_end(void **state); // after the last test

// An IP packet of 100 bytes in a fresh room, sent on its way; returns neigh_send's verdict.
unsigned link_send4(unsigned side, uint32_t to, uint32_t *room);
unsigned link_send6(const uint8_t *to);

// ARP as a neighbour sends it, tagged on the port that is; an answer joins what was sent.
unsigned link_arp(unsigned port, unsigned operation, uint32_t sender, const uint8_t *mac, uint32_t target);
void link_resolve(uint32_t peer, const uint8_t *mac); // a packet to a core neighbour, and the neighbour's answer

const uint8_t *link_sent(unsigned i); // frame i of those sent
void link_expect_l2(unsigned i, unsigned port, const uint8_t *mac, unsigned type);
void link_expect_arp(const uint8_t *arp, unsigned operation, uint32_t sender, uint32_t target);
