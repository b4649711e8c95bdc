// pipe_marker.c - an End Marker out of a session's tunnel (TS 29.281 7.3.2): it goes on into the tunnels that the packets before it went on
// into, as an SGW-U, an I-UPF or whoever forwards between two radio nodes has to see to (TS 23.401 5.5.1, TS 23.501 5.8.2.9). It has no
// packet inside that filters and QFIs could be asked about: each rule of its tunnel counts. Where they lead into one other tunnel, as nearly
// always, it is sent on itself; into several, the primary sends them. Pure but for its room; owned by the worker's loop; one thread.
#include <string.h>
#include "shared/plane/lane_end.h"
#include "workers/pipe/pipe_asked.h"
#include "workers/pipe/ruled_room.h"

// Where the tunnel leads to: FARs with tunnels that differ.
struct marker_ways {
	unsigned n;
	uint64_t asked; // FARs looked at
	const struct sheet_far *far[SHEET_FARS];
};

static bool is_tunnel(const struct pipe *pipe, const struct sheet_far *far)
{
	return far->action == SHEET_FORWARD && far->flags & SHEET_HAS_PEER &&
	       (far->outer == SHEET_OUTER_GTPU4 || (far->outer == SHEET_OUTER_GTPU6 && pipe->gtpu_ipv6[0]));
}

static bool same_tunnel(const struct sheet_far *one, const struct sheet_far *other)
{
	if (one->peer_teid != other->peer_teid || one->outer != other->outer)
		return false;
	if (one->outer == SHEET_OUTER_GTPU4)
		return one->peer_ipv4 == other->peer_ipv4;
	return one->peer_ipv6[0] == other->peer_ipv6[0] && one->peer_ipv6[1] == other->peer_ipv6[1];
}

static void way_add(struct marker_ways *ways, const struct pipe *pipe, const struct sheet_far *far)
{
	if (!is_tunnel(pipe, far))
		return;
	for (unsigned i = 0; i < ways->n; i++)
		if (same_tunnel(ways->far[i], far))
			return;
	ways->far[ways->n++] = far;
}

static void ways_add(struct marker_ways *ways, const struct pipe *pipe, const struct ruled_room *room, uint64_t rules)
{
	for (; rules; rules &= rules - 1) {
		unsigned at = room->parts.pdr[__builtin_ctzll(rules)].far;

		if (at >= room->sheet.fars || at >= SHEET_FARS || ways->asked >> at & 1)
			continue;
		ways->asked |= UINT64_C(1) << at;
		way_add(ways, pipe, &room->parts.far[at]);
	}
}

// Rules without filters first. None: into no other tunnel, or what was sent into it waits.
static void ways_on(const struct pipe_asked *asked, struct ruled_room *room, struct marker_ways *ways)
{
	const struct region *region = asked->user.region;
	uint64_t rules, open;

	if (!ruled_room_open(room, region, &asked->pipe->shape, (uint32_t)(asked->user.line - region->uplink)) ||
	    asked->tunnel >= room->sheet.tunnels || asked->now < room->ruled->held_until)
		return;
	rules = room->sheet.way[SHEET_UPLINK] & room->parts.tunnel[asked->tunnel];
	rules &= room->sheet.pdrs < SHEET_PDRS ? (UINT64_C(1) << room->sheet.pdrs) - 1 : UINT64_MAX;
	open = rules & (room->sheet.open[0] | room->sheet.open[1]);
	ways_add(ways, asked->pipe, room, open);
	ways_add(ways, asked->pipe, room, rules & ~open);
}

static uint8_t tos_of(const struct sheet_far *far)
{
	return far->flags & SHEET_DSCP ? (uint8_t)(far->dscp << 2) : 0;
}

static struct lane_end end_of(const struct sheet_far *far)
{
	struct lane_end end = { .teid = far->peer_teid, .tos = tos_of(far) };

	if (far->outer == SHEET_OUTER_GTPU4) {
		end.ipv4 = far->peer_ipv4;
		return end;
	}
	be64_put(end.ipv6, far->peer_ipv6[0]);
	be64_put(end.ipv6 + 8, far->peer_ipv6[1]);
	return end;
}

// They stand behind the headers that it came with, which stay: lent again after a death in between, it is the same once more. False: there is
// no room for them, or the primary is of a build that does not know.
static bool ends_put(const struct pipe_asked *asked, const struct marker_ways *ways, struct lane_handle *handle)
{
	uint32_t offset = (uint32_t)handle->offset + asked->inward, bytes = ways->n * (uint32_t)sizeof(struct lane_end);

	if (!plane_knows(asked->pipe->net, VERDICT_END_MARKERS) || offset + bytes > ROOM_STRIDE)
		return false;
	for (unsigned i = 0; i < ways->n; i++) {
		struct lane_end end = end_of(ways->far[i]);

		memcpy(asked->user.packet + i * sizeof(end), &end, sizeof(end));
	}
	handle->offset = (uint16_t)offset;
	handle->length = (uint16_t)bytes;
	handle->port = LANE_SIDE_ACCESS;
	return true;
}

static void outer_put(const struct pipe *pipe, const struct sheet_far *far, uint8_t *outer, uint32_t bytes)
{
	uint8_t tos = tos_of(far);
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
	struct marker_ways ways = { .n = 0 };
	struct ruled_room room;
	uint32_t bytes;

	ways_on(asked, &room, &ways);
	if (!ways.n)
		return VERDICT_END_MARKER;
	if (ways.n > 1 && ends_put(asked, &ways, handle))
		return VERDICT_END_MARKERS;
	bytes = ways.far[0]->outer == SHEET_OUTER_GTPU6 ? TUNNEL6_BYTES : TUNNEL_BYTES;
	if (handle->offset + asked->inward < (int)bytes)
		return VERDICT_NOT_OURS;
	outer_put(asked->pipe, ways.far[0], asked->user.packet - bytes, bytes);
	handle->offset = (uint16_t)(handle->offset + asked->inward - bytes);
	handle->length = (uint16_t)bytes;
	handle->port = LANE_SIDE_ACCESS;
	return VERDICT_FORWARD;
}
