// steer.c - decides from a frame's header bytes which lane it takes.
//
// Pure but for its own tables (steer_make.c). Lengths are checked as far as this file reads; whether a header is sound is the lanes' business.
#include "primary/edge/steer.h"
#include "primary/edge/quarantine.h"
#include "primary/edge/steer_inside.h"
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/cursor.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

enum { ETHER_8021Q = 0x8100, ETHER_8021AD = 0x88a8, ETHER_QINQ = 0x9100 };
enum { IP6_FRAGMENT = 44 };             // next header
enum { ND_FIRST = 133, ND_LAST = 137 }; // router solicitation .. redirect, RFC 4861 4

_Static_assert(STEER_BYTES == ETHER_HEADER + ETHER_TAG + 60 + UDP_HEADER + GTPU_HEADER, "the deepest read");
_Static_assert(VERDICT_COUNT < STEER_JOIN, "a code is a verdict or one of ours");

// An IP packet and where it came from.
struct steer_from {
	const uint8_t *ip;
	unsigned length;
	uint8_t role; // enum conf_role
	uint8_t l3;   // 0 = from inside
	uint8_t network;
};

static struct steer_result steer_refuse(enum verdict verdict, uint8_t l3)
{
	return (struct steer_result){ .kind = LANE_NONE, .code = (uint8_t)verdict, .l3 = l3 };
}

static struct steer_result steer_lane(enum lane_kind kind, uint8_t shard, uint32_t hint, uint8_t l3)
{
	return (struct steer_result){
		.kind = (uint8_t)kind, .code = STEER_TO_LANE, .shard = shard, .l3 = l3, .hint = hint
	};
}

static struct steer_result steer_apart(uint32_t index, uint8_t l3)
{
	return (struct steer_result){ .kind = LANE_NONE, .code = VERDICT_QUARANTINED, .l3 = l3, .hint = index };
}

// From inside nothing is put together.
static struct steer_result steer_join(uint8_t l3)
{
	return (struct steer_result){ .kind = LANE_NONE, .code = l3 ? STEER_JOIN : VERDICT_FRAGMENT, .l3 = l3 };
}

static struct steer_result steer_neigh(uint8_t l3)
{
	return (struct steer_result){ .kind = LANE_NONE, .code = STEER_NEIGH, .l3 = l3 };
}

// UDP to our GTP-U address, at or behind an IPv4 header of `header` bytes in a packet of `total`.
static struct steer_result steer_gtpu(const struct steer *steer, const struct steer_from *from, unsigned header,
				      unsigned total)
{
	const uint8_t *udp = from->ip + header;
	const uint8_t *gtpu = udp + UDP_HEADER;

	if (total < header + UDP_HEADER)
		return steer_refuse(VERDICT_SHORT, from->l3);
	if (be16_get(udp + 2) != GTPU_PORT)
		return steer_lane(LANE_LOCAL, 0, 0, from->l3);
	if (total < header + UDP_HEADER + GTPU_HEADER || (gtpu[0] & 0xf0) != (GTPU_VERSION_1 | GTPU_PT))
		return steer_refuse(VERDICT_BAD_GTPU, from->l3);
	if (gtpu[1] != GTPU_G_PDU && gtpu[1] != GTPU_END_MARKER) // that is for who had the packets before it
		return steer_lane(LANE_LOCAL, 0, 0, from->l3);

	uint32_t teid = aliases_own(&steer->aliases, be32_get(gtpu + GTPU_TEID));

	if (steer_wary(steer)) {
		uint32_t index = quarantine_teid(steer->quarantine, teid);

		if (index != QUARANTINE_NONE)
			return steer_apart(index, from->l3);
	}
	return steer_lane(LANE_UPLINK, shard_of_teid(teid), teid, from->l3);
}

// What an address is in a network, if it is of ours: STEER_OWN...
static uint32_t steer_what(const struct steer *steer, unsigned network, struct address address)
{
	return addrmap_get(&steer->own[network], address, STEER_OTHER);
}

static struct address steer_to(const struct steer_from *from)
{
	return from->ip[0] >> 4 == 6 ? address_ipv6(from->ip + 24) : address_ipv4(be32_get(from->ip + 16));
}

// Why somebody is not reached out of the packet's network, or VERDICT_FORWARD and his hint.
static enum verdict steer_within(const struct steer *steer, const struct steer_from *from, struct address key,
				 uint32_t *hint)
{
	const struct networks *networks = &steer->networks;
	bool ipv4 = address_is_ipv4(key);

	*hint = ipv4 ? networks_find4(networks, from->network, (uint32_t)key.low)
		     : networks_find6(networks, from->network, key.high);
	if (*hint != NETWORKS_NOBODY)
		return VERDICT_FORWARD;
	*hint = ipv4 ? networks_hint4(networks, 0, (uint32_t)key.low) : networks_hint6(networks, 0, key.high);
	return *hint == NETWORKS_NOBODY && steer_what(steer, 0, steer_to(from)) != STEER_OWN ? VERDICT_NOT_OURS
											     : VERDICT_OTHER_NETWORK;
}

static struct steer_result steer_down(const struct steer *steer, const struct steer_from *from, struct address key,
				      uint32_t hint)
{
	if (steer_wary(steer)) {
		uint32_t index = quarantine_down(steer->quarantine, key, hint);

		if (index != QUARANTINE_NONE)
			return steer_apart(index, from->l3);
	}
	return steer_lane(LANE_DOWNLINK, (uint8_t)hint, hint, from->l3);
}

// For a network behind a subscriber.
static struct steer_result steer_behind(const struct steer *steer, const struct steer_from *from, uint32_t teid)
{
	if (steer_wary(steer)) {
		uint32_t index = quarantine_teid(steer->quarantine, teid);

		if (index != QUARANTINE_NONE)
			return steer_apart(index, from->l3);
	}
	return steer_lane(LANE_FRAMED, shard_of_teid(teid), teid, from->l3);
}

// The TEID of the session behind which a packet goes; 0: it goes to no such network, or came from where subscribers are not looked for.
static uint32_t steer_framed(const struct steer *steer, const struct steer_from *from)
{
	if (!steer->framed.count || !(from->role & CONF_CORE))
		return 0;
	return from->ip[0] >> 4 == 6 ? steer_framed6(steer, from->network, steer_to(from))
				     : steer_framed4(steer, from->network, be32_get(from->ip + 16));
}

// A packet that is not for the gateway itself: for a subscriber, if it came from where subscribers are looked for. hint: as if there were
// neither exceptions nor networks.
static struct steer_result steer_other(const struct steer *steer, const struct steer_from *from, struct address key,
				       uint32_t hint)
{
	uint32_t teid = steer_framed(steer, from);
	enum verdict within;

	if (teid)
		return steer_behind(steer, from, teid);
	if (!(from->role & CONF_CORE))
		return steer_refuse(VERDICT_NOT_OURS, from->l3);
	if (!from->network)
		return steer_down(steer, from, key, addrmap_get(&steer->networks.exceptions, key, hint));
	within = steer_within(steer, from, key, &hint);
	return within == VERDICT_FORWARD ? steer_down(steer, from, key, hint) : steer_refuse(within, from->l3);
}

static struct steer_result steer_ipv4(const struct steer *steer, const struct steer_from *from)
{
	if (from->length < IP4_HEADER)
		return steer_refuse(VERDICT_SHORT, from->l3);

	unsigned header = (from->ip[0] & 15u) * 4;
	unsigned total = be16_get(from->ip + 2);
	uint32_t destination = be32_get(from->ip + 16), own;

	if (from->ip[0] >> 4 != 4 || header < IP4_HEADER || total < header || total > from->length)
		return steer_refuse(VERDICT_BAD_IP, from->l3);
	if (destination == steer->gtpu_ipv4 && from->ip[9] == IP_UDP && from->role & CONF_ACCESS) {
		if (be16_get(from->ip + 6) & IP4_FRAGMENT)
			return steer_join(from->l3);
		return steer_gtpu(steer, from, header, total);
	}

	own = steer_what(steer, from->network, address_ipv4(destination));
	if (own == STEER_OWN)
		return steer_lane(LANE_LOCAL, 0, 0, from->l3);
	if (own == STEER_BROADCAST || address_no_host4(destination))
		return steer_refuse(VERDICT_NOT_OURS, from->l3);
	return steer_other(steer, from, address_ipv4(destination), shard_hint(destination, shard_of_ipv4(destination)));
}

// ND speaks on the link only: to us, to a link-local address or to a multicast group; never to a subscriber.
static bool steer_is_nd(const struct steer_from *from, bool to_link)
{
	return to_link && from->l3 && from->ip[6] == IP_ICMP6 && from->length > IP6_HEADER &&
	       from->ip[IP6_HEADER] >= ND_FIRST && from->ip[IP6_HEADER] <= ND_LAST;
}

static struct steer_result steer_ipv6(const struct steer *steer, const struct steer_from *from)
{
	if (from->length < IP6_HEADER)
		return steer_refuse(VERDICT_SHORT, from->l3);
	if (from->ip[0] >> 4 != 6 || IP6_HEADER + be16_get(from->ip + 4) > from->length)
		return steer_refuse(VERDICT_BAD_IP, from->l3);

	struct address destination = address_ipv6(from->ip + 24);
	bool own = steer_what(steer, from->network, destination) == STEER_OWN;
	bool link = address_link_local(destination) || address_multicast6(destination);

	if (steer_is_nd(from, own || link))
		return steer_neigh(from->l3);
	if (from->role & CONF_ACCESS && destination.high && address_same(destination, steer->gtpu_ipv6)) {
		if (from->ip[6] == IP_UDP)
			return steer_gtpu(steer, from, IP6_HEADER, IP6_HEADER + be16_get(from->ip + 4));
		if (from->ip[6] == IP6_FRAGMENT)
			return steer_join(from->l3);
	}
	if (own)
		return steer_lane(LANE_LOCAL, 0, 0, from->l3);
	if (link || destination.high == 0) // ::/64 holds ::, ::1 and mapped IPv4: nobody's prefix
		return steer_refuse(VERDICT_NOT_OURS, from->l3);
	return steer_other(steer, from, (struct address){ destination.high, 0 }, shard_of_ipv6(destination.high));
}

// The port of this VLAN, of those on the device; null: none.
static const struct steer_port *steer_lan(const struct steer *steer, unsigned port, unsigned vlan)
{
	while (steer->port[port].vlan != vlan) {
		port = steer->port[port].next;
		if (port == PLANE_PORTS)
			return NULL;
	}
	return &steer->port[port];
}

// The port, the offset of the L3 header and the Ethernet type behind the tag, or the verdict that refuses the frame. A tag with VLAN 0
// carries a priority only (IEEE 802.1Q 9.6): the frame is untagged.
static enum verdict steer_ethernet(const struct steer *steer, const struct steer_port **port,
				   const struct steer_from *frame, unsigned *type, uint8_t *l3)
{
	unsigned vlan = 0;

	if (frame->length < ETHER_HEADER)
		return VERDICT_SHORT;
	*l3 = ETHER_HEADER;
	*type = be16_get(frame->ip + 12);
	if (*type == ETHER_8021Q) {
		if (frame->length < ETHER_HEADER + ETHER_TAG)
			return VERDICT_SHORT;
		vlan = be16_get(frame->ip + 14) & 0xfff;
		*l3 = ETHER_HEADER + ETHER_TAG;
		*type = be16_get(frame->ip + 16);
	}
	*port = steer_lan(steer, (*port)->number, vlan);
	if (!*port)
		return VERDICT_VLAN;
	return *type == ETHER_8021Q || *type == ETHER_8021AD || *type == ETHER_QINQ ? VERDICT_VLAN : VERDICT_FORWARD;
}

// Whether a frame of at least eight bytes bears our MAC, or a group's.
static bool steer_for_us(const struct steer_port *port, const uint8_t *frame)
{
	uint64_t mac = be64_get(frame) >> 16;

	return mac == port->mac || !port->mac || mac >> 40 & 1;
}

// A frame of our MAC, from the L3 header on.
static struct steer_result steer_content(const struct steer *steer, const struct steer_from *from, unsigned type)
{
	switch (type) {
	case ETHER_IPV4:
		return steer_ipv4(steer, from);
	case ETHER_IPV6:
		return steer_ipv6(steer, from);
	case ETHER_ARP:
		return steer_neigh(from->l3);
	}
	return steer_refuse(VERDICT_NOT_IP, from->l3);
}

struct steer_result steer_frame(const struct steer *steer, unsigned port, const uint8_t *frame, unsigned length)
{
	const struct steer_port *at = &steer->port[port];
	struct steer_from from = { .ip = frame, .length = length };
	struct steer_result to;
	unsigned type = 0;
	enum verdict verdict = steer_ethernet(steer, &at, &from, &type, &from.l3);

	if (verdict != VERDICT_FORWARD)
		return steer_refuse(verdict, from.l3);
	if (!steer_for_us(at, frame))
		return steer_refuse(VERDICT_NOT_OURS, from.l3);
	from.role = at->role;
	from.network = steer->networks.port[at->number];
	from.ip += from.l3;
	from.length -= from.l3;
	to = steer_content(steer, &from, type);
	to.port = at->number;
	return to;
}

struct steer_result steer_packet(const struct steer *steer, struct steer_side side, const uint8_t *packet,
				 unsigned length)
{
	struct steer_from from = { .ip = packet, .length = length, .role = side.role, .network = side.network };

	if (!length)
		return steer_refuse(VERDICT_SHORT, 0);
	if (steer->networks.places && side.role == CONF_CORE && !side.network)
		from.network = ROUTE_NOWHERE; // addresses alone say nothing
	return packet[0] >> 4 == 6 ? steer_ipv6(steer, &from) : steer_ipv4(steer, &from);
}
