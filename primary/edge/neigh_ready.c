// neigh_ready.c - the usual packets' next hops: known, and on their way a run at a time. What it does not find, neigh_send tells.
//
// The packet path: the primary's loop only.
#include <immintrin.h>
#include <stddef.h>
#include <string.h>
#include "primary/edge/neigh_inside.h"

#define IP4_PLAIN 0x45 // version, and a header without options

// Who takes an IPv4 packet on that side; null: to be asked for, or nobody.
static inline struct neigh_entry *neigh_next4(struct neigh *neigh, unsigned side, uint32_t to, unsigned length)
{
	const struct route_table *table = &neigh->routes.side[route_index(side)][ROUTE_IPV4];
	const struct address address = address_ipv4(to);

	if (address_no_host4(to))
		return NULL;
	for (const struct route_prefix *p = table->prefix; p < table->prefix + table->prefixes; p++)
		if (route_holds4(p, to))
			return route_broadcast(p, address) || length > p->mtu
				   ? NULL
				   : neigh_table_find(&neigh->table, p->port, route_next(p, address));
	return length > table->gateway[0].mtu ? NULL : neigh->gateway4[route_index(side)];
}

static inline struct neigh_entry *neigh_next(struct neigh *neigh, unsigned side, const uint8_t *ip, unsigned length)
{
	struct route_hop hop;

	if (neigh_route(neigh, side, ip, length, &hop) != VERDICT_FORWARD || length > hop.mtu)
		return NULL;
	return neigh_table_find(&neigh->table, hop.port, hop.address);
}

struct neigh_entry *neigh_known(struct neigh *neigh, unsigned side, const uint8_t *ip, unsigned length)
{
	struct neigh_entry *entry;

	if (side >= ROUTE_SIDE_LEAST && length >= IP4_HEADER && ip[0] >> 4 == 4)
		entry = neigh_next4(neigh, side, be32_get(ip + 16), length);
	else
		entry = neigh_next(neigh, side, ip, length);
	return entry && entry->state == NEIGH_KNOWN ? entry : NULL;
}

// Whether some address that begins like this is in a port's prefix, as our own are, or no host's.
static bool neigh_near(const struct neigh *neigh, uint32_t first)
{
	const struct route_table *all = &neigh->routes.port[ROUTE_IPV4];

	for (unsigned i = 0; i < all->prefixes; i++) {
		uint32_t mask = (uint32_t)all->prefix[i].mask.low, own = (uint32_t)all->prefix[i].own.low;

		if (first >= (own & mask) >> 24 && first <= (own | ~mask) >> 24)
			return true;
	}
	return address_no_host4(first << 24);
}

static uint64_t neigh_tails(const struct neigh *neigh)
{
	uint64_t tails = 0;

	for (unsigned p = 0; p < neigh->ports; p++)
		for (unsigned i = 0; i < neigh->port[p].owns; i++)
			tails |= 1ull << neigh->port[p].own[i].address.low % 64;
	return tails;
}

// A gateway's entry is there for ever: packets that go by it need not look for it.
void neigh_ready_make(struct neigh *neigh)
{
	for (unsigned way = 0; way < ROUTE_SIDES; way++) {
		const struct route_table *table = &neigh->routes.side[way][ROUTE_IPV4];
		const struct route_hop *gateway = &table->gateway[0];

		if (table->gateways > 0)
			neigh->gateway4[way] = neigh_table_find(&neigh->table, gateway->port, gateway->address);
		for (uint32_t first = 0; first < 256; first++)
			neigh->near[way][first] =
			    !neigh->gateway4[way] || neigh_near(neigh, first) ||
			    (route_core(ROUTE_SIDE_LEAST + way) && among_near(&neigh->among, first));
	}
	neigh->own_tails = neigh_tails(neigh);
}

// Whether it goes to the radio side, or to no subscriber, and the destination's last byte alone says that it is none of ours: so it is
// for nearly all.
static inline bool neigh_foreign(const struct neigh *neigh, const struct lane_handle *handle, const uint8_t *ip)
{
	unsigned last = ip[0] >> 4 == 6 ? IP6_HEADER - 1 : IP4_HEADER - 1;

	return !route_core(handle->port) || (handle->length > last && !(neigh->own_tails >> ip[last] % 64 & 1) &&
					     !among_ours(&neigh->among, ip, handle->length));
}

static inline uint32_t neigh_four(const void *at)
{
	uint32_t four;

	memcpy(&four, at, sizeof(four));
	return four;
}

// Who takes a packet that is not the gateway's, or not in plain IPv4.
static struct neigh_entry *neigh_look(struct neigh *neigh, const struct lane_handle *handle, const uint8_t *ip)
{
	struct neigh_near *near = &neigh->nearby[route_index(handle->port)][ip[IP4_HEADER - 1] % NEIGH_NEARBY];
	bool plain = ip[0] == IP4_PLAIN;
	struct neigh_entry *entry;

	if (plain && near->entry && near->to == neigh_four(ip + 16) && near->removals == neigh->table.removals)
		return near->entry;
	if (!neigh_foreign(neigh, handle, ip))
		return NULL;
	entry = neigh_known(neigh, handle->port, ip, handle->length);
	if (plain && entry)
		*near = (struct neigh_near){ entry, neigh->table.removals, neigh_four(ip + 16) };
	return entry;
}

// A next hop, as packets in a row need it.
struct neigh_leg {
	struct neigh_entry *entry;
	unsigned most;   // bytes of a packet; 0: it is not known how to get there
	uint32_t before; // what the L2 header does to offset and length, as they stand in a handle
	__m128i l2;      // but for its last two bytes,
	uint16_t type;   // which are these
};

static inline struct neigh_leg neigh_leg(const struct neigh *neigh, struct neigh_entry *entry)
{
	struct neigh_leg leg = { .entry = entry };

	if (!entry || entry->state != NEIGH_KNOWN)
		return leg;
	leg.most = neigh->port[entry->port].mtu;
	leg.before = ((uint32_t)entry->l2_bytes << LANE_WORD_LENGTH) - entry->l2_bytes;
	leg.l2 = _mm_loadu_si128((const __m128i *)(const void *)entry->l2);
	memcpy(&leg.type, entry->l2 + sizeof(leg.l2), sizeof(leg.type));
	return leg;
}

// Where a run has come to.
struct neigh_place {
	const struct lane_handle *handle, *end;
	uint8_t *const *packet;
	struct nic_frame *frame;
};

// Whether the packet is one of that side, in IPv4, and short enough for this leg.
static inline bool neigh_fits(const struct neigh_place *at, unsigned side, const struct neigh_leg *leg)
{
	return at->handle->port == side && **at->packet == IP4_PLAIN && at->handle->length <= leg->most;
}

static inline void neigh_leave(struct neigh_place *at, const struct neigh_leg *leg)
{
	uint32_t where = neigh_four(&at->handle->offset) + leg->before;
	uint8_t *ip = *at->packet;

	_Static_assert(offsetof(struct nic_frame, length) == offsetof(struct nic_frame, offset) + 2, "as in a handle");
	at->frame->room = at->handle->room;
	memcpy(&at->frame->offset, &where, sizeof(where));
	_mm_storeu_si128((__m128i *)(void *)(ip - NEIGH_L2), leg->l2);
	memcpy(ip - sizeof(leg->type), &leg->type, sizeof(leg->type));
	at->handle++;
	at->packet++;
	at->frame++;
}

// Adds those that go to the gateway, from the at-th on.
static inline void neigh_gateway(struct neigh *neigh, const struct lane_back *back, unsigned at, unsigned end,
				 struct nic_frames *out)
{
	const unsigned side = back->handle[at].port;
	const size_t way = route_index(side);
	const struct neigh_leg leg = neigh_leg(neigh, neigh->gateway4[way]);
	const uint8_t *near = neigh->near[way];
	struct neigh_place to = { &back->handle[at], &back->handle[end], &back->packet[at], &out->frame[out->n] };

	if (leg.most == 0 || (out->n > 0 && leg.entry->port != out->port))
		return;
	leg.entry->used = true;
	out->port = leg.entry->port;
	while (to.handle < to.end && neigh_fits(&to, side, &leg) && !near[(*to.packet)[16]])
		neigh_leave(&to, &leg);
	out->n = (unsigned)(to.frame - out->frame);
}

// Adds those that go where the at-th goes.
static void neigh_others(struct neigh *neigh, const struct lane_back *back, unsigned at, unsigned end,
			 struct nic_frames *out)
{
	const uint8_t *ip = back->packet[at];
	const struct neigh_leg leg = neigh_leg(neigh, neigh_look(neigh, &back->handle[at], ip));
	const unsigned side = back->handle[at].port;
	const uint32_t same = neigh_four(ip + 16);
	struct neigh_place to = { &back->handle[at], &back->handle[end], &back->packet[at], &out->frame[out->n] };

	if (leg.most < to.handle->length || (out->n > 0 && leg.entry->port != out->port))
		return;
	leg.entry->used = true;
	out->port = leg.entry->port;
	do
		neigh_leave(&to, &leg);
	while (to.handle < to.end && neigh_fits(&to, side, &leg) && neigh_four(*to.packet + 16) == same);
	out->n = (unsigned)(to.frame - out->frame);
}

static __attribute__((noinline)) void neigh_mixed(struct neigh *neigh, const struct lane_back *back, unsigned first,
						  unsigned n, struct nic_frames *out)
{
	const unsigned side = back->handle[first].port;
	unsigned before;

	do {
		before = out->n;
		neigh_others(neigh, back, first + before, first + n, out);
		if (out->n > before && out->n < n && back->handle[first + out->n].port == side)
			neigh_gateway(neigh, back, first + out->n, first + n, out);
	} while (out->n > before && out->n < n && back->handle[first + out->n].port == side);
}

static __attribute__((noinline)) void neigh_straight(struct neigh *neigh, const struct lane_back *back, unsigned first,
						     unsigned n, struct nic_frames *out)
{
	neigh_gateway(neigh, back, first, first + n, out);
	if (out->n > 0 && out->n < n && back->handle[first + out->n].port == back->handle[first].port)
		neigh_mixed(neigh, back, first, n, out);
}

// Whose first one goes to the gateway, and whose does not.
void neigh_ready(struct neigh *neigh, const struct lane_back *back, unsigned first, unsigned n, struct nic_frames *out)
{
	const uint8_t *ip = back->packet[first];

	out->n = 0;
	if (ip[0] == IP4_PLAIN && !neigh->near[route_index(back->handle[first].port)][ip[16]])
		neigh_straight(neigh, back, first, n, out);
	else
		neigh_mixed(neigh, back, first, n, out);
}
