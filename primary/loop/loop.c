// loop.c - turns, sleeps, and keeps house. One thread runs it from loop_make to loop_free.
#include "primary/loop/loop.h"

#include <string.h>
#include <sys/prctl.h>

#include "primary/loop/look.h"
#include "primary/loop/move.h"
#include "primary/loop/release.h"
#include "primary/loop/rest.h"
#include "primary/loop/rx.h"
#include "primary/loop/tx.h"
#include "shared/base/clock.h"
#include "shared/base/rank.h"

#define LOOP_TX_BURSTS 8u         // of one seat in one turn: as fast as all ports together can fill it
#define LOOP_ORDERS 8u            // in one turn
#define LOOP_KEEP_NS 1000000u     // housekeeping
#define LOOP_NEIGH_NS 100000000u  // neigh_tick
#define LOOP_SHOW_NS 10000000u    // counters
#define LOOP_OLD_CELLS 256u       // looked at each time for packets parked too long,
#define LOOP_OLD_PLACES 64u       // and for fragments without the rest
#define LOOP_OLD_PACKETS 256u     // and so many of them refused
#define LOOP_END_NS 8000000000ull // an orderly stop takes at most this long

bool loop_tell(struct loop *loop, struct post_word fact)
{
	return post_put(loop->part.facts, fact);
}

static void loop_order(struct loop *loop, const struct post_word *order)
{
	switch (order->verb) {
	case POST_MOVE:
	case POST_GUEST:
	case POST_REGULAR:
		move_order(loop, order);
		break;
	case POST_RELEASE:
	case POST_DROP:
		release_order(loop, order);
		break;
	case POST_MARKERS:
	case POST_ECHOES:
		own_order(loop, order);
		break;
	case POST_QUARANTINE:
		quarantine_replace(&loop->quarantine, order->list, (unsigned)order->value, order->shard);
		loop_tell(loop, (struct post_word){ .verb = POST_RETURN, .list = order->list });
		break;
	case POST_EXCEPTIONS:
	case POST_ALIASES:
	case POST_FRAMED:
	case POST_TRACES:
		look_order(loop, order);
		break;
	case POST_LINK:
		loop->link = order->value ? loop->link | 1u << order->seat : loop->link & ~(1u << order->seat);
		break;
	case POST_END:
		loop->end_ns = loop->now_ns + LOOP_END_NS;
		crew_dismiss(loop);
		break;
	default:
		crew_order(loop, order);
	}
}

static unsigned loop_orders(struct loop *loop)
{
	struct post_word order;
	unsigned n = 0;

	while (n < LOOP_ORDERS && post_take(loop->part.orders, &order)) {
		loop_order(loop, &order);
		n++;
	}
	return n;
}

static void loop_show(struct loop *loop)
{
	struct tally *tally = &loop->tally;

	tally->lent = 0;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		tally->seat[seat].lent = lease_packets(&loop->lane[seat].lease);
		tally->seat[seat].held = loop->hold.count[seat];
		tally->seat[seat].phase = loop->crew[seat].phase;
		tally->seat[seat].wanted = loop->crew[seat].wanted;
		tally->seat[seat].guest = loop->map.guests >> seat & 1;
		tally->lent += tally->seat[seat].lent;
	}
	for (unsigned i = 0; i < SHARDS; i++)
		tally->owner[i] = loop->map.shard[i].seat;
	memcpy(tally->pinned, loop->map.pinned.word, sizeof(tally->pinned));
	tally->held = loop->hold.total + loop->park.total + loop->join.total;
	tally->parked = loop->park.total;
	tally->parked_ever = loop->park.ever;
	tally->waiting = neigh_waiting(loop->neigh) - loop->own_waiting;
	nic_room_count(loop->part.nic, &tally->rooms, &tally->rooms_idle, &tally->rooms_out);
	tally_show(loop->part.board, tally);
}

static bool loop_over(const struct loop *loop)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (loop->crew[seat].phase != CREW_FREE && loop->now_ns < loop->end_ns)
			return false;
	return true;
}

static void loop_publish(struct loop *loop)
{
	for (uint32_t seats = loop->seated; seats; seats &= seats - 1)
		lane_publish(&loop->lane[__builtin_ctz(seats)]);
}

unsigned loop_fences(struct loop *loop)
{
	unsigned lent = move_fences(loop);

	loop_publish(loop);
	return lent;
}

static void loop_old(struct loop *loop)
{
	unsigned cells = LOOP_OLD_CELLS, places = LOOP_OLD_PLACES;
	struct park_out out;
	uint32_t room;

	while (join_old(&loop->join, loop->now_ns, &places, &room))
		tx_end(loop, room, VERDICT_FRAGMENT_OLD);

	for (unsigned n = 0; n < LOOP_OLD_PACKETS && park_old(&loop->park, loop->now_ns, &cells, &out); n++)
		release_end(loop, out, VERDICT_BUFFER_OLD);
}

// The fleet thread is woken here: to wake somebody costs more than a turn, and a death's turns are those that count.
static void loop_keep(struct loop *loop)
{
	for (uint32_t seats = loop->seated; seats; seats &= seats - 1)
		if (lane_look(&loop->lane[__builtin_ctz(seats)]))
			crew_condemn(loop, (unsigned)__builtin_ctz(seats), POST_RING);
	crew_keep(loop);
	loop_old(loop);
	release_dropping(loop);
	loss_go(loop);
	loop->keep_ns = loop->now_ns;
	if (loop->now_ns - loop->neigh_ns >= LOOP_NEIGH_NS) {
		loop->neigh_ns = loop->now_ns;
		neigh_tick(loop->neigh, loop->now_ns);
		tx_flush(loop);
	}
	if (loop->now_ns - loop->show_ns >= LOOP_SHOW_NS) {
		loop->show_ns = loop->now_ns;
		loop_show(loop);
	}
	if (loop->ending && !loop->ended && loop_over(loop)) {
		loop_show(loop);
		loop->ended = post_put(loop->part.facts, (struct post_word){ .verb = POST_ENDED });
	}
	post_ring(loop->part.facts);
}

// What came back leaves at once, and first: it frees space and rooms for what comes in.
static unsigned loop_lanes(struct loop *loop)
{
	unsigned found = 0;

	for (uint32_t seats = loop->seated; seats; seats &= seats - 1)
		found += tx_lane(loop, (unsigned)__builtin_ctz(seats), LOOP_TX_BURSTS);
	tx_flush(loop);
	return found;
}

// What came by one port need not wait for the next one; and while there is time, what has come back meanwhile need not, either.
static unsigned loop_ports(struct loop *loop)
{
	unsigned found = 0;

	for (uint32_t ports = loop->ending ? 0 : loop->devices; ports;) {
		unsigned n = rx_port(loop, (unsigned)__builtin_ctz(ports));

		found += n;
		ports &= ports - 1;
		if (n == 0 || n >= NIC_BURST || !ports)
			continue;
		for (uint32_t seats = loop->seated; seats; seats &= seats - 1)
			lane_show(&loop->lane[__builtin_ctz(seats)]);
		found += loop_lanes(loop);
	}
	return found;
}

unsigned loop_turn(struct loop *loop, uint64_t now_ns)
{
	unsigned found;

	loop->now_ns = now_ns;
	loop->tally.turns++;
	found = loop_orders(loop);
	crew_look(loop);
	found += loop_lanes(loop);
	if (loop->markers.waiting > 0)
		marker_go(loop);
	move_settle(loop);
	if (bits_any(&loop->map.asks))
		found += loop_fences(loop);
	if (loop->alone | loop->hold.suspects)
		rx_alone(loop);
	if (loop->hold.total > 0)
		found += rx_resume(loop);
	found += loop_ports(loop);
	if (bits_any(&loop->park.asked))
		release_fences(loop);
	loop_publish(loop);
	tx_flush(loop);
	if (now_ns - loop->keep_ns >= LOOP_KEEP_NS)
		loop_keep(loop);
	if (found)
		loop->busy_ns = now_ns;
	return found;
}

uint64_t loop_now(struct loop *loop)
{
	uint64_t ticks = clock_ticks();
	uint64_t now = loop->clock.base_ns + ((ticks - loop->clock.base_ticks) * loop->clock.ratio_q24 >> 24);

	// The product lasts for ten minutes; and so each second we go by the system's clock again, never backwards.
	if (now - loop->clock.base_ns > 1000000000u) {
		uint64_t ns = clock_ns();

		now = ns > now ? ns : now;
		loop->clock.base_ns = now;
		loop->clock.base_ticks = ticks;
	}
	return now;
}

void loop_run(struct loop *loop)
{
	rank_packets();
	prctl(PR_SET_TIMERSLACK, 1); // naps are shorter than the kernel's usual slack
	neigh_announce(loop->neigh, loop_now(loop));
	while (!loop->ended) {
		if (loop_turn(loop, loop_now(loop)))
			loop->idle = 0;
		else
			rest_idle(loop);
	}
}
