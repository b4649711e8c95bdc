// route_find.h - look-ups in the tables of route.h. Few prefixes a side, so they are walked in order of length; inline, because every packet
// that leaves makes one.
#pragma once
#include "primary/edge/route.h"

static inline bool route_on_link(const struct route_prefix *p)
{
	return !(p->via.high | p->via.low);
}

static inline struct address route_next(const struct route_prefix *p, struct address destination)
{
	return route_on_link(p) ? destination : p->via;
}

// The broadcast addresses of an own IPv4 prefix are not sent to: RFC 2644.
static inline bool route_broadcast(const struct route_prefix *p, struct address destination)
{
	uint64_t host = destination.low & ~p->mask.low;

	return p->length < 31 && (host == 0 || host == ~p->mask.low) && route_on_link(p);
}

static inline bool route_holds4(const struct route_prefix *p, uint32_t ipv4)
{
	return !(((uint32_t)p->own.low ^ ipv4) & (uint32_t)p->mask.low);
}

static inline const struct route_prefix *route_prefix(const struct route_table *table, unsigned side, struct address to)
{
	for (const struct route_prefix *p = table->prefix; p < table->prefix + table->prefixes; p++)
		if (address_near(to, p->own, p->mask) && (side >= ROUTE_SIDE_LEAST || p->port == side))
			return p;
	return NULL;
}

static inline bool route_gateway(const struct route_table *table, unsigned side, struct route_hop *hop)
{
	for (unsigned i = 0; i < table->gateways; i++)
		if (side >= ROUTE_SIDE_LEAST || table->gateway[i].port == side) {
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
		if (!route_holds4(p, (uint32_t)to.low) || (side < ROUTE_SIDE_LEAST && p->port != side))
			continue;
		*hop = (struct route_hop){ route_next(p, to), p->port, p->mtu };
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
	*hop = (struct route_hop){ route_next(p, to), p->port, p->mtu };
	return true;
}

// The tables of a side: LANE_SIDE_*, a network's, or one port; one for each family.
static inline const struct route_table *route_side(const struct routes *routes, unsigned side)
{
	return side >= ROUTE_SIDE_LEAST ? routes->side[route_index(side)] : routes->port;
}

// Finds the next hop on `side`. False: none, or a destination that is no host's.
static inline bool route_find(const struct routes *routes, unsigned side, struct address to, struct route_hop *hop)
{
	const struct route_table *table = route_side(routes, side);

	if (address_is_ipv4(to))
		return route_find4(&table[ROUTE_IPV4], side, to, hop);
	return route_find6(routes, &table[ROUTE_IPV6], side, to, hop);
}
