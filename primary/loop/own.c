// own.c - sends a GTP-U message of ours, and counts what becomes of it. The primary's loop.
#include "primary/loop/own.h"

#include "primary/loop/echo.h"
#include "primary/loop/loop.h"

void own_order(struct loop *loop, const struct post_word *order)
{
	if (order->verb == POST_ECHOES)
		echo_order(loop, order);
	else
		marker_order(loop, order);
}

bool own_gone(struct loop *loop, unsigned fate, bool sent)
{
	struct tally *tally = &loop->tally;

	if (fate == LOOP_MARKER)
		*(sent ? &tally->markers : &tally->markers_lost) += 1;
	else if (fate == LOOP_ECHO)
		*(sent ? &tally->asked : &tally->asked_lost) += 1;
	else if (fate == LOOP_PIECE)
		tally->pieces_lost += !sent;
	else
		return false;
	loop->own_waiting--;
	return true;
}

void own_send(struct loop *loop, struct own_peer peer, const uint8_t *message, unsigned bytes, uint8_t fate)
{
	const struct plane *plane = loop->part.view->plane;
	const struct own_way way = { plane->net.gtpu_ipv4, peer.ipv4, plane->gtpu_ipv6, peer.ipv6, peer.tos };
	struct nic_frame frame = { .offset = ROOM_HEADROOM };
	unsigned mtu = 0;

	loop->own_waiting++;
	if (nic_room(loop->part.nic, &frame.room)) {
		own_gone(loop, fate, false);
		return;
	}
	frame.length = own_write(room_at(&loop->part.view->rooms, frame.room) + frame.offset, &way, message, bytes);
	loop->fate[hold_index(&loop->hold, frame.room)] = fate;
	if (neigh_send(loop->neigh, LANE_SIDE_ACCESS, frame, loop->now_ns, &mtu) == VERDICT_FORWARD)
		return;
	own_gone(loop, fate, false);
	nic_free(loop->part.nic, frame.room);
}
