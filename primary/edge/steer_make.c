// steer_make.c - steering's tables: laid before first use, changed by the loop thread between bursts.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "primary/edge/steer_inside.h"

// network 0: of none, so in each.
static void steer_own(struct steer *steer, unsigned network, struct address address, uint32_t what)
{
	for (unsigned n = 0; n <= ROUTE_NOWHERE; n++)
		if (!n || !network || n == network)
			addrmap_put(&steer->own[n], address, what);
	steer->tails |= 1ull << address.low % 64;
}

// The broadcast addresses of an own IPv4 prefix, old form and new (RFC 1122 3.2.1.3).
static void steer_broadcast(struct steer *steer, const struct plane_address *own)
{
	if (own->family != 4 || own->prefix_len > 30)
		return;

	uint32_t hosts = own->prefix_len ? (1u << (32 - own->prefix_len)) - 1 : UINT32_MAX;
	uint32_t ipv4 = be32_get(own->bytes), network = steer->networks.port[own->port];

	steer_own(steer, network, address_ipv4(ipv4 | hosts), STEER_BROADCAST);
	steer_own(steer, network, address_ipv4(ipv4 & ~hosts), STEER_BROADCAST);
}

static int steer_owns_init(struct steer *steer, const struct plane *plane)
{
	for (unsigned n = 0; n <= ROUTE_NOWHERE; n++)
		if (addrmap_init(&steer->own[n], 3 * plane->owns + PLANE_PORTS))
			return -ENOMEM;
	return 0;
}

static void steer_owns(struct steer *steer, const struct plane *plane)
{
	for (unsigned i = 0; i < plane->owns; i++)
		steer_broadcast(steer, &plane->own[i]);
	for (unsigned i = 0; i < plane->owns; i++) // after all broadcasts: our own word wins
		steer_own(steer, steer->networks.port[plane->own[i].port],
			  address_read(plane->own[i].family, plane->own[i].bytes), STEER_OWN);
}

// What tells subscribers' networks apart, ports towards them look at.
static uint8_t steer_usual_role(const struct steer *steer, const struct conf_port *port)
{
	return (uint8_t)(port->role | (steer->networks.count && port->role & CONF_CORE ? STEER_APART : 0));
}

static void steer_ports(struct steer *steer, const struct conf *conf)
{
	for (unsigned p = 0; p < conf->ports; p++) {
		uint8_t next = (uint8_t)(p + 1);

		while (next < conf->ports && conf_carrier(conf, next) != conf_carrier(conf, p))
			next++;
		steer->port[p] = (struct steer_port){ .vlan = conf->port[p].vlan,
						      .role = (uint8_t)conf->port[p].role,
						      .usual = steer_usual_role(steer, &conf->port[p]),
						      .number = (uint8_t)p,
						      .next = next < conf->ports ? next : PLANE_PORTS };
	}
}

struct steer *steer_make(const struct conf *conf, const struct plane *plane)
{
	struct steer *steer = calloc(1, sizeof(*steer)); // aligned enough for a window

	if (!steer || steer_owns_init(steer, plane) || aliases_init(&steer->aliases, plane->shape.slots * SHARDS) ||
	    framed_init(&steer->framed)) {
		steer_free(steer);
		return NULL;
	}
	steer->gtpu_ipv4 = plane->net.gtpu_ipv4;
	steer->gtpu_ipv6 = address_ipv6(plane->gtpu_ipv6);
	networks_make(&steer->networks, conf, &plane->net);
	steer_ports(steer, conf);
	steer_usual_make(steer);
	steer_owns(steer, plane);
	return steer;
}

void steer_free(struct steer *steer)
{
	if (!steer)
		return;
	for (unsigned n = 0; n <= ROUTE_NOWHERE; n++)
		addrmap_fini(&steer->own[n]);
	addrmap_fini(&steer->networks.exceptions);
	aliases_fini(&steer->aliases);
	framed_fini(&steer->framed);
	free(steer);
}

void steer_mac(struct steer *steer, unsigned port, const uint8_t mac[6])
{
	uint8_t bytes[8] = { 0 };

	memcpy(bytes, mac, 6);
	steer->port[port].mac = be64_get(bytes) >> 16;
	memcpy(steer->port[port].start, mac, 6);
	steer_own(steer, 0, address_eui64(mac), STEER_OWN);
}

void steer_quarantine(struct steer *steer, struct quarantine *quarantine)
{
	quarantine->networks = steer->networks.places ? &steer->networks : NULL;
	steer->quarantine = quarantine;
}

// address: of a session's, that of the exception. What a handle says of a packet for it is what it says of others for the session (lane.h).
static void steer_exception_put(const struct networks *networks, struct addrmap *map,
				const struct steer_exception *exception, struct address address)
{
	unsigned network = exception->teid && networks->count ? networks_of_teid(networks, exception->teid) : 0;
	uint32_t hint = shard_hint(address_is_ipv4(address) ? (uint32_t)address.low : 0, exception->shard);

	if (network && networks->places)
		hint = exception->teid & ((1u << (SHARD_BITS + networks->slot_bits)) - 1);
	addrmap_put(map, networks_key(network, address), hint);
}

int steer_exceptions(struct steer *steer, const struct steer_exception *list, unsigned count)
{
	struct addrmap map;

	if (count > STEER_EXCEPTIONS_MAX)
		return -E2BIG;
	if (addrmap_init(&map, 2 * count))
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		if (list[i].ipv4)
			steer_exception_put(&steer->networks, &map, &list[i], address_ipv4(list[i].ipv4));
		if (list[i].ipv6)
			steer_exception_put(&steer->networks, &map, &list[i], (struct address){ list[i].ipv6, 0 });
	}
	addrmap_fini(&steer->networks.exceptions);
	steer->networks.exceptions = map;
	return 0;
}

int steer_alias(struct steer *steer, const struct alias *list, unsigned count)
{
	int error = 0;

	for (unsigned i = 0; i < count; i++)
		if (aliases_set(&steer->aliases, list[i]))
			error = -ENOSPC;
	return error;
}

bool steer_aliased(const struct steer *steer)
{
	return steer->aliases.count != 0;
}

// Of whom nothing is said has been known to be the only one with that prefix in any network.
static int steer_frame_route(struct steer *steer, const struct framed_word *word)
{
	uint32_t teid = word->own ? word->own : word->was, networks = steer->networks.count;
	struct framed framed = { .prefix = word->prefix, .own = word->own };
	int error = 0;

	if (teid && networks)
		framed.network = networks_of_teid(&steer->networks, teid);
	if (teid || !networks)
		return framed_set(&steer->framed, &framed);
	for (framed.network = 1; framed.network <= networks && !error; framed.network++)
		error = framed_set(&steer->framed, &framed);
	return error;
}

int steer_frame_routes(struct steer *steer, const struct framed_word *list, unsigned count)
{
	int error = 0, last;

	for (unsigned i = 0; i < count; i++) {
		last = steer_frame_route(steer, &list[i]);
		error = last ? last : error;
	}
	return error;
}
