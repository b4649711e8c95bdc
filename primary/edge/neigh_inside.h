// neigh_inside.h - what neigh's own files share: the struct, and the words between the table's life (neigh.c) and the two
// protocols (neigh_arp.c, neigh_nd.c). Nobody else includes it.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/edge/among.h"
#include "primary/edge/neigh.h"
#include "primary/edge/neigh_table.h"
#include "primary/edge/route_find.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"

enum { NEIGH_ETHER_IPV4 = 0x0800, NEIGH_ETHER_ARP = 0x0806, NEIGH_ETHER_IPV6 = 0x86dd };
#define NEIGH_NEARBY 64u
enum { NEIGH_MAC = 6, NEIGH_BODY = 72 }; // the longest: an IPv6 header, and 32 bytes of ND

struct neigh_own {
	struct address address, mask;
};

struct neigh_port {
	uint8_t mac[NEIGH_MAC];
	uint16_t vlan;
	uint16_t mtu;
	uint8_t l2_bytes; // 14, or 18 with a tag
	unsigned owns;
	struct neigh_own own[PLANE_ADDRESSES + 1]; // the last is link-local, made from the MAC
};

struct neigh {
	struct neigh_table table;
	struct routes routes;
	struct neigh_entry *gateway4[ROUTE_SIDES]; // of the sides, as in routes; null: there is none
	// Of the sides, by the first byte of an IPv4 destination: who takes it may not be the gateway.
	uint8_t near[ROUTE_SIDES][256];
	uint64_t own_tails; // set of the last bytes, modulo 64, of our own addresses
	struct
	    neigh_near { // IPv4 next hops that are not the gateway, where found last: by side, and the address's last byte
		struct neigh_entry *entry; // null: none
		uint64_t removals;         // of the table, when it was found: it is there as long as none was removed
		uint32_t to;               // as it stands in packets
	} nearby[ROUTE_SIDES][NEIGH_NEARBY];
	struct among among; // for whom no next hop is known here
	struct neigh_port port[PLANE_PORTS];
	unsigned ports;
	struct neigh_out out;
};

// ---- neigh.c

// Writes a frame's L2 header so that it ends where l3 begins.
void neigh_l2_put(const struct neigh_port *port, uint8_t *l3, const uint8_t *mac, unsigned type);

// The next hop of the packet at `ip`, or why there is none. One branch for the family, and everything behind it inline.
static inline unsigned neigh_route(const struct neigh *neigh, unsigned side, const uint8_t *ip, unsigned length,
				   struct route_hop *hop)
{
	const struct route_table *table = route_side(&neigh->routes, side);
	bool found;

	if (length >= IP4_HEADER && ip[0] >> 4 == 4)
		found = route_find4(&table[ROUTE_IPV4], side, address_ipv4(be32_get(ip + 16)), hop);
	else if (length >= IP6_HEADER && ip[0] >> 4 == 6)
		found = route_find6(&neigh->routes, &table[ROUTE_IPV6], side, address_ipv6(ip + 24), hop);
	else
		return VERDICT_SHORT;
	return found ? VERDICT_FORWARD : VERDICT_NO_ROUTE;
}

// A frame of our own, behind its L2 header.
struct neigh_message {
	const uint8_t *mac; // who gets it
	unsigned type, length;
	uint8_t body[NEIGH_BODY];
};

int neigh_emit(struct neigh *neigh, unsigned port,
	       const struct neigh_message *message); // -ENOBUFS: no room, nothing sent

bool neigh_owns(const struct neigh_port *port, struct address address);

// The own address a question about `target` is asked from: one whose prefix holds it, else any of its family. False: none.
bool neigh_source(const struct neigh_port *port, struct address target, struct address *source);

// What neigh_input looks at.
struct neigh_frame {
	unsigned port;
	uint8_t *bytes; // the Ethernet header
	uint8_t *l3;
	unsigned left; // bytes from l3 on
	uint64_t now_ns;
};

// What somebody on the port says of an address.
struct neigh_claim {
	struct address address;
	const uint8_t *mac; // null: only that it lives
	bool answers;       // a question of ours
};

// Believes it as far as we wanted to know. Returns whether we did.
bool neigh_hear(struct neigh *neigh, const struct neigh_frame *frame, const struct neigh_claim *claim);

// ---- neigh_arp.c, neigh_nd.c. Inputs return a verdict, and with VERDICT_ANSWERED the answer's length from l3 on; 0: none to send.
// mac: whom to ask; null = everybody on the link.

unsigned neigh_arp_input(struct neigh *neigh, const struct neigh_frame *frame, unsigned *answer);
void neigh_arp_ask(struct neigh *neigh, unsigned port, struct address target, const uint8_t *mac);
void neigh_arp_announce(struct neigh *neigh, unsigned port, struct address own);

unsigned neigh_nd_input(struct neigh *neigh, const struct neigh_frame *frame, unsigned *answer);
void neigh_nd_ask(struct neigh *neigh, unsigned port, struct address target, const uint8_t *mac);
void neigh_nd_announce(struct neigh *neigh, unsigned port, struct address own);

// ---- neigh_ready.c

void neigh_ready_make(struct neigh *neigh); // once gateways have entries

// Who takes the packet; null: it has to be asked for, or nobody does, or it is too long.
struct neigh_entry *neigh_known(struct neigh *neigh, unsigned side, const uint8_t *ip, unsigned length);
