// tx.c - believes a handle only after it has found its lease, then carries out its verdict. The primary's loop.
#include "primary/loop/tx.h"
#include "primary/loop/detour.h"
#include "primary/loop/loop.h"
#include "primary/loop/move.h"
#include "primary/loop/release.h"
#include "shared/wire/ip.h"

void tx_end(struct loop *loop, uint32_t room, unsigned verdict)
{
	loop->tally.verdict[verdict]++;
	if (loop->traces.open)
		trace_end(&loop->traces, room, verdict);
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

static void tx_leave(struct loop *loop, const struct nic_frames *out, unsigned verdict)
{
	bool up = loop->link >> out->port & 1;
	unsigned refused;

	if (verdict != LOOP_OWN)
		loop->tally.verdict[up ? verdict : VERDICT_TX_DOWN] += out->n;
	if (!up) {
		for (unsigned i = 0; i < out->n; i++)
			nic_free(loop->part.nic, out->frame[i].room);
		return;
	}
	refused = nic_tx(loop->part.nic, out);
	if (refused)
		tx_refused(loop, refused);
	loop->unsent |= 1u << out->port;
}

void tx_frame(struct loop *loop, unsigned port, struct nic_frame frame, unsigned verdict)
{
	struct nic_frames one;

	one.port = port;
	one.n = 1;
	one.frame[0] = frame;
	tx_leave(loop, &one, verdict);
}

void tx_flush(struct loop *loop)
{
	for (; loop->unsent; loop->unsent &= loop->unsent - 1)
		tx_refused(loop, nic_flush(loop->part.nic, (unsigned)__builtin_ctz(loop->unsent)));
}

static uint8_t *tx_room(struct loop *loop, uint32_t room)
{
	return room_at(&loop->part.view->rooms, room);
}

// Sends the first ones of n packets, which leave in a row. Returns how many; 0: the first one is a case apart.
static unsigned tx_send(struct loop *loop, const struct lane_back *back, unsigned first, unsigned n)
{
	struct nic_frames out;

	neigh_ready(loop->neigh, back, first, n, &out);
	if (out.n > 0)
		tx_leave(loop, &out, VERDICT_FORWARD);
	return out.n;
}

// Whether a packet may come back like this from this seat.
static inline bool tx_sound(const struct loop *loop, unsigned seat, const struct lane_handle *back,
			    const struct lane_handle *lent)
{
	if (back->code >= VERDICT_COUNT || back->code == VERDICT_CUT || back->code == VERDICT_OWNED ||
	    back->code == VERDICT_RELEASED || back->code == VERDICT_COUNTED)
		return false;
	if (park_waits(back->code))
		return (lane_kind_down(lent->code) || lent->code == LANE_UPLINK) && seat != PLANE_SEAT_SLOW &&
		       (back->hint < 1u << SHARD_SLOT_BITS_MAX || back->port == LANE_DROPS);
	if (back->code != VERDICT_FORWARD && back->code != VERDICT_ANSWERED && verdict_final(back->code))
		return true; // it ends here: nobody looks at the rest
	if (back->code == VERDICT_END_MARKERS && (seat == PLANE_SEAT_SLOW || !marker_sound(back, lent)))
		return false;
	if (back->code == VERDICT_ANSWERED && seat != PLANE_SEAT_SLOW && back->port != LANE_SIDE_ACCESS)
		return false;
	if (back->port < LANE_SIDE_ACCESS && back->port >= loop->ports)
		return false;
	return back->offset >= LANE_L2 && back->offset + back->length <= (int)ROOM_STRIDE;
}

static void tx_forged(struct loop *loop, unsigned seat)
{
	loop->tally.seat[seat].forged++;
	crew_condemn(loop, seat, POST_FORGED);
}

static void tx_fence(struct loop *loop, unsigned seat, const struct lane_handle *back, const struct lane_handle *found)
{
	struct lane_handle lent = *found;

	if (back->code != lease_answer(lent.code) || (uint8_t)(back->hint ^ lent.hint)) {
		tx_forged(loop, seat);
		return;
	}
	lease_end(&loop->lane[seat].lease, found);
	if (lent.code == LANE_CUT)
		move_cut(loop, (uint8_t)lent.hint);
	else if (lent.code == LANE_OWN)
		move_owned(loop, (uint8_t)lent.hint);
	else if (lent.code == LANE_RELEASE)
		release_back(loop, (uint8_t)lent.hint, (uint16_t)(lent.hint >> 16));
}

static __attribute__((noinline, cold)) void tx_traced(struct loop *loop, unsigned seat, const struct lane_handle *back)
{
	struct trace_return returned = { back, tx_room(loop, back->room) + back->offset, seat, false };

	returned.core = back->port == LANE_SIDE_CORE ||
			(back->port < loop->ports && loop->part.conf->port[back->port].role == CONF_CORE);
	trace_back(&loop->traces, &returned, loop->now_ns);
}

// A packet that is no usual one.
static void tx_packet(struct loop *loop, unsigned seat, struct lane_handle *back, const struct lane_handle *lent)
{
	struct tally_seat *tally = &loop->tally.seat[seat];

	tally->out_packets++;
	if (!tx_sound(loop, seat, back, lent)) {
		tx_forged(loop, seat);
		tx_end(loop, back->room, VERDICT_FORGED);
		return;
	}
	tally->verdict[back->code]++;
	if (loop->traces.open)
		tx_traced(loop, seat, back);
	if (loop->networks.count > 0)
		networks_leave(&loop->networks, back, lent);
	if (back->code == VERDICT_FORWARD || back->code == VERDICT_ANSWERED)
		detour_apart(loop, back, lent);
	else
		detour_other(loop, seat, back, lent);
}

static __attribute__((noinline)) void tx_back(struct loop *loop, unsigned seat, struct lane_handle *back)
{
	struct lease *lease = &loop->lane[seat].lease;
	const struct lane_handle *found = lease_find(lease, back);
	struct lane_handle lent;

	if (!found) {
		tx_forged(loop, seat);
		return;
	}
	if (lease_fence(found)) {
		tx_fence(loop, seat, back, found);
		return;
	}
	lent = *found;
	lent.code &= LEASE_KIND;
	if (found->code & LEASE_TRACED)
		trace_again(&loop->traces, &lent, tx_room(loop, lent.room) + lent.offset, loop->now_ns);
	lease_end(lease, found);
	tx_packet(loop, seat, back, &lent);
}

// Usual ones in a row. Their leases end when all have left, so that until then the book says how they were lent.
static void tx_run(struct loop *loop, unsigned seat, const struct lane_back *back, unsigned first, unsigned n)
{
	struct lease *lease = &loop->lane[seat].lease;
	struct tally_seat *tally = &loop->tally.seat[seat];
	unsigned sent;

	tally->out_packets += n;
	tally->verdict[VERDICT_FORWARD] += n;
	for (unsigned i = 0; i < n; i += sent) {
		sent = tx_send(loop, back, first + i, n - i);
		if (sent > 0)
			continue;
		detour_apart(loop, &back->handle[first + i], &lease->lent[(lease->due + i) % LANE_SLOTS]);
		sent = 1;
	}
	lease_end_oldest(lease, n);
}

// The headers' lines come from the worker's core: all of them are asked for at once, to be written. Always inline: a function that only
// prefetches has no effect in the compiler's eyes, and its calls are dropped.
static inline __attribute__((always_inline)) void tx_call(const uint8_t *packet)
{
	__builtin_prefetch(packet - LANE_L2, 1);
	__builtin_prefetch(packet + IP4_HEADER - 1, 1);
}

static inline __attribute__((always_inline)) void tx_prefetch(const struct lane_back *back, uint32_t usual)
{
	for (; usual; usual &= usual - 1)
		tx_call(back->packet[__builtin_ctz(usual)]);
}

// Few: as if they came back in order, which they mostly do.
static inline __attribute__((always_inline)) void tx_prefetch_few(const struct rooms *rooms, const struct lease *lease,
								  const struct lane_back *back)
{
	for (unsigned i = 0; i < back->n; i++)
		tx_call(room_at(rooms, lease->lent[(lease->due + i) % LANE_SLOTS].room) + back->handle[i].offset);
}

#define TX_MANY 8u // of fewer, each is looked at when it is its turn

static void tx_burst(struct loop *loop, unsigned seat, struct lane_back *back)
{
	const struct rooms *rooms = &loop->part.view->rooms;
	const struct lane *lane = &loop->lane[seat];
	uint32_t usual = 0, due = lane->lease.due;
	unsigned until = 0, run;

	if (back->n > 1 && back->n < TX_MANY)
		tx_prefetch_few(rooms, &lane->lease, back);
	for (unsigned i = 0; i < back->n; i += run, due += run) {
		if (back->n < TX_MANY) {
			run = lane_usual_one(lane, rooms, back, i);
		} else {
			if (i == until ||
			    due != lane->lease.due) { // what comes back out of order moves it by more, or not at all
				usual = lane_usual(lane, rooms, back, i, &until);
				tx_prefetch(back, usual);
				due = lane->lease.due;
			}
			run = (unsigned)__builtin_ctzll(~((uint64_t)usual >> i));
		}
		if (run > 0) {
			if (__builtin_expect(loop->networks.count > 0, 0))
				networks_run(&loop->networks, &loop->lane[seat].lease, &back->handle[i], run);
			tx_run(loop, seat, back, i, run);
		} else {
			tx_back(loop, seat, &back->handle[i]);
			run = 1;
		}
	}
}

unsigned tx_lane(struct loop *loop, unsigned seat, unsigned bursts)
{
	struct lane_back back;
	unsigned total = 0;

	while (bursts-- > 0) {
		int n = lane_take(&loop->lane[seat], back.handle);

		if (n < 0) {
			crew_condemn(loop, seat, POST_RING);
			break;
		}
		back.n = (unsigned)n;
		tx_burst(loop, seat, &back);
		total += back.n;
		if (back.n < LANE_BURST)
			break;
	}
	return total;
}
