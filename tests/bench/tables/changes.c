// changes.c - what a change costs the worker that applies it, without anybody else on its core: for callgrind.
//
//   bench-changes pool|foreign COUNT        modifies COUNT sessions, APPLY_BETWEEN in a visit; `measured` is the worker's part
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/tables/estate.h"
#include "tests/bench/tables/pages.h"
#include "workers/loop/loop.h"

#define SESSIONS (64u * SHARDS)
#define SEAT 0u

static struct estate estate;
static struct loop *loop;
static struct seat seat;
static uint32_t head;

static void seat_take(void)
{
	static const struct loop_wires wires = { -1, -1, -1, -1 };

	seat = estate.view.seats[SEAT] = seat_at(pages_take(3 * (size_t)PLANE_PAGE));
	loop = pages_take(sizeof(*loop));
	loop_open(loop, &estate.view, SEAT, &wires);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		tenure_take(&loop->tenure, (uint8_t)shard, false);
}

// The n-th change, one shard after the other.
static void post(uint32_t n)
{
	uint32_t number = n % SESSIONS, seq = n / SHARDS;
	struct change change = { .epoch = 1, .prev = seq, .seq = seq + 1, .verb = CHANGE_SET };

	change.shard = (uint8_t)(number % SHARDS);
	change.slot = number / SHARDS;
	change.bearer = estate_bearer(&estate, number, n + 2);
	seat.courier->changes[head++ % CHANGE_SLOTS] = change;
	ring_publish(&seat.courier->change_head, head);
	ring_publish(&seat.courier->report_tail, ring_resume(&seat.worker->report_head));
}

static __attribute__((noinline)) void measured(void)
{
	for (unsigned visits = 0; visits < 3; visits++) // seen, their cells called, applied
		for (unsigned burst = 0; burst < APPLY_EVERY; burst++)
			apply_between(&loop->apply);
}

int main(int argc, char **argv)
{
	uint32_t count = argc == 3 ? (uint32_t)atoi(argv[2]) : 0;

	if (!count || (strcmp(argv[1], "pool") && strcmp(argv[1], "foreign"))) {
		fprintf(stderr, "usage: bench-changes pool|foreign COUNT\n");
		return 2;
	}
	estate_make(&estate, SESSIONS, strcmp(argv[1], "foreign") ? 0 : 2);
	estate_fill(&estate);
	seat_take();
	for (uint32_t n = 0; n < count; n += APPLY_BETWEEN) {
		for (uint32_t i = 0; i < APPLY_BETWEEN; i++)
			post(n + i);
		measured();
	}
	return loop->apply.applied < count;
}
