// neigh_ready.c - the usual packet's next hop: known, and on its way in one call. What it does not find, neigh_send tells.
//
// The packet path: the primary's loop only.
#include <string.h>
#include "primary/neigh_inside.h"

// Who takes an IPv4 packet on that side; null: to be asked for, or nobody.
static inline struct neigh_entry *neigh_next4(struct neigh *neigh, unsigned side, uint32_t to, unsigned length)
{
	const struct route_table *table = &neigh->routes.side[side - LANE_SIDE_ACCESS][ROUTE_IPV4];
	const struct address address = address_ipv4(to);

	if (address_no_host4(to))
		return NULL;
	for (const struct route_prefix *p = table->prefix; p < table->prefix + table->prefixes; p++)
		if (route_holds4(p, to))
			return route_broadcast(p, address) || length > p->mtu
				   ? NULL
				   : neigh_table_find(&neigh->table, p->port, address);
	return length > table->gateway[0].mtu ? NULL : neigh->gateway4[side - LANE_SIDE_ACCESS];
}

static struct neigh_entry *neigh_next(struct neigh *neigh, unsigned side, const uint8_t *ip, unsigned length)
{
	struct route_hop hop;

	if (neigh_route(neigh, side, ip, length, &hop) != VERDICT_FORWARD || length > hop.mtu)
		return NULL;
	return neigh_table_find(&neigh->table, hop.port, hop.address);
}

int neigh_ready(struct neigh *neigh, unsigned side, uint8_t *ip, unsigned length)
{
	struct neigh_entry *entry;

	if (side >= LANE_SIDE_ACCESS && length >= IP4_HEADER && ip[0] >> 4 == 4)
		entry = neigh_next4(neigh, side, be32_get(ip + 16), length);
	else
		entry = neigh_next(neigh, side, ip, length);
	if (!entry || entry->state != NEIGH_KNOWN)
		return -1;
	entry->used = true;
	memcpy(ip - NEIGH_L2, entry->l2,
	       NEIGH_L2); // in one copy, whatever its length: before a shorter one lies headroom
	return entry->port | entry->l2_bytes << NEIGH_READY_BYTES;
}
