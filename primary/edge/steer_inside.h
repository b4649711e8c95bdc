// steer_inside.h - what steer's own files share: steer.c, the whole rule; steer_make.c, the tables; steer_usual.c, the usual frames of a burst.
// Nobody else includes it.
#pragma once
#include <stdbool.h>
#include "primary/edge/addrmap.h"
#include "primary/edge/network_find.h"
#include "primary/edge/quarantine.h"
#include "primary/edge/steer.h"

enum { ETHER_HEADER = 14, ETHER_TAG = 4 };
enum { STEER_OTHER, STEER_OWN, STEER_BROADCAST };
enum { ETHER_IPV4 = 0x0800, ETHER_ARP = 0x0806, ETHER_IPV6 = 0x86dd };

// Beside a role: there are networks, and whose subscriber it is has to be looked at.
enum { STEER_APART = CONF_BOTH + 1 };

struct steer_port {
	_Alignas(16) uint8_t start[16]; // of a usual frame, as steer_usual.c says; our MAC, once it is known
	uint64_t mac;                   // be64 >> 16; 0 = not known, everything is for us
	uint16_t vlan;
	uint8_t role;
	uint8_t usual; // role, and STEER_APART
	uint8_t number;
	uint8_t next; // on the same device; PLANE_PORTS: no more
};

struct steer {
	struct steer_port port[PLANE_PORTS];
	_Alignas(16) uint8_t outer[16], inner[16]; // bytes 16 and 32 of a usual G-PDU for us
	uint32_t gtpu_ipv4;
	struct address gtpu_ipv6; // 0 = none; one of our own
	uint64_t tails;           // set of the last bytes, modulo 64, of the addresses in `own`, and of gtpu_ipv4
	// Address -> STEER_OWN, STEER_BROADCAST: as it means in each network (network.h), where those of no network mean the same; 0: in any.
	struct addrmap own[ROUTE_NOWHERE + 1];
	struct aliases aliases;
	struct framed_table framed;
	struct networks networks;
	const struct quarantine *quarantine; // the loop's; null = none
};

// Whether anybody is in quarantine at all.
static inline bool steer_wary(const struct steer *steer)
{
	return steer->quarantine && !quarantine_empty(steer->quarantine);
}

// The TEID of the session behind which it is in that network, where it is in no pool there; 0: behind none. There are such prefixes.
static inline uint32_t steer_framed4(const struct steer *steer, unsigned network, uint32_t ipv4)
{
	return networks_hint4(&steer->networks, network, ipv4) == NETWORKS_NOBODY
		   ? framed_find(&steer->framed, network, address_ipv4(ipv4))
		   : 0;
}

static inline uint32_t steer_framed6(const struct steer *steer, unsigned network, struct address ipv6)
{
	return networks_hint6(&steer->networks, network, ipv6.high) == NETWORKS_NOBODY
		   ? framed_find(&steer->framed, network, ipv6)
		   : 0;
}

// ---- steer_usual.c

void steer_usual_make(struct steer *steer); // once gtpu_ipv4 is there, before any MAC
