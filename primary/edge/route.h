// route.h - which port and which next hop a destination has: the longest prefix that holds it, a port's own or one that is reached by a
// next hop of its own, else a gateway.
//
// Where the configuration names networks (network.h), each has a side of its own beside those of lane.h, and what is for the core goes by
// the session's. Built once from the configuration, constant afterwards. Look-ups: route_find.h.
#pragma once
#include <stdbool.h>
#include "primary/edge/address.h"
#include "shared/base/conf.h"
#include "shared/plane/lane.h"
#include "shared/plane/limits.h"

struct route_prefix {
	struct address own, mask; // the prefix is what both share
	struct address via;       // all zero: destinations are on link
	uint16_t port;
	uint16_t mtu;
	uint8_t length; // of the prefix, in its own family's bits
};

struct route_hop {
	struct address address;
	uint16_t port;
	uint16_t mtu; // of the port
};

#define ROUTE_PREFIXES (2 * PLANE_PORTS * PLANE_ADDRESSES) // the ports' own, and as many with next hops
#define ROUTE_NETWORKS PLANE_PORTS
#define ROUTE_NOWHERE (ROUTE_NETWORKS + 1) // instead of a network's number: no destination has a next hop there
#define ROUTE_SIDES (2 + ROUTE_NOWHERE)
#define ROUTE_SIDE_LEAST (LANE_SIDE_CORE + 1 - ROUTE_SIDES) // lower numbers are ports

// The side of a network, numbered from 1 on.
static inline unsigned route_network_side(unsigned network)
{
	return LANE_SIDE_ACCESS - network;
}

// A side's place in tables.
static inline size_t route_index(unsigned side)
{
	return (size_t)side - ROUTE_SIDE_LEAST;
}

static inline bool route_core(unsigned side) // not a port's number
{
	return side != LANE_SIDE_ACCESS;
}

enum route_family { ROUTE_IPV4, ROUTE_IPV6, ROUTE_FAMILIES };

struct route_table {
	unsigned prefixes, gateways;
	struct route_prefix prefix[ROUTE_PREFIXES]; // longest first
	struct route_hop gateway[PLANE_PORTS];      // in the order of ports
};

struct routes {
	struct route_table side[ROUTE_SIDES][ROUTE_FAMILIES]; // from ROUTE_SIDE_LEAST on
	struct route_table port[ROUTE_FAMILIES];
	uint16_t mtu[PLANE_PORTS];
};

void route_build(struct routes *routes, const struct conf *conf);
