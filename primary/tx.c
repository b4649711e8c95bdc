// tx.c - believes a handle only after it has found its lease, then carries out its verdict. The primary's loop.
#include "primary/tx.h"

#include "primary/loop.h"
#include "primary/move.h"
#include "primary/rx.h"

#define TX_L3_BYTES 20u  // up to the IPv4 destination
#define TX_L3_BYTES6 40u // up to the IPv6 destination
#define TX_L2_BYTES 18u  // Ethernet header and one 802.1Q tag: what neigh writes before the IP header

void tx_end(struct loop *loop, uint32_t room, unsigned verdict)
{
	loop->tally.verdict[verdict]++;
	nic_free(loop->part.nic, room);
}

// Refused frames had been counted as sent when they were handed over.
static void tx_refused(struct loop *loop, unsigned refused)
{
	if (refused > loop->tally.verdict[VERDICT_FORWARD])
		refused = (unsigned)loop->tally.verdict[VERDICT_FORWARD];
	loop->tally.verdict[VERDICT_FORWARD] -= refused;
	loop->tally.verdict[VERDICT_TX_FULL] += refused;
}

static inline void tx_leave(struct loop *loop, unsigned port, struct nic_frame frame, unsigned verdict)
{
	bool up = loop->link >> port & 1;
	unsigned refused;

	if (verdict != LOOP_OWN)
		loop->tally.verdict[up ? verdict : VERDICT_TX_DOWN]++;
	if (!up) {
		nic_free(loop->part.nic, frame.room);
		return;
	}
	refused = nic_tx(loop->part.nic, port, frame);
	if (refused)
		tx_refused(loop, refused);
	loop->unsent |= 1u << port;
}

void tx_frame(struct loop *loop, unsigned port, struct nic_frame frame, unsigned verdict)
{
	tx_leave(loop, port, frame, verdict);
}

void tx_flush(struct loop *loop)
{
	for (; loop->unsent; loop->unsent &= loop->unsent - 1)
		tx_refused(loop, nic_flush(loop->part.nic, (unsigned)__builtin_ctz(loop->unsent)));
}

static uint8_t *tx_room(void *with, uint32_t room)
{
	struct loop *loop = with;

	return room_at(&loop->part.view->rooms, room);
}

static int tx_neigh_room(void *with, uint32_t *room)
{
	struct loop *loop = with;
	int error = nic_room(loop->part.nic, room);

	if (!error)
		loop->fate[hold_index(&loop->hold, *room)] = LOOP_OWN;
	return error;
}

static void tx_neigh_send(void *with, unsigned port, struct nic_frame frame)
{
	struct loop *loop = with;

	tx_frame(loop, port, frame, loop->fate[hold_index(&loop->hold, frame.room)]);
}

static void tx_neigh_drop(void *with, struct nic_frame frame, unsigned verdict)
{
	tx_end(with, frame.room, verdict);
}

struct neigh_out tx_neigh_out(struct loop *loop)
{
	return (struct neigh_out){ loop, tx_neigh_room, tx_room, tx_neigh_send, tx_neigh_drop };
}

static void tx_slow(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent, unsigned kind,
		    uint32_t hint)
{
	struct lane_handle handle = *back;

	handle.code = (uint8_t)kind;
	handle.hint = hint;
	handle.port = lent->code == LANE_UPLINK ? LANE_SIDE_ACCESS : lent->port;
	rx_pass(loop, HOLD_SLOW, handle);
}

// Larger than the port found for it. The answer is about the packet as its sender knows it: without the tunnel that a
// downlink packet has just been given.
static void tx_big(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent, unsigned mtu)
{
	struct lane_handle inner = *back;

	if (lent->code == LANE_DOWNLINK && lent->offset > back->offset) {
		inner.offset = lent->offset;
		inner.length = (uint16_t)(back->length - (lent->offset - back->offset));
		mtu -= lent->offset - back->offset;
	}
	tx_slow(loop, &inner, lent, LANE_BIG, mtu);
}

// Whether the destination's last byte alone says that it is none of ours: so it is for nearly all packets.
static inline bool tx_foreign(const struct loop *loop, const uint8_t *packet, unsigned length)
{
	if (length <= TX_L3_BYTES)
		return false;
	if (packet[0] >> 4 != 6)
		return !(loop->own_tails >> packet[TX_L3_BYTES - 1] % 64 & 1);
	return length > TX_L3_BYTES6 && !(loop->own_tails >> packet[TX_L3_BYTES6 - 1] % 64 & 1);
}

static inline bool tx_ours(struct loop *loop, const struct lane_handle *back, const uint8_t *packet)
{
	struct steer_result to;

	if (tx_foreign(loop, packet, back->length))
		return false;
	// As if from the core: a subscriber must not reach our GTP-U endpoint from inside its tunnel.
	to = steer_packet(loop->steer, CONF_CORE, packet, back->length);
	return to.code == STEER_TO_LANE && to.kind == LANE_LOCAL;
}

// Not at once: its next hop has to be asked for first, or does not take it.
static void tx_later(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent)
{
	struct nic_frame frame = { back->room, back->offset, back->length };
	unsigned mtu = 0, verdict;

	loop->fate[hold_index(&loop->hold, back->room)] = back->code;
	verdict = neigh_send(loop->neigh, back->port, frame, loop->now_ns, &mtu);
	if (verdict == VERDICT_FORWARD)
		return;
	if (verdict != VERDICT_TO_SLOW_BIG)
		tx_end(loop, back->room, verdict);
	else if (back->code == VERDICT_FORWARD)
		tx_big(loop, back, lent, mtu);
	else
		tx_end(loop, back->room, VERDICT_TOO_LONG);
}

static inline void tx_send(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent,
			   uint8_t *packet)
{
	struct nic_frame frame = { back->room, back->offset, back->length };
	int ready;

	if (back->port == LANE_SIDE_CORE && back->code == VERDICT_FORWARD && tx_ours(loop, back, packet)) {
		tx_slow(loop, back, lent, LANE_LOCAL, 0);
		return;
	}
	ready = neigh_ready(loop->neigh, back->port, packet, back->length);
	if (__builtin_expect(ready >= 0, 1))
		tx_leave(loop, neigh_ready_port(ready), neigh_ready_frame(frame, ready), back->code);
	else
		tx_later(loop, back, lent);
}

static void tx_again(struct loop *loop, unsigned seat, const struct lane_handle *back, const struct lane_handle *lent)
{
	unsigned role = lent->code == LANE_UPLINK ? CONF_ACCESS : CONF_CORE;
	struct steer_result to =
	    steer_packet(loop->steer, role, tx_room(loop, back->room) + back->offset, back->length);
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

// What does not leave as it is.
static void tx_other(struct loop *loop, unsigned seat, const struct lane_handle *back, const struct lane_handle *lent)
{
	bool slow = seat == PLANE_SEAT_SLOW;

	switch (back->code) {
	case VERDICT_STEER_AGAIN:
		tx_again(loop, seat, back, lent);
		break;
	case VERDICT_TO_SLOW_TTL:
	case VERDICT_TO_SLOW_BIG:
		if (slow)
			tx_end(loop, back->room, VERDICT_SLOW_REFUSED);
		else if (back->code == VERDICT_TO_SLOW_TTL)
			tx_slow(loop, back, lent, LANE_TTL, 0);
		else
			tx_slow(loop, back, lent, LANE_BIG, back->hint);
		break;
	default:
		tx_end(loop, back->room, back->code);
	}
}

// Whether a packet may come back like this from this seat.
static inline bool tx_sound(const struct loop *loop, unsigned seat, const struct lane_handle *back)
{
	if (back->code >= VERDICT_COUNT || back->code == VERDICT_CUT || back->code == VERDICT_OWNED)
		return false;
	if (back->code != VERDICT_FORWARD && back->code != VERDICT_ANSWERED && back->code < VERDICT_FINALS)
		return true; // it ends here: nobody looks at the rest
	if (back->code == VERDICT_ANSWERED && seat != PLANE_SEAT_SLOW)
		return false;
	if (back->port < LANE_SIDE_ACCESS && back->port >= loop->ports)
		return false;
	return back->offset >= TX_L2_BYTES && back->offset + back->length <= (int)ROOM_STRIDE;
}

static void tx_forged(struct loop *loop, unsigned seat)
{
	loop->tally.seat[seat].forged++;
	crew_condemn(loop, seat, POST_FORGED);
}

static void tx_fence(struct loop *loop, unsigned seat, const struct lane_handle *back, const struct lane_handle *found)
{
	struct lane_handle lent = *found;

	if (back->code != (lent.code == LANE_CUT ? VERDICT_CUT : VERDICT_OWNED) || (uint8_t)(back->hint ^ lent.hint)) {
		tx_forged(loop, seat);
		return;
	}
	lease_end(&loop->lane[seat].lease, found);
	if (lent.code == LANE_CUT)
		move_cut(loop, (uint8_t)lent.hint);
	else
		move_owned(loop, (uint8_t)lent.hint);
}

// What is no packet on its way out, or may not come back like this.
static void tx_rare(struct loop *loop, unsigned seat, const struct lane_handle *back, const struct lane_handle *lent)
{
	struct tally_seat *tally = &loop->tally.seat[seat];

	if (!tx_sound(loop, seat, back)) {
		tx_forged(loop, seat);
		tx_end(loop, back->room, VERDICT_FORGED);
		return;
	}
	tally->verdict[back->code]++;
	if (back->code == VERDICT_FORWARD || back->code == VERDICT_ANSWERED)
		tx_send(loop, back, lent, tx_room(loop, back->room) + back->offset);
	else
		tx_other(loop, seat, back, lent);
}

// Whether it is a packet to be sent to the other side, in a shape that may come back: then nothing else has to be looked at.
static inline bool tx_usual(const struct lane_handle *back)
{
	return back->code == VERDICT_FORWARD && back->port >= LANE_SIDE_ACCESS && back->offset >= TX_L2_BYTES &&
	       back->offset + back->length <= (int)ROOM_STRIDE;
}

// What one seat gave back at once.
struct tx_burst {
	struct lane_handle back[LANE_BURST];
	uint8_t *packet[LANE_BURST]; // where a handle says that its packet lies; not set where it names no room
	unsigned seat;
	int n;
};

// The lane and the seat's counters are known from the burst; as arguments they stay in registers.
static inline void tx_back(struct loop *loop, struct lease *lease, struct tally_seat *tally, struct tx_burst *burst,
			   int i)
{
	const struct lane_handle *back = &burst->back[i];
	const struct lane_handle *found = lease_find(lease, back);
	struct lane_handle lent;

	if (!found) {
		tx_forged(loop, burst->seat);
		return;
	}
	if (lease_fence(found)) {
		tx_fence(loop, burst->seat, back, found);
		return;
	}
	lent = *found;
	lent.code &= (uint8_t)~LEASE_SUSPECT;
	lease_end(lease, found);
	tally->out_packets++;
	if (__builtin_expect(!tx_usual(back), 0)) {
		tx_rare(loop, burst->seat, back, &lent);
		return;
	}
	tally->verdict[VERDICT_FORWARD]++;
	tx_send(loop, back, &lent, burst->packet[i]);
}

__attribute__((noinline)) static void tx_all(struct loop *loop, struct lease *lease, struct tally_seat *tally,
					     struct tx_burst *burst)
{
	for (int i = 0; i < burst->n; i++)
		tx_back(loop, lease, tally, burst, i);
}

// The header's lines come from the worker's core: all of a burst are asked for at once, to be written. Always inline: a function that
// only prefetches has no effect in the compiler's eyes, and its calls are dropped.
static inline __attribute__((always_inline)) void tx_prefetch(const struct rooms *rooms, struct tx_burst *burst)
{
	for (int i = 0; i < burst->n; i++) {
		const struct lane_handle *back = &burst->back[i];

		if (!room_valid(rooms, back->room))
			continue; // not believed yet
		burst->packet[i] = room_at(rooms, back->room) + back->offset;
		__builtin_prefetch(burst->packet[i] - TX_L2_BYTES, 1);
		__builtin_prefetch(burst->packet[i] + TX_L3_BYTES - 1, 1);
	}
}

unsigned tx_lane(struct loop *loop, unsigned seat, unsigned bursts)
{
	struct lane *lane = &loop->lane[seat];
	struct tx_burst burst;
	unsigned total = 0;

	burst.seat = seat;
	while (bursts-- > 0) {
		burst.n = lane_take(lane, burst.back);
		if (burst.n < 0) {
			crew_condemn(loop, seat, POST_RING);
			break;
		}
		tx_prefetch(&loop->part.view->rooms, &burst);
		tx_all(loop, &lane->lease, &loop->tally.seat[seat], &burst);
		total += (unsigned)burst.n;
		if (burst.n < (int)LANE_BURST)
			break;
	}
	return total;
}
