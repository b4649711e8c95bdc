// worker.c - runs the worker's own loop on a world of its own. State: world and loop; one thread.
#include "tests/bench/lane/worker.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cost/world.h"
#include "shared/base/clock.h"
#include "workers/loop/loop.h"

static struct world world;
static struct plane_view view;
static struct loop loop;
static struct image image; // nobody's build is another

struct plane_view *worker_world(uint32_t gtpu_ipv4)
{
	const struct bearer_rate rate = { 10000000000, 1000000, 1000000 };

	if (world_open(&world, WORKER_SESSIONS, clock_hz())) {
		fprintf(stderr, "no memory\n");
		exit(1);
	}
	world.view.plane->net.gtpu_ipv4 = gtpu_ipv4;
	world.view.plane->spin = 1;
	world_rate_set(&world, 1, &rate);
	for (unsigned n = 0; n < world.sessions; n++)
		world_session_set(&world, n, 1);
	world_visit(&world, clock_ticks());
	world.view.image = &image;
	return &world.view;
}

static void copy(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	static uint8_t copies[256];

	for (unsigned i = 0; i < n; i++) {
		memcpy(copies, room_at(&view.rooms, handles[i].room) + ROOM_HEADROOM, sizeof(copies));
		__asm__ volatile("" : : "r"(copies) : "memory"); // or the compiler sees that nobody wants them
	}
	pipe_burst(&loop.pipe, handles, n, now);
}

static void yield(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	sched_yield();
	pipe_burst(&loop.pipe, handles, n, now);
}

void worker_open(const struct plane_view *whole)
{
	const struct loop_wires wires = { -1, -1, -1, -1 };

	view = *whole;
	loop_open(&loop, &view, 0, &wires);
}

void worker_harm(enum worker_harm harm)
{
	loop_set_work(&loop, harm == WORKER_COPIES ? copy : yield, NULL);
}

uint32_t worker_teid(unsigned n)
{
	return world_teid(&world, n);
}

uint32_t worker_address(unsigned n)
{
	return world_address(&world, n);
}

void worker_turn(void)
{
	loop_turn(&loop);
}

void worker_house(void)
{
	loop_keep_house(&loop, loop.turned_at);
}
