// tx_neigh.c - how next hops reach the world: rooms for questions, and what leaves or ends when they are answered. The primary's loop.
#include "primary/loop/loop.h"
#include "primary/loop/tx.h"

static uint8_t *hop_room(void *with, uint32_t room)
{
	struct loop *loop = with;

	return room_at(&loop->part.view->rooms, room);
}

static int hop_take(void *with, uint32_t *room)
{
	struct loop *loop = with;
	int error = nic_room(loop->part.nic, room);

	if (!error)
		loop->fate[hold_index(&loop->hold, *room)] = LOOP_OWN;
	return error;
}

static void hop_send(void *with, unsigned port, struct nic_frame frame)
{
	struct loop *loop = with;
	unsigned fate = loop->fate[hold_index(&loop->hold, frame.room)];

	if (loop->traces.open && fate < VERDICT_COUNT)
		trace_end(&loop->traces, frame.room, loop->link >> port & 1 ? fate : VERDICT_TX_DOWN);
	tx_frame(loop, port, frame, own_gone(loop, fate, true) ? LOOP_OWN : fate);
}

static void hop_drop(void *with, struct nic_frame frame, unsigned verdict)
{
	struct loop *loop = with;

	if (own_gone(loop, loop->fate[hold_index(&loop->hold, frame.room)], false))
		nic_free(loop->part.nic, frame.room);
	else
		tx_end(loop, frame.room, verdict);
}

struct neigh_out tx_neigh_out(struct loop *loop)
{
	return (struct neigh_out){ loop, hop_take, hop_room, hop_send, hop_drop };
}
