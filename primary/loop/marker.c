// marker.c - makes End Markers and sends them when the tunnel's last packet has left. The primary's loop.
#include "primary/loop/marker.h"

#include <string.h>

#include "primary/loop/loop.h"

void marker_init(struct markers *markers)
{
	memset(markers, 0, sizeof(*markers));
	for (uint32_t i = 0; i < MARKERS; i++)
		markers->marker[i].next = i + 1;
}

static void marker_send_one(struct loop *loop, const struct marker_order *order)
{
	uint8_t message[MARKER_MESSAGE];

	marker_message(message, order->teid);
	own_send(loop, (struct own_peer){ order->ipv4, order->ipv6 }, message, MARKER_MESSAGE, LOOP_MARKER);
}

static void marker_send(struct loop *loop, const struct marker_order *order)
{
	for (unsigned i = 0; i < order->copies; i++)
		marker_send_one(loop, order);
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
