// neigh.c - the life of a next hop: wanted, asked for, known, proven again, given up.
//
//   send to unknown -> ASKING --answer--> KNOWN --30 s and still used--> asked again, used meanwhile --answer--> KNOWN
//                        | 3 questions, 1 s apart, unanswered                | 3 unanswered
//                        v                                                   v
//                      gone; what waited is dropped                        gone
//
// Only entries that a packet of ours wanted exist, so strangers can't fill the table. All of it belongs to the primary's loop.
#include "primary/edge/neigh.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "primary/edge/neigh_inside.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"

#define NEIGH_REACHABLE_NS 30000000000ull
#define NEIGH_FORGET_NS 600000000000ull // an unused entry is kept as a first guess this long
#define NEIGH_ASK_NS 1000000000ull
#define NEIGH_ASKS 3u

static void neigh_port_init(struct neigh_port *port, const struct conf_port *conf)
{
	port->vlan = conf->vlan;
	port->mtu = conf->mtu;
	port->l2_bytes = port->vlan ? 18 : 14;
	for (unsigned i = 0; i < conf->addresses; i++) {
		const struct conf_address *own = &conf->address[i];

		port->own[port->owns++] = (struct neigh_own){ address_read(own->family, own->bytes),
							      address_mask(own->family, own->prefix_len) };
	}
}

struct neigh *neigh_make(const struct conf *conf, const struct neigh_out *out)
{
	struct neigh *neigh = aligned_alloc(64, sizeof(*neigh));

	if (!neigh)
		return NULL;
	memset(neigh, 0, sizeof(*neigh));
	neigh->out = *out;
	neigh->ports = conf->ports;
	route_build(&neigh->routes, conf);
	among_build(&neigh->among, conf);
	for (unsigned p = 0; p < conf->ports; p++)
		neigh_port_init(&neigh->port[p], &conf->port[p]);
	if (neigh_table_init(&neigh->table)) {
		neigh_free(neigh);
		return NULL;
	}
	return neigh;
}

void neigh_free(struct neigh *neigh)
{
	free(neigh);
}

void neigh_mac(struct neigh *neigh, unsigned port, const uint8_t mac[6])
{
	struct neigh_port *at = &neigh->port[port];

	memcpy(at->mac, mac, NEIGH_MAC);
	at->own[at->owns++] = (struct neigh_own){ address_eui64(mac), address_mask(6, 64) };
}

bool neigh_owns(const struct neigh_port *port, struct address address)
{
	for (unsigned i = 0; i < port->owns; i++)
		if (address_same(port->own[i].address, address))
			return true;
	return false;
}

bool neigh_source(const struct neigh_port *port, struct address target, struct address *source)
{
	bool found = false;

	for (unsigned i = 0; i < port->owns; i++) {
		const struct neigh_own *own = &port->own[i];

		if (address_is_ipv4(own->address) != address_is_ipv4(target))
			continue;
		*source = own->address;
		if (address_near(own->address, target, own->mask))
			return true;
		found = true;
	}
	return found;
}

void neigh_l2_put(const struct neigh_port *port, uint8_t *l3, const uint8_t *mac, unsigned type)
{
	uint8_t *at = l3 - port->l2_bytes;

	memcpy(at, mac, NEIGH_MAC);
	memcpy(at + NEIGH_MAC, port->mac, NEIGH_MAC);
	be16_put(l3 - 2, (uint16_t)type);
	if (port->vlan)
		be32_put(l3 - 6, 0x81000000u | port->vlan);
}

int neigh_emit(struct neigh *neigh, unsigned port, const struct neigh_message *message)
{
	const struct neigh_port *from = &neigh->port[port];
	struct nic_frame frame = { .offset = (uint16_t)(ROOM_HEADROOM - from->l2_bytes),
				   .length = (uint16_t)(from->l2_bytes + message->length) };
	int error = neigh->out.room(neigh->out.with, &frame.room);

	if (error)
		return error;

	uint8_t *l3 = neigh->out.bytes(neigh->out.with, frame.room) + ROOM_HEADROOM;

	memcpy(l3, message->body, message->length);
	neigh_l2_put(from, l3, message->mac, message->type);
	neigh->out.send(neigh->out.with, port, frame);
	return 0;
}

// A question that finds no room is one unanswered.
static void neigh_ask(struct neigh *neigh, struct neigh_entry *entry, const uint8_t *mac, uint64_t now_ns)
{
	entry->asked_ns = now_ns;
	entry->asks++;
	if (address_is_ipv4(entry->address))
		neigh_arp_ask(neigh, entry->port, entry->address, mac);
	else
		neigh_nd_ask(neigh, entry->port, entry->address, mac);
}

static const uint8_t *neigh_entry_mac(const struct neigh_entry *entry)
{
	return entry->l2 + NEIGH_L2 - entry->l2_bytes;
}

// What waited goes, in its order.
static void neigh_settle(struct neigh *neigh, struct neigh_entry *entry, const uint8_t *mac)
{
	struct nic_frame frame;

	neigh_l2_put(&neigh->port[entry->port], entry->l2 + NEIGH_L2, mac,
		     address_is_ipv4(entry->address) ? NEIGH_ETHER_IPV4 : NEIGH_ETHER_IPV6);
	entry->l2_bytes = neigh->port[entry->port].l2_bytes;
	neigh_table_state(&neigh->table, entry, NEIGH_KNOWN);
	while (neigh_table_take(&neigh->table, entry, &frame)) {
		neigh_l2_copy(neigh->out.bytes(neigh->out.with, frame.room) + frame.offset, entry);
		neigh->out.send(neigh->out.with, entry->port, neigh_frame_of(frame, entry));
	}
}

static void neigh_prove(struct neigh_entry *entry, uint64_t now_ns)
{
	entry->proven_ns = now_ns;
	entry->asks = 0;
	entry->used = false;
}

static bool neigh_mac_sound(const uint8_t *mac)
{
	static const uint8_t none[NEIGH_MAC];

	return !(mac[0] & 1) && memcmp(mac, none, NEIGH_MAC) != 0;
}

// A known MAC changes only in an answer to our question; somebody who says otherwise unasked makes us ask, no more, and at
// most once a second. So a real failover takes one round trip, and a flood of claims changes nothing.
bool neigh_hear(struct neigh *neigh, const struct neigh_frame *frame, const struct neigh_claim *claim)
{
	struct neigh_entry *entry = neigh_table_find(&neigh->table, frame->port, claim->address);
	const uint8_t *mac = claim->mac;

	if (!entry || (mac && !neigh_mac_sound(mac)))
		return false;

	bool known = entry->state == NEIGH_KNOWN;
	bool same = known && (!mac || !memcmp(neigh_entry_mac(entry), mac, NEIGH_MAC));
	bool believed = known ? claim->answers && entry->asks : mac != NULL;

	if (believed) {
		neigh_prove(entry, frame->now_ns);
		if (!same)
			neigh_settle(neigh, entry, mac);
	} else if (known && !same && frame->now_ns - entry->asked_ns >= NEIGH_ASK_NS) {
		neigh_ask(neigh, entry, NULL, frame->now_ns);
	}
	return true;
}

unsigned neigh_input(struct neigh *neigh, unsigned port, uint8_t *frame, unsigned *length, uint64_t now_ns)
{
	struct neigh_frame in = { .port = port, .bytes = frame, .now_ns = now_ns };
	unsigned type, answer = 0, verdict, l2 = 14;

	if (*length < l2)
		return VERDICT_SHORT;
	type = be16_get(frame + 12);
	if (type == 0x8100 && *length >= 18) {
		type = be16_get(frame + 16);
		l2 = 18;
	}
	if (frame[NEIGH_MAC] & 1) // nobody sends from a group's MAC
		return VERDICT_NOT_OURS;
	in.l3 = frame + l2;
	in.left = *length - l2;
	if (type == NEIGH_ETHER_ARP)
		verdict = neigh_arp_input(neigh, &in, &answer);
	else if (type == NEIGH_ETHER_IPV6)
		verdict = neigh_nd_input(neigh, &in, &answer);
	else
		verdict = VERDICT_NOT_IP;
	*length = answer ? l2 + answer : 0;
	return verdict;
}

// Not known: the packet waits, and the first one asks. The question goes out even if there is no place to wait.
static unsigned neigh_wait(struct neigh *neigh, const struct route_hop *hop, struct nic_frame frame, uint64_t now_ns)
{
	struct neigh_entry *entry = neigh_table_find(&neigh->table, hop->port, hop->address);

	if (!entry) {
		entry = neigh_table_add(&neigh->table, hop->port, hop->address, now_ns);
		if (!entry)
			return VERDICT_NEIGHBOUR_FULL;
		neigh_ask(neigh, entry, NULL, now_ns);
	}
	return neigh_table_wait(&neigh->table, entry, frame) ? VERDICT_FORWARD : VERDICT_NEIGHBOUR_FULL;
}

unsigned neigh_send(struct neigh *neigh, unsigned side, struct nic_frame frame, uint64_t now_ns, unsigned *mtu)
{
	uint8_t *ip = neigh->out.bytes(neigh->out.with, frame.room) + frame.offset;
	struct neigh_entry *entry;
	struct route_hop hop;
	unsigned verdict;

	if (frame.offset < NEIGH_L2)
		return VERDICT_SHORT;
	entry = neigh_known(neigh, side, ip, frame.length);
	if (entry) {
		entry->used = true;
		neigh_l2_copy(ip, entry);
		neigh->out.send(neigh->out.with, entry->port, neigh_frame_of(frame, entry));
		return VERDICT_FORWARD;
	}
	verdict = neigh_route(neigh, side, ip, frame.length, &hop);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	if (frame.length > hop.mtu) {
		*mtu = hop.mtu;
		return VERDICT_TO_SLOW_BIG;
	}
	return neigh_wait(neigh, &hop, frame, now_ns);
}

// Nobody answered: what waited is dropped. A gateway is asked for ever.
static void neigh_give_up(struct neigh *neigh, struct neigh_entry *entry, uint64_t now_ns)
{
	struct nic_frame frame;

	while (neigh_table_take(&neigh->table, entry, &frame))
		neigh->out.drop(neigh->out.with, frame, VERDICT_NO_NEIGHBOUR);
	if (!entry->pinned) {
		neigh_table_remove(&neigh->table, entry);
		return;
	}
	neigh_table_state(&neigh->table, entry, NEIGH_ASKING);
	entry->asks = 0;
	neigh_ask(neigh, entry, NULL, now_ns);
}

// A known neighbour is asked directly first, so that a quiet link stays quiet (RFC 1122 2.3.2.1); the last question is for all.
static void neigh_ask_again(struct neigh *neigh, struct neigh_entry *entry, uint64_t now_ns)
{
	bool directly = entry->state == NEIGH_KNOWN && entry->asks < NEIGH_ASKS - 1;

	if (entry->asks >= NEIGH_ASKS)
		neigh_give_up(neigh, entry, now_ns);
	else
		neigh_ask(neigh, entry, directly ? neigh_entry_mac(entry) : NULL, now_ns);
}

static void neigh_age(struct neigh *neigh, struct neigh_entry *entry, uint64_t now_ns)
{
	uint64_t age = now_ns - entry->proven_ns;

	if (entry->asks) {
		if (now_ns - entry->asked_ns >= NEIGH_ASK_NS)
			neigh_ask_again(neigh, entry, now_ns);
	} else if (age >= NEIGH_REACHABLE_NS && (entry->used || entry->pinned)) {
		neigh_ask_again(neigh, entry, now_ns);
	} else if (age >= NEIGH_FORGET_NS) {
		neigh_table_remove(&neigh->table, entry);
	}
}

void neigh_tick(struct neigh *neigh, uint64_t now_ns)
{
	for (unsigned i = 0; i < neigh->table.top; i++)
		if (neigh->table.entry[i].state != NEIGH_FREE)
			neigh_age(neigh, &neigh->table.entry[i], now_ns);
}

static void neigh_pin(struct neigh *neigh, const struct route_table *table, uint64_t now_ns)
{
	for (unsigned i = 0; i < table->gateways; i++) {
		const struct route_hop *gateway = &table->gateway[i];
		struct neigh_entry *entry = neigh_table_find(&neigh->table, gateway->port, gateway->address);

		if (!entry) {
			entry = neigh_table_add(&neigh->table, gateway->port, gateway->address, now_ns);
			assert(entry); // the table is as good as empty
			neigh_ask(neigh, entry, NULL, now_ns);
		}
		entry->pinned = true;
	}
}

void neigh_announce(struct neigh *neigh, uint64_t now_ns)
{
	for (unsigned p = 0; p < neigh->ports; p++)
		for (unsigned i = 0; i < neigh->port[p].owns; i++) {
			struct address own = neigh->port[p].own[i].address;

			if (address_is_ipv4(own))
				neigh_arp_announce(neigh, p, own);
			else
				neigh_nd_announce(neigh, p, own);
		}
	for (unsigned f = 0; f < ROUTE_FAMILIES; f++)
		neigh_pin(neigh, &neigh->routes.port[f], now_ns);
	neigh_ready_make(neigh);
}

unsigned neigh_waiting(const struct neigh *neigh)
{
	return neigh->table.waiting;
}
