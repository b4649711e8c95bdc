// pipe_marker.c - an End Marker out of a session's tunnel (TS 29.281 7.3.2): it goes on into the tunnel that the packets before it went on
// into, as an SGW-U, an I-UPF or whoever forwards between two radio nodes has to see to (TS 23.401 5.5.1, TS 23.501 5.8.2.9). It has no
// packet inside that filters and QFIs could be asked about: the tunnel's first rule that asks for none is its rule, or its first one.
// Pure but for its room; owned by the worker's loop; one thread.
#include "workers/pipe/pipe_asked.h"
#include "workers/pipe/ruled_room.h"

// Where the tunnel leads to. False: into no other one, or what was sent into it waits.
static bool way_on(const struct pipe_asked *asked, struct sheet_far *far)
{
	const struct region *region = asked->user.region;
	struct ruled_room room;
	uint64_t rules, open;
	unsigned at;

	if (!ruled_room_open(&room, region, &asked->pipe->shape, (uint32_t)(asked->user.line - region->uplink)) ||
	    asked->tunnel >= room.sheet.tunnels || asked->now < room.ruled->held_until)
		return false;
	rules = room.sheet.way[SHEET_UPLINK] & room.parts.tunnel[asked->tunnel];
	rules &= room.sheet.pdrs < SHEET_PDRS ? (UINT64_C(1) << room.sheet.pdrs) - 1 : UINT64_MAX;
	open = rules & (room.sheet.open[0] | room.sheet.open[1]);
	if (!rules)
		return false;
	at = room.parts.pdr[__builtin_ctzll(open ? open : rules)].far;
	if (at >= room.sheet.fars)
		return false;
	*far = room.parts.far[at];
	return far->action == SHEET_FORWARD && far->flags & SHEET_HAS_PEER &&
	       (far->outer == SHEET_OUTER_GTPU4 || (far->outer == SHEET_OUTER_GTPU6 && asked->pipe->gtpu_ipv6[0]));
}

static void outer_put(const struct pipe *pipe, const struct sheet_far *far, uint8_t *outer, uint32_t bytes)
{
	uint8_t tos = far->flags & SHEET_DSCP ? (uint8_t)(far->dscp << 2) : 0;
	bool six = far->outer == SHEET_OUTER_GTPU6;

	if (six)
		tunnel6_put(outer, bytes,
			    &(struct tunnel_ends6){ { pipe->gtpu_ipv6[0], pipe->gtpu_ipv6[1] },
						    { far->peer_ipv6[0], far->peer_ipv6[1] },
						    far->peer_teid,
						    GTPU_PORT,
						    tos });
	else
		tunnel_put(
		    outer, bytes,
		    &(struct tunnel_ends){ pipe->net->gtpu_ipv4, far->peer_ipv4, far->peer_teid, GTPU_PORT, tos });
	outer[bytes - GTPU_HEADER + 1] = GTPU_END_MARKER;
	if (six)
		tunnel6_sum(outer, bytes);
	pipe_encapsulated();
}

enum verdict pipe_marker(const struct pipe_asked *asked, struct lane_handle *handle)
{
	struct sheet_far far;
	uint32_t bytes;

	if (!way_on(asked, &far))
		return VERDICT_END_MARKER;
	bytes = far.outer == SHEET_OUTER_GTPU6 ? TUNNEL6_BYTES : TUNNEL_BYTES;
	if (handle->offset + asked->inward < (int)bytes)
		return VERDICT_NOT_OURS;
	outer_put(asked->pipe, &far, asked->user.packet - bytes, bytes);
	handle->offset = (uint16_t)(handle->offset + asked->inward - bytes);
	handle->length = (uint16_t)bytes;
	handle->port = LANE_SIDE_ACCESS;
	return VERDICT_FORWARD;
}
