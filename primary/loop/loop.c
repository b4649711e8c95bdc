// loop.c - turns, sleeps, and keeps house. One thread runs it from loop_make to loop_free.
#include "primary/loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "primary/loop/look.h"
#include "primary/loop/move.h"
#include "primary/loop/release.h"
#include "primary/loop/rest.h"
#include "primary/loop/rx.h"
#include "primary/loop/tx.h"
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
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

// What came back first: it frees space and rooms for what comes in.
static unsigned loop_lanes(struct loop *loop)
{
	unsigned found = 0;

	crew_look(loop);
	for (uint32_t seats = loop->seated; seats; seats &= seats - 1)
		found += tx_lane(loop, (unsigned)__builtin_ctz(seats), LOOP_TX_BURSTS);
	return found;
}

unsigned loop_turn(struct loop *loop, uint64_t now_ns)
{
	unsigned found;

	loop->now_ns = now_ns;
	loop->tally.turns++;
	found = loop_orders(loop) + loop_lanes(loop);
	if (loop->markers.waiting > 0)
		marker_go(loop);
	move_settle(loop);
	if (bits_any(&loop->map.asks))
		found += loop_fences(loop);
	if (loop->alone | loop->hold.suspects)
		rx_alone(loop);
	if (loop->hold.total > 0)
		found += rx_resume(loop);
	for (uint32_t ports = loop->ending ? 0 : loop->devices; ports; ports &= ports - 1)
		found += rx_port(loop, (unsigned)__builtin_ctz(ports));
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

static int loop_open_edges(struct loop *loop)
{
	struct neigh_out out = tx_neigh_out(loop);

	loop->steer = steer_make(loop->part.conf, loop->part.view->plane);
	loop->neigh = neigh_make(loop->part.conf, &out);
	if (!loop->steer || !loop->neigh)
		return -ENOMEM;
	networks_make(&loop->networks, loop->part.conf, &loop->part.view->plane->net);
	steer_quarantine(loop->steer, &loop->quarantine);
	for (unsigned port = 0; port < loop->ports; port++) {
		steer_mac(loop->steer, port, nic_mac(loop->part.nic, port));
		neigh_mac(loop->neigh, port, nic_mac(loop->part.nic, port));
	}
	return 0;
}

// Rooms for each seat, beside the ports' queues, and as many once more that stay free: for next hops, a fresh start, and half of them
// for what is parked.
static uint64_t loop_share(struct loop *loop)
{
	uint64_t all, idle, out;

	nic_room_count(loop->part.nic, &all, &idle, &out);
	return idle / (loop->part.conf->workers + 2);
}

// A seat may have waiting what is configured, but never so much that the others find no rooms: what all may hold and be lent
// together has to fit.
static uint32_t loop_hold_limit(struct loop *loop)
{
	uint64_t share = loop_share(loop);

	share = share > LANE_SLOTS ? share - LANE_SLOTS : 0;
	if (share >= loop->part.conf->hold)
		return loop->part.conf->hold;
	log_warning("hold.reduced", "primary.rooms %u: %lu packets may wait for a worker, not hold %u",
		    loop->part.conf->rooms, (unsigned long)share, loop->part.conf->hold);
	return (uint32_t)share;
}

static struct park_limits loop_park_limits(struct loop *loop)
{
	const struct conf *conf = loop->part.conf;
	uint64_t share = loop_share(loop) / 2;
	struct park_limits limits = { conf->buffer_packets, conf->buffer_session, conf->buffer_seconds * 1000000000ull,
				      conf_longest(conf) * 1000000000ull };

	if (share >= limits.packets)
		return limits;
	log_info("buffering.reduced", "primary.rooms %u: %lu packets may wait for the radio side, not %u", conf->rooms,
		 (unsigned long)share, limits.packets);
	limits.packets = (uint32_t)share;
	return limits;
}

static uint64_t loop_seed(void)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = clock_ticks();
	return seed;
}

static int loop_open_waits(struct loop *loop)
{
	struct park_limits limits = loop_park_limits(loop);
	int error = hold_init(&loop->hold, loop->part.view->plane->rooms);

	if (!error)
		error = park_init(&loop->park, &loop->hold, &limits);
	if (!error)
		error =
		    join_init(&loop->join, &loop->part.view->rooms, loop->part.conf->packets.reassemble, loop_seed());
	if (!error)
		hold_charge(&loop->hold, HOLD_SLOW, PLANE_SEAT_SLOW);
	loop->hold_limit = loop_hold_limit(loop);
	return error;
}

// Ports that are looked at: of those on one device, the first.
static uint32_t loop_devices(const struct loop *loop)
{
	uint32_t devices = 0;

	for (unsigned port = 0; port < loop->ports; port++)
		devices |= (uint32_t)(conf_carrier(loop->part.conf, port) == port) << port;
	return devices;
}

static int loop_open(struct loop *loop)
{
	uint64_t hz = loop->part.view->plane->net.clock_hz;
	int error = loop_open_waits(loop);

	if (error)
		return error;
	loop->fate = calloc(loop->hold.cells, 1);
	if (!loop->fate || quarantine_init(&loop->quarantine, loop->part.view->plane->net.slot_bits) ||
	    traces_init(&loop->traces, &loop->hold, &loop->part.view->plane->net))
		return -ENOMEM;
	among_build(&loop->among, loop->part.conf);
	map_init(&loop->map);
	marker_init(&loop->markers);
	loss_init(&loop->losses);
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		lane_init(&loop->lane[seat], loop->part.view->seats[seat], loop->part.bell[NEST_BELL_SEAT0 + seat]);
		loop->crew[seat].wanted = seat < loop->part.conf->workers || seat == PLANE_SEAT_SLOW;
	}
	for (unsigned i = 0; i < SHARDS; i++)
		atomic_store(&loop->part.view->plane->owner[i], PLANE_SEAT_NONE);
	loop->ports = nic_ports(loop->part.nic);
	loop->devices = loop_devices(loop);
	loop->link = UINT32_MAX;
	loop->clock = (struct loop_clock){ clock_ticks(), clock_ns(), (1000000000ull << 24) / hz };
	loop->keep_ns = loop->neigh_ns = loop->show_ns = loop->now_ns = loop->clock.base_ns;
	loop->mute_until_ns = loop->now_ns + loop->part.conf->gtpu_mute_s * 1000000000ull;
	error = loop_open_edges(loop);
	return error ? error : rest_open(loop);
}

int loop_make(const struct loop_parts *parts, struct loop **loop)
{
	int error;

	*loop = aligned_alloc(64, (sizeof(**loop) + 63) & ~63ul);
	if (!*loop)
		return -ENOMEM;
	memset(*loop, 0, sizeof(**loop));
	(*loop)->part = *parts;
	(*loop)->epoll = -1;
	error = loop_open(*loop);
	if (error) {
		log_error("loop.make", "no memory or descriptors for the packet loop: %s", strerror(-error));
		loop_free(*loop);
		*loop = NULL;
	}
	return error;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->neigh)
		neigh_free(loop->neigh);
	if (loop->steer)
		steer_free(loop->steer);
	if (loop->epoll >= 0)
		close(loop->epoll);
	quarantine_fini(&loop->quarantine);
	traces_fini(&loop->traces);
	join_fini(&loop->join);
	park_fini(&loop->park);
	hold_fini(&loop->hold);
	free(loop->fate);
	free(loop);
}
