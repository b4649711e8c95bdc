// turn.c - what a packet costs the primary: its whole turn, on ports that are played, with a worker that only does what it must.
//
//   bench-turn up|down|both BURST TURNS
//   valgrind --tool=callgrind --toggle-collect=measured bench-turn up 32 1000
//
// Everything from the driver's interface to the lane and back is the primary's own code: pool, steering, leases, next hops. The
// worker takes a tunnel off or puts one on, in the same thread, between two turns. Prints how many packets the measured turns saw.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "primary/loop.h"
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"
#include "tests/bench/lane/ports.h"

#define WARM 200u // turns before the measured ones

static struct {
	struct conf conf;
	struct plane plane;
	struct plane_view view;
	struct post orders, facts;
	struct tally_board board;
	struct record records[RECORDS];
	struct watch watch;
	_Atomic uint32_t awake;
	struct loop *loop;
	uint64_t now_ns;
	uint32_t in_tail, out_head; // the worker's
} world = { .now_ns = 1000000000 };

static void world_own(unsigned port, uint32_t ipv4)
{
	struct plane_address *own = &world.plane.own[world.plane.owns++];

	*own = (struct plane_address){ .family = 4, .port = (uint8_t)port, .prefix_len = 24 };
	be32_put(own->bytes, ipv4);
}

static void world_make(void)
{
	static _Alignas(64) uint8_t zone[PLANE_SEATS][3 * PLANE_PAGE];
	struct loop_parts parts = { &world.conf,  &world.view,   NULL,         &world.orders, &world.facts,
				    &world.watch, world.records, &world.board, { 0 } };

	ports_conf(&world.conf);
	world.conf.workers = 1;
	world.conf.hold = 1024;
	world.plane.net.clock_hz = clock_hz();
	world.plane.net.gtpu_ipv4 = PORT_OWN_ACCESS;
	world_own(PORT_ACCESS, PORT_OWN_ACCESS);
	world_own(PORT_CORE, PORT_OWN_CORE);
	world.view.plane = &world.plane;
	parts.nic = ports_open(&world.conf, &world.view);
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		world.view.seats[seat] = seat_at(zone[seat]);
	for (unsigned i = 0; i < NEST_BELLS; i++)
		parts.bell[i] = bell_make();
	world.watch.bell = -1;
	post_init(&world.orders, &world.plane.sleeping, parts.bell[NEST_BELL_PRIMARY]);
	post_init(&world.facts, &world.awake, -1);
	if (loop_make(&parts, &world.loop))
		exit(1);
	neigh_announce(world.loop->neigh, world.now_ns);
}

// ---- The worker

static void worker_sits(void)
{
	struct seat_worker_page *page = world.view.seats[0].worker;

	post_put(&world.orders, (struct post_word){ .verb = POST_FORKED, .seat = 0, .pid = getpid() });
	atomic_store(&page->life, 1);
	atomic_store(&page->state, SEAT_READY);
}

static void worker_tunnel(struct lane_handle *handle)
{
	uint8_t *outer = room_at(&world.view.rooms, handle->room) + handle->offset - PORT_TUNNEL;
	struct ip4_fields fields = { PORT_OWN_ACCESS, PORT_RADIO, (uint16_t)(handle->length + PORT_TUNNEL), 0, 64,
				     IP_UDP };

	ip4_put(outer, &fields);
	handle->offset = (uint16_t)(handle->offset - PORT_TUNNEL);
	handle->length = (uint16_t)(handle->length + PORT_TUNNEL);
	handle->port = LANE_SIDE_ACCESS;
	handle->code = VERDICT_FORWARD;
}

static void worker_handle(struct lane_handle *handle)
{
	if (handle->code == LANE_OWN) {
		handle->code = VERDICT_OWNED;
	} else if (handle->code == LANE_DOWNLINK) {
		worker_tunnel(handle);
	} else {
		handle->offset = (uint16_t)(handle->offset + PORT_TUNNEL);
		handle->length = (uint16_t)(handle->length - PORT_TUNNEL);
		handle->port = LANE_SIDE_CORE;
		handle->code = VERDICT_FORWARD;
	}
	handle->hint = handle->code == VERDICT_OWNED ? handle->hint : 0;
}

static void worker_works(void)
{
	struct seat *seat = &world.view.seats[0];
	int n = ring_ready(world.in_tail, &seat->primary->in_head, LANE_SLOTS);

	for (int i = 0; i < n; i++) {
		struct lane_handle handle = seat->primary->in[world.in_tail++ % LANE_SLOTS];

		worker_handle(&handle);
		seat->worker->out[world.out_head++ % LANE_SLOTS] = handle;
	}
	ring_publish(&seat->worker->out_head, world.out_head);
	ring_publish(&seat->worker->in_tail, world.in_tail);
}

// ---- The turns

__attribute__((noinline)) static void measured(void)
{
	loop_turn(world.loop, world.now_ns);
}

static void turn(unsigned up, unsigned down, void (*how)(void))
{
	ports.offered[PORT_ACCESS] += up;
	ports.offered[PORT_CORE] += down;
	world.now_ns += 10000;
	how();
	worker_works();
}

static void unmeasured(void)
{
	loop_turn(world.loop, world.now_ns);
}

static bool world_sound(uint64_t before)
{
	const struct tally *tally = &world.loop->tally;

	return ports.sent[PORT_ACCESS] == ports.received[PORT_CORE] &&
	       ports.sent[PORT_CORE] == ports.received[PORT_ACCESS] && tally->verdict[VERDICT_FORWARD] > before;
}

int main(int argc, char **argv)
{
	unsigned burst = argc == 4 ? (unsigned)atoi(argv[2]) : 0, turns = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
	unsigned up, down;
	uint64_t before;

	if (!burst || burst > NIC_BURST || !turns ||
	    (strcmp(argv[1], "up") && strcmp(argv[1], "down") && strcmp(argv[1], "both"))) {
		fprintf(stderr, "usage: bench-turn up|down|both BURST TURNS\n");
		return 2;
	}
	up = *argv[1] == 'd' ? 0 : burst;
	down = *argv[1] == 'u' ? 0 : burst;
	world_make();
	worker_sits();
	for (unsigned i = 0; i < WARM; i++)
		turn(i == WARM / 2, i == WARM / 2, unmeasured); // shards and next hops are found
	for (unsigned i = 0; i < WARM; i++)
		turn(up, down, unmeasured);
	before = world.loop->tally.verdict[VERDICT_FORWARD];
	for (unsigned i = 0; i < turns; i++)
		turn(up, down, measured);
	before = world.loop->tally.verdict[VERDICT_FORWARD] - before;
	for (unsigned i = 0; i < 4; i++)
		turn(0, 0, unmeasured);
	printf("%lu packets\n", (unsigned long)before);
	if (world_sound(0))
		return 0;
	fprintf(stderr, "not everything came through: %lu in, %lu and %lu out\n", (unsigned long)world.loop->tally.rx,
		(unsigned long)ports.sent[PORT_CORE], (unsigned long)ports.sent[PORT_ACCESS]);
	for (unsigned v = 0; v < VERDICT_FINALS; v++)
		if (world.loop->tally.verdict[v])
			fprintf(stderr, "%s %lu\n", verdict_name(v), (unsigned long)world.loop->tally.verdict[v]);
	return 1;
}
