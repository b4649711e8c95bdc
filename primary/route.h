// route.h - which port and which next hop a destination has: the longest own prefix that holds it, else a gateway.
//
// Built once from the configuration, constant afterwards. Few prefixes a side, so a look-up walks them in order of length; it
// is inline, because every packet that leaves makes one.
#pragma once
#include <stdbool.h>
#include "primary/address.h"
#include "shared/base/conf.h"
#include "shared/plane/lane.h"
#include "shared/plane/limits.h"

struct route_prefix {
	struct address own, mask; // the prefix is what both share
	uint16_t port;
	uint16_t mtu;
	uint8_t length; // of the prefix, in its own family's bits
};

struct route_hop {
	struct address address;
	uint16_t port;
	uint16_t mtu; // of the port
};

enum route_family { ROUTE_IPV4, ROUTE_IPV6, ROUTE_FAMILIES };

struct route_table {
	unsigned prefixes, gateways;
	struct route_prefix prefix[PLANE_PORTS * PLANE_ADDRESSES]; // longest first
	struct route_hop gateway[PLANE_PORTS];                     // in the order of ports
};

struct routes {
	struct route_table side[2][ROUTE_FAMILIES]; // LANE_SIDE_ACCESS, LANE_SIDE_CORE
	struct route_table port[ROUTE_FAMILIES];
	uint16_t mtu[PLANE_PORTS];
};

void route_build(struct routes *routes, const struct conf *conf);

// An IPv4 prefix's own broadcast addresses are not sent to: RFC 2644.
static inline bool route_broadcast(const struct route_prefix *p, struct address destination)
{
	uint64_t host = destination.low & ~p->mask.low;

	return p->length < 31 && (host == 0 || host == ~p->mask.low);
}

static inline bool route_holds4(const struct route_prefix *p, uint32_t ipv4)
{
	return !(((uint32_t)p->own.low ^ ipv4) & (uint32_t)p->mask.low);
}

static inline const struct route_prefix *route_prefix(const struct route_table *table, unsigned side, struct address to)
{
	for (const struct route_prefix *p = table->prefix; p < table->prefix + table->prefixes; p++)
		if (address_near(to, p->own, p->mask) && (side >= LANE_SIDE_ACCESS || p->port == side))
			return p;
	return NULL;
}

static inline bool route_gateway(const struct route_table *table, unsigned side, struct route_hop *hop)
{
	for (unsigned i = 0; i < table->gateways; i++)
		if (side >= LANE_SIDE_ACCESS || table->gateway[i].port == side) {
			*hop = table->gateway[i];
			return true;
		}
	return false;
}

static inline bool route_find4(const struct route_table *table, unsigned side, struct address to, struct route_hop *hop)
{
	if (address_no_host4((uint32_t)to.low))
		return false;

	for (const struct route_prefix *p = table->prefix; p < table->prefix + table->prefixes; p++) {
		if (!route_holds4(p, (uint32_t)to.low) || (side < LANE_SIDE_ACCESS && p->port != side))
			continue;
		*hop = (struct route_hop){ to, p->port, p->mtu };
		return !route_broadcast(p, to);
	}
	return route_gateway(table, side, hop);
}

// A link-local address means something on one port only.
static inline bool route_find6(const struct routes *routes, const struct route_table *table, unsigned side,
			       struct address to, struct route_hop *hop)
{
	if (address_multicast6(to) || to.high == 0)
		return false;
	if (address_link_local(to)) {
		*hop = (struct route_hop){ to, (uint16_t)side, side < PLANE_PORTS ? routes->mtu[side] : 0 };
		return side < PLANE_PORTS;
	}

	const struct route_prefix *p = route_prefix(table, side, to);

	if (!p)
		return route_gateway(table, side, hop);
	*hop = (struct route_hop){ to, p->port, p->mtu };
	return true;
}

// The tables of a side: LANE_SIDE_*, or one port; one for each family.
static inline const struct route_table *route_side(const struct routes *routes, unsigned side)
{
	return side >= LANE_SIDE_ACCESS ? routes->side[side - LANE_SIDE_ACCESS] : routes->port;
}

// Finds the next hop on `side`. False: none, or a destination that is no host's.
static inline bool route_find(const struct routes *routes, unsigned side, struct address to, struct route_hop *hop)
{
	const struct route_table *table = route_side(routes, side);

	if (address_is_ipv4(to))
		return route_find4(&table[ROUTE_IPV4], side, to, hop);
	return route_find6(routes, &table[ROUTE_IPV6], side, to, hop);
}
