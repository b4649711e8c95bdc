// neigh_nd.c - neighbour discovery for IPv6 (RFC 4861): solicitations and advertisements, as far as a router's side of
// address resolution goes. Router discovery and redirects are not listened to: routes are configured.
//
// Part of neigh: the primary's loop.
#include <string.h>
#include "primary/edge/neigh_inside.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"

enum { ND_SOLICIT = 135, ND_ADVERTISE = 136 };
enum { ND_SOURCE_MAC = 1, ND_TARGET_MAC = 2 }; // options, RFC 4861 4.6.1
enum { ND_FLAGS = 4, ND_TARGET = 8, ND_FIXED = 24, ND_OPTION = 8, ND_FULL = ND_FIXED + ND_OPTION };
_Static_assert(IP6_HEADER + ND_FULL == NEIGH_BODY, "the longest message of our own");
enum { ND_ROUTER = 0x80, ND_SOLICITED = 0x40, ND_OVERRIDE = 0x20 };

static const struct address nd_all_nodes = { 0xff02ull << 48, 1 };

// ff02::1:ffXX:XXXX, RFC 4291 2.7.1
static struct address nd_solicited_node(struct address target)
{
	return (struct address){ 0xff02ull << 48, 0x1ff000000ull | (target.low & 0xffffff) };
}

// 33:33 and the group's last four bytes, RFC 2464 7
static void nd_group_mac(uint8_t mac[NEIGH_MAC], struct address group)
{
	mac[0] = mac[1] = 0x33;
	be32_put(mac + 2, (uint32_t)group.low);
}

// Finds a link-layer address option. False: an option is malformed, and the message with it (RFC 4861 7.1.1, 7.1.2).
static bool nd_options(const uint8_t *at, unsigned left, unsigned wanted, const uint8_t **mac)
{
	*mac = NULL;
	while (left) {
		if (left < ND_OPTION || !at[1] || at[1] * 8u > left)
			return false;
		if (at[0] == wanted && at[1] == 1)
			*mac = at + 2;
		left -= at[1] * 8u;
		at += at[1] * 8u;
	}
	return true;
}

// Writes addresses, hop limit and checksum around the 32 ICMPv6 bytes that follow.
static void nd_finish(uint8_t *ip, struct address source, struct address destination)
{
	be32_put(ip, 0x60000000);
	be16_put(ip + 4, ND_FULL);
	ip[6] = IP_ICMP6;
	ip[7] = 255;
	address_put_ipv6(ip + 8, source);
	address_put_ipv6(ip + 24, destination);
	be16_put(ip + IP6_HEADER + 2, 0);
	be16_put(ip + IP6_HEADER + 2, ip6_checksum_upper(ip, IP_ICMP6, ip + IP6_HEADER, ND_FULL));
}

// The ICMPv6 part but its checksum: fixed header and our link-layer address.
static void nd_put(uint8_t *nd, unsigned type, unsigned flags, struct address target, const uint8_t *mac)
{
	memset(nd, 0, ND_TARGET);
	nd[0] = (uint8_t)type;
	nd[ND_FLAGS] = (uint8_t)flags;
	address_put_ipv6(nd + ND_TARGET, target);
	nd[ND_FIXED] = type == ND_SOLICIT ? ND_SOURCE_MAC : ND_TARGET_MAC;
	nd[ND_FIXED + 1] = 1;
	memcpy(nd + ND_FIXED + 2, mac, NEIGH_MAC);
}

// Who asks without an address of his own checks whether ours is free: everybody hears the answer (RFC 4861 7.2.4).
static void nd_answer(const struct neigh_port *port, const struct neigh_frame *frame, const uint8_t *mac)
{
	uint8_t *ip = frame->l3;
	struct address asker = address_ipv6(ip + 8), target = address_ipv6(ip + IP6_HEADER + ND_TARGET);
	bool probe = (asker.high | asker.low) == 0;
	uint8_t to[NEIGH_MAC];

	memcpy(to, mac && !(mac[0] & 1) ? mac : frame->bytes + NEIGH_MAC, NEIGH_MAC);
	if (probe) {
		asker = nd_all_nodes;
		nd_group_mac(to, asker);
	}
	nd_put(ip + IP6_HEADER, ND_ADVERTISE, ND_ROUTER | ND_OVERRIDE | (probe ? 0 : ND_SOLICITED), target, port->mac);
	nd_finish(ip, target, asker);
	memcpy(frame->bytes, to, NEIGH_MAC);
	memcpy(frame->bytes + NEIGH_MAC, port->mac, NEIGH_MAC);
}

static unsigned nd_solicited(struct neigh *neigh, const struct neigh_frame *frame, unsigned length, unsigned *answer)
{
	const uint8_t *ip = frame->l3, *mac;
	const struct neigh_port *port = &neigh->port[frame->port];
	struct address asker = address_ipv6(ip + 8), target = address_ipv6(ip + IP6_HEADER + ND_TARGET);
	bool probe = (asker.high | asker.low) == 0;

	if (!nd_options(ip + IP6_HEADER + ND_FIXED, length - ND_FIXED, ND_SOURCE_MAC, &mac))
		return VERDICT_BAD_IP;
	if (probe && (mac || !address_same(address_ipv6(ip + 24), nd_solicited_node(target)))) // RFC 4861 7.1.1
		return VERDICT_BAD_IP;

	bool heard = mac && neigh_hear(neigh, frame, &(struct neigh_claim){ asker, mac, false });

	if (!neigh_owns(port, target))
		return heard ? VERDICT_ANSWERED : VERDICT_NOT_OURS;
	nd_answer(port, frame, mac);
	*answer = IP6_HEADER + ND_FULL;
	return VERDICT_ANSWERED;
}

static unsigned nd_advertised(struct neigh *neigh, const struct neigh_frame *frame, unsigned length)
{
	const uint8_t *ip = frame->l3, *nd = ip + IP6_HEADER;
	struct neigh_claim claim = { .address = address_ipv6(nd + ND_TARGET), .answers = nd[ND_FLAGS] & ND_SOLICITED };

	if (!nd_options(nd + ND_FIXED, length - ND_FIXED, ND_TARGET_MAC, &claim.mac))
		return VERDICT_BAD_IP;
	if (claim.answers && address_multicast6(address_ipv6(ip + 24))) // RFC 4861 7.1.2
		return VERDICT_BAD_IP;
	return neigh_hear(neigh, frame, &claim) ? VERDICT_ANSWERED : VERDICT_NOT_OURS;
}

unsigned neigh_nd_input(struct neigh *neigh, const struct neigh_frame *frame, unsigned *answer)
{
	const uint8_t *ip = frame->l3, *nd = ip + IP6_HEADER;

	if (frame->left < IP6_HEADER)
		return VERDICT_SHORT;

	unsigned length = be16_get(ip + 4);

	if (frame->left < IP6_HEADER + length)
		return VERDICT_BAD_IP;
	if (ip[6] != IP_ICMP6 || (length && nd[0] != ND_SOLICIT && nd[0] != ND_ADVERTISE)) // router discovery: not here
		return VERDICT_NOT_OURS;
	if (length < ND_FIXED)
		return VERDICT_SHORT;
	if (ip[7] != 255 || nd[1] ||
	    ip6_checksum_upper(ip, IP_ICMP6, nd, length)) // did not come from this link, or is broken
		return VERDICT_BAD_IP;
	if (address_multicast6(address_ipv6(nd + ND_TARGET)))
		return VERDICT_BAD_IP;
	return nd[0] == ND_SOLICIT ? nd_solicited(neigh, frame, length, answer) : nd_advertised(neigh, frame, length);
}

// Without a MAC it goes to the group that is its destination.
static void nd_send(struct neigh *neigh, unsigned port, struct neigh_message *message, struct address source,
		    struct address destination)
{
	uint8_t group[NEIGH_MAC];

	nd_finish(message->body, source, destination);
	nd_group_mac(group, destination);
	message->type = NEIGH_ETHER_IPV6;
	message->length = IP6_HEADER + ND_FULL;
	if (!message->mac)
		message->mac = group;
	neigh_emit(neigh, port, message);
}

void neigh_nd_ask(struct neigh *neigh, unsigned port, struct address target, const uint8_t *mac)
{
	struct neigh_message message = { .mac = mac };
	struct address source;

	if (!neigh_source(&neigh->port[port], target, &source))
		return;
	nd_put(message.body + IP6_HEADER, ND_SOLICIT, 0, target, neigh->port[port].mac);
	nd_send(neigh, port, &message, source, mac ? target : nd_solicited_node(target));
}

void neigh_nd_announce(struct neigh *neigh, unsigned port, struct address own)
{
	struct neigh_message message = { .mac = NULL };

	nd_put(message.body + IP6_HEADER, ND_ADVERTISE, ND_ROUTER | ND_OVERRIDE, own, neigh->port[port].mac);
	nd_send(neigh, port, &message, own, nd_all_nodes);
}
