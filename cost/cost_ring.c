// cost_ring.c - a lane's ring (shared/plane/ring.h, lane.h) between two CPUs. State: the ring; one thread a side.
#include "cost/cost_ring.h"
#include <stdlib.h>
#include <stdio.h>
#include "cost/pair.h"
#include "shared/plane/lane.h"

#define HANDLES (1u << 14)
#define BURST_MAX 128u

struct ring {
	struct ring_index head, tail;
	_Alignas(64) struct lane_handle slot[LANE_SLOTS];
	_Alignas(64) unsigned burst, handles; // of one run
	const struct line_pair *pair;
	uint32_t sum; // so that what was read was read
};

static void produce(void *with)
{
	struct ring *ring = with;
	uint32_t head = ring_resume(&ring->head), end = head + ring->handles;
	unsigned burst = ring->burst, spins = 0;
	int space = 0;

	while (head != end) {
		while (space < (int)burst) {
			space = ring_space(head, &ring->tail, LANE_SLOTS);
			if (space < (int)burst)
				pair_wait(&spins);
		}
		for (unsigned i = 0; i < burst; i++)
			ring->slot[(head + i) % LANE_SLOTS] =
			    (struct lane_handle){ .room = head + i, .hint = i, .offset = 142, .length = 128 };
		head += burst;
		space -= (int)burst;
		ring_publish(&ring->head, head);
	}
}

static void consume(void *with)
{
	struct ring *ring = with;
	uint32_t tail = ring_resume(&ring->tail), end = tail + ring->handles, sum = 0;
	unsigned spins = 0;

	while (tail != end) {
		struct lane_handle burst[BURST_MAX];
		int ready = ring_ready(tail, &ring->head, LANE_SLOTS);

		if (ready <= 0) {
			pair_wait(&spins);
			continue;
		}
		ready = ready > (int)ring->burst ? (int)ring->burst : ready;
		for (int i = 0; i < ready; i++)
			burst[i] = ring->slot[(tail + (uint32_t)i) % LANE_SLOTS];
		for (int i = 0; i < ready; i++)
			sum += burst[i].room;
		tail += (uint32_t)ready;
		ring_publish(&ring->tail, tail);
	}
	ring->sum = sum;
}

static double hop(void *with)
{
	const struct ring *ring = with;

	return pair_run(&(struct pair){ ring->pair->a, ring->pair->b, produce, consume, with }) / HANDLES;
}

void cost_ring(struct table *table, const struct line_pairs *pairs, unsigned repeats)
{
	static const unsigned bursts[] = { 1, 8, 32, 128 };
	struct ring *ring = aligned_alloc(64, sizeof(*ring));

	if (!ring)
		return;
	*ring = (struct ring){ .handles = HANDLES };
	for (enum reach reach = 0; reach < REACHES; reach++) {
		ring->pair = line_typical(pairs, reach);
		for (unsigned i = 0; ring->pair && i < sizeof(bursts) / sizeof(bursts[0]); i++) {
			struct table_row row = { 0 };

			ring->burst = bursts[i];
			snprintf(row.key, sizeof(row.key), "ring_%s_%u", reach_keys[reach], bursts[i]);
			snprintf(row.what, sizeof(row.what), "ring hop of a handle, burst %u, %s", bursts[i],
				 reach_names[reach]);
			table_measure(table, &row, hop, ring, repeats);
		}
	}
	free(ring);
}
