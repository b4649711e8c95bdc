// route.h - which port and which next hop a destination has: the longest own prefix that holds it, else a gateway.
//
// Built once from the configuration, constant afterwards. Few prefixes a side, so a look-up walks them in order of length.
#pragma once
#include <stdbool.h>
#include "primary/address.h"
#include "shared/base/conf.h"
#include "shared/plane/limits.h"

struct route_prefix {
	struct address own, mask; // the prefix is what both share
	uint8_t port;
	uint8_t length; // of the prefix, in its own family's bits
};

struct route_hop {
	struct address address;
	unsigned port;
};

enum route_family { ROUTE_IPV4, ROUTE_IPV6, ROUTE_FAMILIES };

struct route_table {
	unsigned prefixes, gateways;
	struct route_prefix prefix[PLANE_PORTS * PLANE_ADDRESSES]; // longest first
	struct route_hop gateway[PLANE_PORTS];                     // in the order of ports
};

struct routes {
	struct route_table access[ROUTE_FAMILIES], core[ROUTE_FAMILIES], port[ROUTE_FAMILIES];
};

void route_build(struct routes *routes, const struct conf *conf);

// Finds the next hop on `side` (LANE_SIDE_*, or one port). False: none, or a destination that is no host's.
bool route_find(const struct routes *routes, unsigned side, struct address destination, struct route_hop *hop);
