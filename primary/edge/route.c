// route.c - builds the sides' route tables.
//
// Pure: state belongs to the caller.
#include "primary/edge/route.h"
#include <string.h>
#include "primary/edge/network.h"

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
		ip4->gateway[ip4->gateways++] =
		    (struct route_hop){ address_ipv4(conf->gateway4), (uint16_t)port, conf->mtu };
	if (ipv6.high | ipv6.low)
		ip6->gateway[ip6->gateways++] = (struct route_hop){ ipv6, (uint16_t)port, conf->mtu };
}

static void route_add_port(struct route_table table[ROUTE_FAMILIES], const struct conf_port *conf, unsigned port)
{
	for (unsigned i = 0; i < conf->addresses; i++) {
		const struct conf_address *own = &conf->address[i];

		route_add_prefix(&table[own->family == 4 ? ROUTE_IPV4 : ROUTE_IPV6],
				 (struct route_prefix){ .own = address_read(own->family, own->bytes),
							.mask = address_mask(own->family, own->prefix_len),
							.port = (uint16_t)port,
							.mtu = conf->mtu,
							.length = own->prefix_len });
	}
	for (unsigned i = 0; i < conf->routes; i++) {
		const struct conf_route *route = &conf->route[i];
		uint8_t family = route->prefix.family;

		route_add_prefix(&table[family == 4 ? ROUTE_IPV4 : ROUTE_IPV6],
				 (struct route_prefix){ .own = address_read(family, route->prefix.bytes),
							.mask = address_mask(family, route->prefix.prefix_len),
							.via = address_read(family, route->via),
							.port = (uint16_t)port,
							.mtu = conf->mtu,
							.length = route->prefix.prefix_len });
	}
	route_add_gateways(table, conf, port);
}

static struct route_table *route_of(struct routes *routes, unsigned side)
{
	return routes->side[route_index(side)];
}

void route_build(struct routes *routes, const struct conf *conf)
{
	memset(routes, 0, sizeof(*routes));
	for (unsigned p = 0; p < conf->ports; p++) {
		unsigned network = networks_of_port(conf, p);

		if (conf->port[p].role & CONF_ACCESS)
			route_add_port(route_of(routes, LANE_SIDE_ACCESS), &conf->port[p], p);
		if (conf->port[p].role & CONF_CORE)
			route_add_port(route_of(routes, LANE_SIDE_CORE), &conf->port[p], p);
		if (network)
			route_add_port(route_of(routes, route_network_side(network)), &conf->port[p], p);
		route_add_port(routes->port, &conf->port[p], p);
		routes->mtu[p] = conf->port[p].mtu;
	}
}
