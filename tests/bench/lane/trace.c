// trace.c - the gateway at work, for a trace of its loads and stores that lines.py reads.
//
//   valgrind --tool=lackey --trace-mem=yes --log-fd=1 bench-trace
//
// Says where things lie ("kind NAME FROM TO", "marks AT"), and before the turns of each way and burst which they are ("phase WAY BURST");
// "phase -" before those that warm up. In the last one the worker copies packets, as no build of ours may. Time stands still, so there
// is no housekeeping in it.
#include <stddef.h>
#include <stdio.h>
#include "tests/bench/lane/played.h"
#include "tests/bench/lane/worker.h"

#define LAP (LANE_SLOTS / LANE_BURST) // turns, once around the lane
#define WARM 8u                       // before the measured ones
#define TURNS 16u

static const unsigned bursts[] = { 32, 8, 1 };

static void kind(const char *name, const void *at, size_t bytes)
{
	printf("kind %s %p %p\n", name, at, (const void *)((const uint8_t *)at + bytes));
}

#define KIND(name, at) kind(name, at, sizeof(*(at)))

static void kinds_seat(const struct seat *seat)
{
	kind("words", &seat->primary->wanted, sizeof(struct ring_index)); // a line
	KIND("in_head", &seat->primary->in_head);
	KIND("out_tail", &seat->primary->out_tail);
	KIND("handles_in", &seat->primary->in);
	kind("words", &seat->worker->life, sizeof(struct ring_index));
	KIND("in_tail", &seat->worker->in_tail);
	KIND("out_head", &seat->worker->out_head);
	KIND("changes", &seat->worker->change_tail);
	KIND("handles_out", &seat->worker->out);
	KIND("changes", &seat->courier->change_head);
}

// Of the first shard; the others' lie as far apart as it says.
static void kinds_region(const struct region *region, const struct region_shape *shape)
{
	printf("shards %u %lu\n", SHARDS, (unsigned long)region_stride(shape));
	KIND("shard", region->header);
	kind("rates", region->rates, shape->rates * sizeof(*region->rates));
	kind("index", region->index, shape->buckets * sizeof(*region->index));
	kind("session", region->uplink, shape->slots * sizeof(*region->uplink));
	kind("session", region->downlink, shape->slots * sizeof(*region->downlink));
	kind("rest", region->rest, shape->slots * sizeof(*region->rest));
}

static void kinds(const void *stack)
{
	const struct plane_view *view = played.view;
	const struct nic_zone *zone = &played.nic->zone[0];

	printf("marks %p\n", (void *)&marks);
	printf("code played_turn %p bench-trace\n", (void *)(uintptr_t)played_turn);
	printf("code worker_turn %p libbench-worker.so\n", (void *)(uintptr_t)worker_turn);
	kind("stack", (const uint8_t *)stack - (128 << 10), 192 << 10); // each side has its own, here it is one
	KIND("plane", view->plane);
	kind("header", view->rooms.base[0], (size_t)view->rooms.count[0] * ROOM_STRIDE);
	kind("mbuf", zone->first, zone->count * zone->stride);
	kinds_seat(&view->seats[0]);
	kinds_region(&view->shards[0], &view->plane->shape);
}

static void turns(unsigned n, unsigned up, unsigned down)
{
	for (unsigned i = 0; i < n; i++) {
		played_offer(up, down);
		played_turn();
	}
}

static void phase(const char *way, unsigned burst)
{
	unsigned down = *way == 'd' ? burst : 0, up = burst - down;

	printf("phase -\n");
	fflush(stdout);
	turns(WARM, up, down);
	printf("phase %s %u\n", way, burst);
	fflush(stdout);
	turns(TURNS, up, down);
	printf("phase -\n");
	fflush(stdout);
	turns(1, 0, 0);
}

int main(void)
{
	played_open();
	kinds(__builtin_frame_address(0));
	turns(LAP, LANE_BURST / 2, LANE_BURST / 2);
	for (unsigned i = 0; i < sizeof(bursts) / sizeof(*bursts); i++) {
		phase("up", bursts[i]);
		phase("down", bursts[i]);
	}
	worker_harm(WORKER_COPIES);
	phase("copy", LANE_BURST);
	return !played_close();
}
