// detour.c - carries out the rarer verdicts. State: none of its own; the primary's loop.
#include "primary/loop/detour.h"

#include "primary/edge/steer.h"
#include "primary/loop/cut.h"
#include "primary/loop/look.h"
#include "primary/loop/loop.h"
#include "primary/loop/marker.h"
#include "primary/loop/rx.h"
#include "primary/loop/stray.h"
#include "primary/loop/tx.h"
#include "shared/wire/ip.h"

static void detour_slow(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent,
			unsigned kind, uint32_t hint)
{
	struct lane_handle handle = *back;

	handle.code = (uint8_t)kind;
	handle.hint = hint | (uint32_t)networks_pool_of_lent(&loop->networks, lent) << LANE_POOL;
	handle.port = lent->code == LANE_UPLINK ? LANE_SIDE_ACCESS : lent->port;
	rx_pass(loop, HOLD_SLOW, handle);
}

// Larger than the port found for it. The answer is about the packet as its sender knows it: without the tunnel that a
// downlink packet has just been given.
static void detour_big(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent, unsigned mtu)
{
	struct lane_handle inner = *back;

	if (lane_kind_down(lent->code) && lent->offset > back->offset) {
		inner.offset = lent->offset;
		inner.length = (uint16_t)(back->length - (lent->offset - back->offset));
		mtu -= lent->offset - back->offset;
	}
	detour_slow(loop, &inner, lent, LANE_BIG, mtu);
}

// From tunnel to tunnel: nobody of its addresses is ours to tell.
static bool detour_relayed(const struct lane_handle *back, const struct lane_handle *lent)
{
	return lent->code == LANE_UPLINK && back->port == LANE_SIDE_ACCESS;
}

// Its next hop may have to be asked for first, or does not take it.
static void detour_later(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent)
{
	struct nic_frame frame = { back->room, back->offset, back->length };
	unsigned mtu = 0, verdict;

	loop->fate[hold_index(&loop->hold, back->room)] = back->code;
	verdict = neigh_send(loop->neigh, back->port, frame, loop->now_ns, &mtu);
	if (verdict == VERDICT_FORWARD)
		return;
	if (verdict == VERDICT_TO_SLOW_BIG && back->code == VERDICT_FORWARD && loop->part.conf->packets.fragment &&
	    cut_send(loop, back, mtu))
		return;
	if (verdict != VERDICT_TO_SLOW_BIG)
		tx_end(loop, back->room, verdict);
	else if (back->code == VERDICT_FORWARD && !detour_relayed(back, lent))
		detour_big(loop, back, lent, mtu);
	else
		tx_end(loop, back->room, VERDICT_TOO_LONG);
}

// From subscriber to subscriber. What the receiver's worker has to answer goes to the sender by his tunnel.
static void detour_among(struct loop *loop, const struct lane_handle *back, struct steer_result to)
{
	struct lane_handle handle = *back;

	if (loop->among.way == CONF_REFUSE) {
		tx_end(loop, back->room, VERDICT_UE_TO_UE);
		return;
	}
	if (to.code != STEER_TO_LANE) {
		rx_refuse(loop, back->room, to);
		return;
	}
	handle.code = to.kind;
	handle.hint = to.hint;
	handle.port = LANE_SIDE_ACCESS;
	loop->tally.among++;
	rx_pass(loop, to.shard, handle);
}

// From one of our tunnels into another: we are both ends of it, SGW-U and PGW-U in one. Once only, or tunnels that lead into each other
// would be an endless round; what has come out of a tunnel meanwhile has a TTL of its own.
static bool detour_home(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent)
{
	uint8_t *packet = room_at(&loop->part.view->rooms, back->room) + back->offset;
	struct lane_handle handle = *back;
	struct steer_result to;

	if (back->port != LANE_SIDE_ACCESS || back->code != VERDICT_FORWARD ||
	    (lent->code == LANE_UPLINK && lent->port == LANE_SIDE_ACCESS))
		return false;
	to = steer_packet(loop->steer, (struct steer_side){ CONF_ACCESS, 0 }, packet, back->length);
	if (to.code != STEER_TO_LANE || to.kind != LANE_UPLINK)
		return false;
	if (loop->looks & LOOK_ALIASES)
		steer_claim(packet, to.hint);
	handle.code = to.kind;
	handle.hint = to.hint;
	loop->tally.home++;
	rx_pass(loop, to.shard, handle);
	return true;
}

// The number of the network whose side it is; 0: none is named.
static uint8_t detour_network(const struct loop *loop, unsigned side)
{
	return loop->networks.count && side < LANE_SIDE_ACCESS ? (uint8_t)(LANE_SIDE_ACCESS - side) : 0;
}

// Networks are apart here, too: what is for another's subscriber leaves by the sender's. And so does what is behind one of ours where another
// network has a pool.
static bool detour_within(struct steer_side side, struct steer_result to)
{
	if (to.kind == LANE_FRAMED)
		return false;
	return !side.network || to.code == STEER_TO_LANE || to.code == VERDICT_QUARANTINED;
}

void detour_apart(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent)
{
	const uint8_t *packet = room_at(&loop->part.view->rooms, back->room) + back->offset;
	struct steer_side side = { CONF_CORE, detour_network(loop, back->port) };
	struct steer_result to;

	if (back->port < ROUTE_SIDE_LEAST || !route_core(back->port) || back->code != VERDICT_FORWARD) {
		if (!detour_home(loop, back, lent))
			detour_later(loop, back, lent);
		return;
	}
	// As if from the core: a subscriber must not reach our GTP-U endpoint from inside its tunnel.
	to = steer_packet(loop->steer, side, packet, back->length);
	if (to.code == STEER_TO_LANE && to.kind == LANE_LOCAL)
		detour_slow(loop, back, lent, LANE_LOCAL, 0);
	else if (lent->code == LANE_UPLINK && among_ours(&loop->among, packet, back->length) && detour_within(side, to))
		detour_among(loop, back, to);
	else
		detour_later(loop, back, lent);
}

static void detour_again(struct loop *loop, unsigned seat, const struct lane_handle *back,
			 const struct lane_handle *lent)
{
	struct steer_side side = { CONF_CORE, (uint8_t)networks_of_lent(&loop->networks, lent) };
	struct steer_result to =
	    steer_packet(loop->steer, lent->code == LANE_UPLINK ? (struct steer_side){ CONF_ACCESS, 0 } : side,
			 room_at(&loop->part.view->rooms, back->room) + back->offset, back->length);
	struct lane_handle handle = *back;

	handle.code = to.kind;
	handle.hint = to.hint;
	handle.port = lent->port;
	if (to.code != STEER_TO_LANE)
		rx_refuse(loop, back->room, to);
	else if (to.kind == LANE_LOCAL && seat == PLANE_SEAT_SLOW)
		tx_end(loop, back->room, VERDICT_SLOW_REFUSED); // its answer to us: nobody waits for it
	else if (to.kind == LANE_LOCAL)
		rx_pass(loop, HOLD_SLOW, handle);
	else if (loop->map.shard[to.shard].seat == seat && map_fed(&loop->map, to.shard))
		tx_end(loop, back->room, VERDICT_NO_WORKER); // it has the shard and does not serve it: no endless round
	else
		rx_pass(loop, to.shard, handle);
}

// It waits as it was lent.
static void detour_park(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent)
{
	struct hold_cell *cell = &loop->hold.cell[hold_index(&loop->hold, back->room)];
	struct lane_handle waits = *lent;
	const struct park_whose whose = { (uint16_t)back->hint, back->code == VERDICT_BUFFER_LONG,
					  back->code == VERDICT_BUFFER ? UINT32_MAX : back->offset };
	const struct loss loss = { .shard = (uint8_t)lent->hint,
				   .slot = (uint16_t)back->hint,
				   .rule = (uint16_t)(back->hint >> 16),
				   .packets = 1,
				   .bytes = back->port == LANE_DROPS ? back->length : 0 };

	if (loop->traces.open && trace_there(&loop->traces, back->room))
		waits.code |= LEASE_TRACED;
	if (park_keep(&loop->park, &waits, whose, loop->now_ns) != VERDICT_BUFFER) {
		loss_note(loop, &loss);
		tx_end(loop, back->room, VERDICT_BUFFER_FULL);
		return;
	}
	cell->rule = loss.rule;
	cell->bytes = loss.bytes;
	if (loop->traces.open)
		trace_end(&loop->traces, back->room, VERDICT_BUFFER);
}

// What does not leave as it is.
void detour_other(struct loop *loop, unsigned seat, const struct lane_handle *back, const struct lane_handle *lent)
{
	bool slow = seat == PLANE_SEAT_SLOW;

	switch (back->code) {
	case VERDICT_STEER_AGAIN:
		detour_again(loop, seat, back, lent);
		break;
	case VERDICT_TO_SLOW_TTL:
	case VERDICT_TO_SLOW_BIG:
		if (slow)
			tx_end(loop, back->room, VERDICT_SLOW_REFUSED);
		else if (back->code == VERDICT_TO_SLOW_TTL)
			detour_slow(loop, back, lent, LANE_TTL, 0);
		else
			detour_slow(loop, back, lent, LANE_BIG, back->hint);
		break;
	case VERDICT_BUFFER:
	case VERDICT_BUFFER_FEW:
	case VERDICT_BUFFER_LONG:
		detour_park(loop, back, lent);
		break;
	case VERDICT_END_MARKERS:
		marker_relay(loop, back);
		tx_end(loop, back->room, VERDICT_END_MARKER);
		break;
	case VERDICT_TO_SLOW_NO_SESSION:
		stray_answer(loop, lent, LANE_NO_SESSION, VERDICT_NO_SESSION);
		break;
	case VERDICT_TO_SLOW_EXTENSION:
		stray_answer(loop, lent, LANE_EXTENSION, VERDICT_GTPU_EXTENSION);
		break;
	default:
		tx_end(loop, back->room, back->code);
	}
}
