// cost_row.c - two CPUs that read and write the lines of a lane's ring by turns. State: the rows; one thread a side.
#include "cost/cost_row.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cost/fenced.h"
#include "cost/pair.h"
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/plane/lane.h"

#define RING sizeof(struct lane_handle[LANE_SLOTS])
#define RUN sizeof(struct lane_handle[LANE_BURST])
#define LINES (RING / 64)
#define ROUNDS 15u

struct rows {
	_Alignas(128) _Atomic uint32_t turn; // odd: ours
	_Alignas(128) uint8_t ring[RING];
	_Alignas(128) uint8_t burst[RUN]; // our own
	_Atomic uint32_t sleeping;        // nobody does
	bool given;
	const struct line_pair *pair;
	double ticks[ROUNDS];
};

// The compiler sees no use in it.
static inline void used(const void *memory)
{
	__asm__ volatile("" : : "r"(memory) : "memory");
}

static void rows_take(struct rows *rows)
{
	for (size_t at = 0; at < RING; at += RUN) {
		memcpy(rows->burst, rows->ring + at, RUN);
		used(rows->burst);
	}
}

static void rows_give(struct rows *rows)
{
	for (size_t at = 0; at < RING; at += RUN) {
		used(rows->burst);
		memcpy(rows->ring + at, rows->burst, RUN);
		if (bell_dozes(&rows->sleeping))
			bell_ring(-1);
	}
}

static void rows_wait(struct rows *rows, uint32_t turn)
{
	unsigned spins = 0;

	while (atomic_load_explicit(&rows->turn, memory_order_acquire) != turn)
		pair_wait(&spins);
}

// The second time the lines are ours.
static double beyond(struct rows *rows, void (*work)(struct rows *rows))
{
	uint64_t began = fenced_ticks(), moved, ended;

	work(rows);
	moved = fenced_ticks();
	work(rows);
	ended = fenced_ticks();
	return (double)(moved - began) - (double)(ended - moved);
}

static void here(void *with)
{
	struct rows *rows = with;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		rows_wait(rows, 2 * i + 1);
		rows->ticks[i] = beyond(rows, rows->given ? rows_give : rows_take);
		atomic_store_explicit(&rows->turn, 2 * i + 2, memory_order_release); // pairs with rows_wait
	}
}

static void there(void *with)
{
	struct rows *rows = with;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		rows_wait(rows, 2 * i);
		if (!rows->given)
			memset(rows->ring, (int)i, RING);
		for (size_t at = 0; rows->given && at < RING; at += 64)
			used((void *)(uintptr_t) * (volatile uint64_t *)(rows->ring + at));
		atomic_store_explicit(&rows->turn, 2 * i + 1, memory_order_release); // pairs with rows_wait
	}
}

static double row(void *with)
{
	struct rows *rows = with;
	double ns;

	atomic_store(&rows->turn, 0);
	if (pair_run(&(struct pair){ rows->pair->a, rows->pair->b, here, there, rows }) <= 0)
		return 0;
	ns = stats_of(rows->ticks, ROUNDS).median / LINES * 1e9 / (double)clock_hz();
	return ns > 0 ? ns : 0;
}

void cost_row(struct table *table, const struct line_pairs *pairs, unsigned repeats)
{
	struct rows *rows = aligned_alloc(128, (sizeof(*rows) + 127) / 128 * 128);

	if (!rows)
		return;
	memset(rows, 0, sizeof(*rows));
	for (enum reach reach = 0; reach < REACHES; reach++) {
		rows->pair = line_place(pairs, reach, 0);
		for (unsigned given = 0; rows->pair && given < 2; given++) {
			struct table_row to = { 0 };

			rows->given = given;
			snprintf(to.key, sizeof(to.key), "%s_%s", given ? "given" : "taken", reach_keys[reach]);
			snprintf(to.what, sizeof(to.what), "line %s in a row, %s",
				 given ? "given to another CPU" : "taken from another CPU", reach_names[reach]);
			table_measure(table, &to, row, rows, repeats);
		}
	}
	free(rows);
}

static double nearest(const struct table *table, const char *kind)
{
	double ns = 0;

	for (enum reach reach = 0; reach < REACHES && ns <= 0; reach++) {
		char key[40];

		snprintf(key, sizeof(key), "%s_%s", kind, reach_keys[reach]);
		ns = table_ns(table, key);
	}
	return ns;
}

double row_taken_ns(const struct table *table)
{
	return nearest(table, "taken");
}

double row_given_ns(const struct table *table)
{
	return nearest(table, "given");
}
