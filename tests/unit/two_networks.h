// two_networks.h - the door of a gateway with two networks, for tests of routing domains.
//
//   port 0 radio 10.1.0.1/24     port 1 "internet", VLAN 10, 10.2.0.1/24     port 2 "ims", VLAN 20 of the same device, 10.3.0.1/24, gateway
//   10.3.0.254     port 3 "internet", 10.4.0.1/24     pools: 10.45.0.0/24 and 2001:db8:45::/56 "internet", 10.46.0.0/24 "ims"
#pragma once
#include "primary/edge/network.h"
#include "primary/edge/route.h"
#include "primary/edge/steer.h"

enum { TWO_RADIO, TWO_NET, TWO_IMS, TWO_WIDE, TWO_PORTS };
enum { TWO_FIRST = 1, TWO_SECOND }; // networks' numbers
#define TWO_FRAME 64u

extern struct two_networks {
	struct conf conf;
	struct plane plane;
	struct networks networks;
	struct routes routes;
	struct steer *steer;
} two;

int two_setup(void **state);
int two_setup_meeting(
    void **state); // the second network's pools: the first one's addresses, and those of its port's link, 10.2.0.0/24
int two_setup_alike(void **state); // the second one's port has the first one's address, and no gateway
int two_teardown(void **state);

// A frame of TWO_FRAME bytes with an IPv4 packet for `to`; returns how many of them it has.
unsigned two_frame(uint8_t *frame, unsigned vlan, uint32_t to);
struct steer_result two_arrives(unsigned port, unsigned vlan, uint32_t to);
struct steer_result two_inside(unsigned network, uint32_t to); // from inside, as if from the core
uint32_t two_place(uint32_t slot, uint32_t ipv4);              // the hint of a subscriber's place
