// network.h - routing domains: which network a port towards the core is of, and which one a session.
//
// A session is of its pool's network, and its TEID names its cell, so the pool; a subscriber's address lies in the pool, too. Where no
// network is named in the configuration all is one, and nobody asks. Where there are several they may have addresses in common, so an
// address says whose it is together with the network it came by only: downlink handles name the session's place instead, and who has
// found it once (steer.h) asks nobody else. An address need not be its session's place's own: of such ctrl tells (exceptions). Built once,
// constant afterwards but for those. Pure.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/edge/addrmap.h"
#include "primary/edge/route.h"
#include "primary/lane/lease.h"
#include "shared/base/conf.h"
#include "shared/plane/plane.h"
#include "shared/plane/verdict.h"

struct network_pool {
	struct shard_pool laid;
	uint8_t network;
};

struct networks {
	unsigned count; // they are numbered from 1 on; 0: none is named
	unsigned pools;
	unsigned slot_bits;
	bool places;               // plane_net.places: there are several
	uint8_t port[PLANE_PORTS]; // 0: not towards a core, or none is named
	struct network_pool pool[SHARD_POOLS_MAX];
	struct addrmap
	    exceptions; // networks_key of an address or prefix -> downlink hint; of who has it (steer_exceptions)
};

void networks_make(struct networks *networks, const struct conf *conf, const struct plane_net *net);

// A port's number in the order of conf; 0: none.
unsigned networks_of_port(const struct conf *conf, unsigned port);

// The pool of the session whose TEID it is, and 1; 0: it is of none.
static inline unsigned networks_pool_of_teid(const struct networks *networks, uint32_t teid)
{
	uint32_t slot = shard_slot_of_teid(teid, networks->slot_bits);

	for (unsigned i = 0; i < networks->pools; i++)
		if (slot - networks->pool[i].laid.first_slot < networks->pool[i].laid.rows)
			return i + 1;
	return 0;
}

// ROUTE_NOWHERE: of none.
static inline unsigned networks_of_teid(const struct networks *networks, uint32_t teid)
{
	unsigned pool = networks_pool_of_teid(networks, teid);

	return pool ? networks->pool[pool - 1].network : ROUTE_NOWHERE;
}

// The pool, and 1, of the subscriber whose a packet is that was lent so; 0: nobody's, or addresses tell.
static inline unsigned networks_pool_of_lent(const struct networks *networks, const struct lane_handle *lent)
{
	unsigned kind = lent->code & LEASE_KIND;

	if (!networks->places)
		return 0;
	return kind == LANE_UPLINK || lane_kind_down(kind) ? networks_pool_of_teid(networks, lent->hint)
							   : lent->hint >> LANE_POOL;
}

// Its network; 0: none is named, or it is nobody's.
static inline unsigned networks_of_lent(const struct networks *networks, const struct lane_handle *lent)
{
	unsigned pool = networks_pool_of_lent(networks, lent);

	if (!networks->places)
		return networks->count;
	return pool ? networks->pool[pool - 1].network : 0;
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
