// ports.h - two ports that are played: mbufs, pool, rooms and the calls of the driver's interface are real, the wire is not.
//
// Port 0 is the radio side, port 1 the other. What is offered arrives at the next look; what leaves is counted and its mbuf freed;
// a question for a MAC is answered at once. The functions of the played driver are those whose names begin with port_: whoever
// counts instructions leaves them out, and whoever counts lines goes by the marks. One thread.
#pragma once
#include "primary/nic/nic_inside.h"

enum { PORT_ACCESS, PORT_CORE, PORTS };
#define PORT_OWN_ACCESS 0xc63364feu // 198.51.100.254, also our GTP-U address
#define PORT_OWN_CORE 0x0a630601u   // 10.99.6.1
#define PORT_RADIO 0xc6336401u      // every session's gNB, on link (cost/world.c)
#define PORT_GATEWAY 0x0a6306feu    // the way to everybody else
#define PORT_SERVER 0xcb007109u     // whom subscribers speak with
#define PORT_LENGTH 128u            // of each frame that arrives
#define PORT_TUNNEL 36u             // IPv4, UDP and GTP-U in front of a subscriber's packet

extern struct ports {
	unsigned offered[PORTS]; // frames that wait to be received
	uint64_t received[PORTS], sent[PORTS];
	uint32_t last, users; // number of the last frame's; how many there are: a power of four
	struct port_user {
		uint32_t teid, ipv4;
	} * user; // whose frames they are: each in turn, in no order
} ports;

void ports_conf(struct conf *conf); // fills in what there is of ports
struct nic *ports_open(const struct conf *conf,
		       struct plane_view *view); // rooms, pool, ports; ends the program if it can't
