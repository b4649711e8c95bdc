// neigh_arp.c - ARP over Ethernet for IPv4 (RFC 826): questions, answers, announcements.
//
// Part of neigh: the primary's loop.
#include <string.h>
#include "primary/edge/neigh_inside.h"
#include "shared/plane/verdict.h"

enum { ARP_BYTES = 28, ARP_REQUEST = 1, ARP_REPLY = 2 };
enum { ARP_OPERATION = 6, ARP_SENDER_MAC = 8, ARP_SENDER = 14, ARP_TARGET_MAC = 18, ARP_TARGET = 24 };

static const uint8_t arp_fixed[ARP_OPERATION] = { 0, 1, 0x08, 0x00, 6, 4 }; // Ethernet, IPv4, their address lengths
static const uint8_t arp_everybody[NEIGH_MAC] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

// Turns the question round: we are the sender now.
static void arp_answer(const struct neigh_port *port, const struct neigh_frame *frame)
{
	uint8_t *arp = frame->l3;
	uint8_t own[4];

	be16_put(arp + ARP_OPERATION, ARP_REPLY);
	memcpy(own, arp + ARP_TARGET, 4);
	memcpy(arp + ARP_TARGET_MAC, arp + ARP_SENDER_MAC, NEIGH_MAC + 4);
	memcpy(arp + ARP_SENDER_MAC, port->mac, NEIGH_MAC);
	memcpy(arp + ARP_SENDER, own, 4);
	memcpy(frame->bytes, frame->bytes + NEIGH_MAC, NEIGH_MAC);
	memcpy(frame->bytes + NEIGH_MAC, port->mac, NEIGH_MAC);
}

unsigned neigh_arp_input(struct neigh *neigh, const struct neigh_frame *frame, unsigned *answer)
{
	const struct neigh_port *port = &neigh->port[frame->port];
	const uint8_t *arp = frame->l3;

	if (frame->left < ARP_BYTES)
		return VERDICT_SHORT;
	if (memcmp(arp, arp_fixed, sizeof(arp_fixed)) != 0)
		return VERDICT_NOT_IP;

	bool ours = neigh_owns(port, address_ipv4(be32_get(arp + ARP_TARGET)));
	unsigned operation = be16_get(arp + ARP_OPERATION);
	struct neigh_claim claim = { .address = address_ipv4(be32_get(arp + ARP_SENDER)),
				     .mac = arp + ARP_SENDER_MAC,
				     .answers = ours && operation == ARP_REPLY };
	bool heard = neigh_hear(neigh, frame, &claim);

	if (ours && operation == ARP_REQUEST) {
		arp_answer(port, frame);
		*answer = ARP_BYTES;
		return VERDICT_ANSWERED;
	}
	return heard ? VERDICT_ANSWERED : VERDICT_NOT_OURS;
}

static void arp_request(struct neigh *neigh, unsigned port, struct address sender, struct address target,
			const uint8_t *mac)
{
	struct neigh_message message = { mac ? mac : arp_everybody, NEIGH_ETHER_ARP, ARP_BYTES, { 0 } };
	uint8_t *arp = message.body;

	memcpy(arp, arp_fixed, sizeof(arp_fixed));
	be16_put(arp + ARP_OPERATION, ARP_REQUEST);
	memcpy(arp + ARP_SENDER_MAC, neigh->port[port].mac, NEIGH_MAC);
	be32_put(arp + ARP_SENDER, (uint32_t)sender.low);
	be32_put(arp + ARP_TARGET, (uint32_t)target.low);
	neigh_emit(neigh, port, &message);
}

void neigh_arp_ask(struct neigh *neigh, unsigned port, struct address target, const uint8_t *mac)
{
	struct address sender = address_ipv4(0);

	neigh_source(&neigh->port[port], target, &sender);
	arp_request(neigh, port, sender, target, mac);
}

void neigh_arp_announce(struct neigh *neigh, unsigned port, struct address own)
{
	arp_request(neigh, port, own, own, NULL); // RFC 5227 3: an announcement is a request for oneself
}
