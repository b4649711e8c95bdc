// route.c - builds the sides' route tables and walks them.
//
// Pure: state belongs to the caller.
#include "primary/route.h"
#include <string.h>
#include "shared/plane/lane.h"

static void route_add_prefix(struct route_table *table, struct route_prefix prefix)
{
	unsigned i = table->prefixes++;

	for (; i > 0 && table->prefix[i - 1].length < prefix.length; i--)
		table->prefix[i] = table->prefix[i - 1];
	table->prefix[i] = prefix;
}

static void route_add_gateways(struct route_table table[ROUTE_FAMILIES], const struct conf_port *conf, unsigned port)
{
	struct address ipv6 = address_ipv6(conf->gateway6);
	struct route_table *ip4 = &table[ROUTE_IPV4], *ip6 = &table[ROUTE_IPV6];

	if (conf->gateway4)
		ip4->gateway[ip4->gateways++] = (struct route_hop){ address_ipv4(conf->gateway4), port };
	if (ipv6.high | ipv6.low)
		ip6->gateway[ip6->gateways++] = (struct route_hop){ ipv6, port };
}

static void route_add_port(struct route_table table[ROUTE_FAMILIES], const struct conf_port *conf, unsigned port)
{
	for (unsigned i = 0; i < conf->addresses; i++) {
		const struct conf_address *own = &conf->address[i];

		route_add_prefix(&table[own->family == 4 ? ROUTE_IPV4 : ROUTE_IPV6],
				 (struct route_prefix){ address_read(own->family, own->bytes),
							address_mask(own->family, own->prefix_len), (uint8_t)port,
							own->prefix_len });
	}
	route_add_gateways(table, conf, port);
}

void route_build(struct routes *routes, const struct conf *conf)
{
	memset(routes, 0, sizeof(*routes));
	for (unsigned p = 0; p < conf->ports; p++) {
		if (conf->port[p].role & CONF_ACCESS)
			route_add_port(routes->access, &conf->port[p], p);
		if (conf->port[p].role & CONF_CORE)
			route_add_port(routes->core, &conf->port[p], p);
		route_add_port(routes->port, &conf->port[p], p);
	}
}

// A prefix's own broadcast addresses are not sent to: RFC 2644.
static bool route_broadcast(const struct route_prefix *p, struct address destination)
{
	uint64_t host = destination.low & ~p->mask.low;

	return address_is_ipv4(destination) && p->length < 31 && (host == 0 || host == ~p->mask.low);
}

static bool route_walk(const struct route_table *table, unsigned side, struct address to, struct route_hop *hop)
{
	bool any = side >= LANE_SIDE_ACCESS;

	for (unsigned i = 0; i < table->prefixes; i++) {
		const struct route_prefix *p = &table->prefix[i];

		if (address_near(to, p->own, p->mask) && (any || p->port == side)) {
			*hop = (struct route_hop){ to, p->port };
			return !route_broadcast(p, to);
		}
	}
	for (unsigned i = 0; i < table->gateways; i++)
		if (any || table->gateway[i].port == side) {
			*hop = table->gateway[i];
			return true;
		}
	return false;
}

static bool route_walk6(const struct route_table *table, unsigned side, struct address to, struct route_hop *hop)
{
	if (address_multicast6(to) || to.high == 0)
		return false;
	if (!address_link_local(to))
		return route_walk(table, side, to, hop);
	*hop = (struct route_hop){ to, side };
	return side < PLANE_PORTS; // a link-local address means something on one port only
}

bool route_find(const struct routes *routes, unsigned side, struct address destination, struct route_hop *hop)
{
	const struct route_table *table = side == LANE_SIDE_ACCESS ? routes->access
					  : side == LANE_SIDE_CORE ? routes->core
								   : routes->port;

	if (!address_is_ipv4(destination))
		return route_walk6(&table[ROUTE_IPV6], side, destination, hop);
	return !address_no_host4((uint32_t)destination.low) && route_walk(&table[ROUTE_IPV4], side, destination, hop);
}
