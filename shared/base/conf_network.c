// conf_network.c - routing domains: which ports and pools belong together, and the routes of ports.
// No state; the caller owns the configuration.
#include <arpa/inet.h>
#include <string.h>
#include "shared/base/conf_parts.h"

#define VIA " via "

// "<prefix>" of a route: its bits below the length are zero, and it is not everything, which is the gateway's.
static bool prefix_read(const char *text, struct conf_address *prefix, struct conf_why *why)
{
	const struct conf_field plain = { .fallback = "" };
	unsigned bits;

	if (!conf_kind_address.read(&plain, text, prefix, why))
		return false;
	bits = prefix->family == 4 ? 32 : 128;
	for (unsigned i = prefix->prefix_len; i < bits; i++)
		if (prefix->bytes[i / 8] >> (7 - i % 8) & 1)
			return conf_refuse(why, "%.60s has bits set below its length", text);
	return true;
}

static bool read_route(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	const char *via = strstr(text, VIA);
	struct conf_route route = { 0 };
	char prefix[64];

	(void)field;
	if (!via || (size_t)(via - text) >= sizeof prefix)
		return conf_refuse(why, "'<prefix> via <address>' is expected (192.0.2.0/24 via 10.2.0.9), not '%.80s'",
				   text);
	memcpy(prefix, text, (size_t)(via - text));
	prefix[via - text] = '\0';
	if (!prefix_read(prefix, &route.prefix, why))
		return false;
	if (inet_pton(route.prefix.family == 4 ? AF_INET : AF_INET6, via + strlen(VIA), route.via) != 1)
		return conf_refuse(why, "the next hop is an address of the prefix's family, not '%.60s'",
				   via + strlen(VIA));
	memcpy(value, &route, sizeof route);
	return true;
}

static void write_route(const struct conf_field *field, const void *value, FILE *file)
{
	const struct conf_route *route = value;
	int family = route->prefix.family == 4 ? AF_INET : AF_INET6;
	char prefix[INET6_ADDRSTRLEN], via[INET6_ADDRSTRLEN];

	(void)field;
	inet_ntop(family, route->prefix.bytes, prefix, sizeof prefix);
	inet_ntop(family, route->via, via, sizeof via);
	fprintf(file, "'%s/%u" VIA "%s'", prefix, route->prefix.prefix_len, via);
}

const struct conf_kind conf_kind_route = { read_route, write_route, NULL };

unsigned conf_carrier(const struct conf *conf, unsigned port)
{
	const struct conf_port *at = &conf->port[port];
	unsigned first = *at->device ? 0 : port;

	while (strcmp(conf->port[first].device, at->device) || strcmp(conf->port[first].options, at->options))
		first++;
	return first;
}

static bool is_of_link(const struct conf_address *address)
{
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static const struct conf_address *port_ipv6(const struct conf_port *port)
{
	for (unsigned i = 0; i < port->addresses; i++)
		if (port->address[i].family == 6 && !is_of_link(&port->address[i]))
			return &port->address[i];
	return NULL;
}

void conf_gtpu_ipv6(const struct conf *conf, uint8_t gtpu_ipv6[16])
{
	const struct conf_address *first = NULL;

	for (unsigned i = 0; i < conf->ports && !first; i++)
		if (conf->port[i].role & CONF_ACCESS)
			first = port_ipv6(&conf->port[i]);
	if (first)
		memcpy(gtpu_ipv6, first->bytes, 16);
}

bool conf_apart(const struct conf *conf)
{
	const char *first = "";
	bool apart = false;

	for (unsigned p = 0; p < conf->ports; p++) {
		const char *network = conf->port[p].network;

		apart |= *first && *network && strcmp(first, network);
		first = *first ? first : network;
	}
	return apart;
}

static bool on_link(const struct conf_address *own, const struct conf_route *route)
{
	if (own->family != route->prefix.family)
		return false;
	for (unsigned i = 0; i < own->prefix_len; i++)
		if ((own->bytes[i / 8] ^ route->via[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static int check_via(const struct conf_source *source, const struct conf_port *port, const struct conf_route *route,
		     const char *field)
{
	bool near = route->prefix.family == 6 && route->via[0] == 0xfe && (route->via[1] & 0xc0) == 0x80;

	for (unsigned i = 0; i < port->addresses; i++) {
		const struct conf_address *own = &port->address[i];

		near = near || on_link(own, route);
		if (own->family == route->prefix.family && !memcmp(own->bytes, route->via, own->family == 4 ? 4 : 16))
			return conf_fault(source, field, "the next hop is the port's own address");
	}
	return near ? 0 : conf_fault(source, field, "the next hop is on no prefix of this port");
}

// Whether packets could go by either.
static bool same_side(const struct conf_port *a, const struct conf_port *b)
{
	return a->role & b->role && !strcmp(a->network, b->network);
}

static int check_route(const struct conf_source *source, const struct conf *conf, unsigned p, unsigned k)
{
	const struct conf_port *port = &conf->port[p];
	const struct conf_route *route = &port->route[k];
	char field[40];

	snprintf(field, sizeof field, "ports[%u].routes[%u]", p, k);
	for (unsigned q = 0; q <= p; q++)
		for (unsigned i = 0; same_side(&conf->port[q], port) && i < (q == p ? k : conf->port[q].routes); i++)
			if (!memcmp(&conf->port[q].route[i].prefix, &route->prefix, sizeof(route->prefix)))
				return conf_fault(source, field, "this prefix has a next hop by ports[%u].routes[%u]",
						  q, i);
	return check_via(source, port, route, field);
}

// Networks are named by all ports towards them and by all pools, or by none.
static int check_port_network(const struct conf_source *source, const struct conf *conf, unsigned p, bool named)
{
	const struct conf_port *port = &conf->port[p];
	char field[32];

	snprintf(field, sizeof field, "ports[%u].network", p);
	if (*port->network && !(port->role & CONF_CORE))
		return conf_fault(source, field, "the radio side is one; only ports with role core or both have one");
	if (named && !*port->network && port->role & CONF_CORE)
		return conf_fault(source, field, "must be given: other ports name theirs");
	return 0;
}

static int check_pool_network(const struct conf_source *source, const struct conf *conf, unsigned i, bool named)
{
	const struct conf_pool *pool = &conf->pool[i];
	bool found = !named && !*pool->network;
	char field[32];

	snprintf(field, sizeof field, "pools[%u].network", i);
	if (named && !*pool->network)
		return conf_fault(source, field, "must be given: ports name theirs");
	for (unsigned p = 0; p < conf->ports; p++)
		found |= *pool->network && !strcmp(conf->port[p].network, pool->network);
	return found ? 0 : conf_fault(source, field, "no port is of a network '%s'", pool->network);
}

int conf_network_check(const struct conf_source *source, const struct conf *conf)
{
	bool named = false;
	int error = 0;

	for (unsigned p = 0; p < conf->ports; p++)
		named |= *conf->port[p].network && conf->port[p].role & CONF_CORE;
	for (unsigned p = 0; p < conf->ports && !error; p++) {
		error = check_port_network(source, conf, p, named);
		for (unsigned k = 0; k < conf->port[p].routes && !error; k++)
			error = check_route(source, conf, p, k);
	}
	for (unsigned i = 0; i < conf->pools && !error; i++)
		error = check_pool_network(source, conf, i, named);
	return error;
}
