// marker.c - makes End Markers and sends them when the tunnel's last packet has left. The primary's loop.
#include "primary/loop/marker.h"

#include <string.h>

#include "primary/loop/loop.h"
#include "shared/plane/lane_end.h"

void marker_init(struct markers *markers)
{
	memset(markers, 0, sizeof(*markers));
	for (uint32_t i = 0; i < MARKERS; i++)
		markers->marker[i].next = i + 1;
}

static void marker_send_one(struct loop *loop, struct own_peer peer, uint32_t teid)
{
	uint8_t message[MARKER_MESSAGE];

	marker_message(message, teid);
	own_send(loop, peer, message, MARKER_MESSAGE, LOOP_MARKER);
}

static void marker_send(struct loop *loop, const struct marker_order *order)
{
	for (unsigned i = 0; i < order->copies; i++)
		marker_send_one(loop, (struct own_peer){ order->ipv4, order->ipv6, 0 }, order->teid);
}

bool marker_sound(const struct lane_handle *back, const struct lane_handle *lent)
{
	return lent->code == LANE_UPLINK && back->length % sizeof(struct lane_end) == 0 &&
	       back->length <= LANE_ENDS * sizeof(struct lane_end);
}

void marker_relay(struct loop *loop, const struct lane_handle *back)
{
	const uint8_t *ends = room_at(&loop->part.view->rooms, back->room) + back->offset;
	struct lane_end end;

	for (unsigned at = 0; at < back->length; at += sizeof(end)) {
		memcpy(&end, ends + at, sizeof(end));
		marker_send_one(loop, (struct own_peer){ end.ipv4, end.ipv6, end.tos }, end.teid);
	}
}

static void marker_pop(struct loop *loop, unsigned seat)
{
	struct markers *markers = &loop->markers;
	uint32_t i = markers->first[seat];

	marker_send(loop, &markers->marker[i].order);
	markers->first[seat] = markers->marker[i].next;
	markers->count[seat]--;
	markers->waiting--;
	markers->marker[i].next = markers->unused;
	markers->unused = i;
}

static void marker_push(struct loop *loop, unsigned seat, const struct marker_order *order)
{
	struct markers *markers = &loop->markers;
	uint32_t i = markers->unused;

	if (i == MARKERS) {
		loop->tally.markers_lost += order->copies;
		return;
	}
	markers->unused = markers->marker[i].next;
	markers->marker[i] = (struct marker){ *order, loop->lane[seat].lease.head, 0 };
	if (markers->count[seat]++)
		markers->marker[markers->last[seat]].next = i;
	else
		markers->first[seat] = i;
	markers->last[seat] = i;
	markers->waiting++;
}

void marker_order(struct loop *loop, const struct post_word *order)
{
	const struct marker_order *marker = order->list;

	for (int64_t i = 0; i < order->value; i++) {
		unsigned seat = loop->map.shard[marker[i].shard].seat;

		if (seat < PLANE_SEATS && loop->lane[seat].lease.live > 0)
			marker_push(loop, seat, &marker[i]);
		else
			marker_send(loop, &marker[i]); // all is out
	}
	loop_tell(loop, (struct post_word){ .verb = POST_RETURN, .list = order->list });
}

static bool marker_due(const struct loop *loop, unsigned seat)
{
	const struct markers *markers = &loop->markers;

	return markers->count[seat] > 0 &&
	       (int32_t)(loop->lane[seat].lease.due - markers->marker[markers->first[seat]].position) >= 0;
}

void marker_go(struct loop *loop)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		while (marker_due(loop, seat))
			marker_pop(loop, seat);
}

void marker_lost(struct loop *loop, unsigned seat)
{
	while (loop->markers.count[seat] > 0)
		marker_pop(loop, seat);
}
