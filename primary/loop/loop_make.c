// loop_make.c - the loop's parts, made and freed; who may have how many rooms.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "primary/loop/look.h"
#include "primary/loop/loop.h"
#include "primary/loop/rest.h"
#include "primary/loop/tx.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

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
