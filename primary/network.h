// network.h - routing domains: which network a port towards the core is of, and which one a session.
//
// A session is of its pool's network, and its TEID names its cell, so the pool; a subscriber's address lies in the pool, too. Where no
// network is named in the configuration all is one, and nobody asks. Built once, constant afterwards. Pure.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/lease.h"
#include "primary/route.h"
#include "shared/base/conf.h"
#include "shared/plane/plane.h"
#include "shared/plane/verdict.h"

struct network_pool {
	uint64_t ipv6, mask6; // of prefixes; both all ones: none
	uint32_t ipv4, mask4;
	uint32_t first_slot, rows;
	uint8_t network;
};

struct networks {
	unsigned count; // they are numbered from 1 on; 0: none is named
	unsigned pools;
	unsigned slot_bits;
	uint8_t port[PLANE_PORTS]; // 0: not towards a core, or none is named
	struct network_pool pool[SHARD_POOLS_MAX];
};

void networks_make(struct networks *networks, const struct conf *conf, const struct plane_net *net);

// A port's number in the order of conf; 0: none.
unsigned networks_of_port(const struct conf *conf, unsigned port);

// Of the session whose TEID it is; ROUTE_NOWHERE: of none.
static inline unsigned networks_of_teid(const struct networks *networks, uint32_t teid)
{
	uint32_t slot = shard_slot_of_teid(teid, networks->slot_bits);

	for (unsigned i = 0; i < networks->pools; i++)
		if (slot - networks->pool[i].first_slot < networks->pool[i].rows)
			return networks->pool[i].network;
	return ROUTE_NOWHERE;
}

// Of the pool that an address is in; ROUTE_NOWHERE: in none.
static inline unsigned networks_of_ipv4(const struct networks *networks, uint32_t ipv4)
{
	for (const struct network_pool *pool = networks->pool; pool < networks->pool + networks->pools; pool++)
		if (!((ipv4 ^ pool->ipv4) & pool->mask4))
			return pool->network;
	return ROUTE_NOWHERE;
}

static inline unsigned networks_of_ipv6(const struct networks *networks, uint64_t prefix)
{
	for (const struct network_pool *pool = networks->pool; pool < networks->pool + networks->pools; pool++)
		if (!((prefix ^ pool->ipv6) & pool->mask6))
			return pool->network;
	return ROUTE_NOWHERE;
}

// What is for the core leaves by its own network: the session's, or the one it came from.
static inline void networks_leave(const struct networks *networks, struct lane_handle *back,
				  const struct lane_handle *lent)
{
	unsigned network = 0;

	if (back->port != LANE_SIDE_CORE || back->code != VERDICT_FORWARD)
		return;
	if ((lent->code & ~LEASE_SUSPECT) == LANE_UPLINK)
		network = networks_of_teid(networks, lent->hint);
	else if (lent->port < PLANE_PORTS)
		network = networks->port[lent->port];
	back->port = (uint8_t)route_network_side(network ? network : ROUTE_NOWHERE);
}

// The same of n that come back in the order of their leases.
void networks_run(const struct networks *networks, const struct lease *lease, struct lane_handle *back, unsigned n);
