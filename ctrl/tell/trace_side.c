// trace_side.c - see trace_side.h. Reads what was copied of a packet, and believes no length in it. Any thread.
#include "ctrl/tell/trace_side.h"
#include <string.h>
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"
#include "shared/wire/sheet.h"

struct outer {
	uint8_t family;
	const uint8_t *destination;
	uint32_t teid;
};

static bool outer_read(struct outer *outer, const uint8_t *packet, size_t length)
{
	size_t header;
	const uint8_t *udp;

	if (length < IP4_HEADER)
		return false;
	outer->family = packet[0] >> 4;
	header = outer->family == 6 ? IP6_HEADER : (packet[0] & 15u) * 4;
	if (header < IP4_HEADER || length < header + UDP_HEADER + GTPU_HEADER)
		return false;
	udp = packet + header;
	outer->destination = packet + (outer->family == 6 ? 24 : 16);
	outer->teid = be32_get(udp + UDP_HEADER + GTPU_TEID);
	return packet[outer->family == 6 ? 6 : 9] == IP_UDP && be16_get(udp + 2) == GTPU_PORT;
}

// The PDRs of the tunnel that ends here with this TEID, ours or one of the front end's choice.
static uint64_t tunnel_pdrs(const struct session *session, unsigned slot_bits, uint32_t teid)
{
	unsigned tunnel = sheet_tunnel(session->bearer.teid, teid, slot_bits);

	for (unsigned i = 0; session->alias && teid && tunnel >= SHEET_TUNNELS && i < SHEET_TUNNELS; i++)
		if (session->alias[i] == teid)
			tunnel = i;
	return tunnel < session->sheet->tunnels ? sheet_parts(session->sheet).tunnel[tunnel] : 0;
}

bool trace_side_from_core(const struct session *session, unsigned slot_bits, const uint8_t *packet, size_t length)
{
	struct outer outer;
	uint64_t pdrs;

	if (!session->sheet || !outer_read(&outer, packet, length))
		return false;
	pdrs = tunnel_pdrs(session, slot_bits, outer.teid);
	for (; pdrs; pdrs &= pdrs - 1)
		if (sheet_parts(session->sheet).pdr[__builtin_ctzll(pdrs)].flags & SHEET_FROM_CORE)
			return true;
	return false;
}

static bool far_leads(const struct sheet_far *far, const struct outer *outer)
{
	if (!(far->flags & SHEET_HAS_PEER) || far->peer_teid != outer->teid)
		return false;
	if (outer->family == 4)
		return far->outer == SHEET_OUTER_GTPU4 && far->peer_ipv4 == be32_get(outer->destination);
	return far->outer == SHEET_OUTER_GTPU6 && far->peer_ipv6[0] == be64_get(outer->destination) &&
	       far->peer_ipv6[1] == be64_get(outer->destination + 8);
}

bool trace_side_to_core(const struct session *session, const uint8_t *packet, size_t length)
{
	const struct sheet *sheet = session->sheet;
	struct sheet_parts parts;
	struct outer outer;
	bool up = false;

	if (!sheet || !outer_read(&outer, packet, length))
		return false;
	parts = sheet_parts(sheet);
	for (unsigned i = 0; i < sheet->pdrs; i++) {
		if (!far_leads(&parts.far[parts.pdr[i].far], &outer))
			continue;
		if (sheet->way[SHEET_DOWNLINK] >> i & 1 || parts.pdr[i].flags & SHEET_FROM_CORE)
			return false; // to the radio side
		up = true;
	}
	return up;
}
