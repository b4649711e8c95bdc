// cost_lock.c - adds to a word, takes a lock and gives it back, alone and against another CPU. State: on the stack.
#include "cost/cost_lock.h"
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include "cost/pair.h"
#include "shared/base/clock.h"

#define TIMES 100000u
#define TIMES_CONTENDED 20000u

struct contest {
	_Alignas(128) _Atomic uint32_t lock;
	uint64_t guarded; // on the lock's line: the best case
};

static void lock(_Atomic uint32_t *word)
{
	unsigned spins = 0;

	while (atomic_exchange_explicit(word, 1, memory_order_acquire)) // pairs with unlock
		while (atomic_load_explicit(word, memory_order_relaxed))
			pair_wait(&spins);
}

static void unlock(_Atomic uint32_t *word)
{
	atomic_store_explicit(word, 0, memory_order_release); // pairs with lock
}

static double add(void *with)
{
	struct contest *contest = with;
	uint64_t from = clock_ns();

	for (unsigned i = 0; i < TIMES; i++)
		atomic_fetch_add_explicit(&contest->lock, 1, memory_order_relaxed);
	atomic_store(&contest->lock, 0);
	return (double)(clock_ns() - from) / TIMES;
}

static void take(struct contest *contest, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		lock(&contest->lock);
		contest->guarded++;
		unlock(&contest->lock);
	}
}

static double take_alone(void *with)
{
	uint64_t from = clock_ns();

	take(with, TIMES);
	return (double)(clock_ns() - from) / TIMES;
}

static void take_against(void *with)
{
	take(with, TIMES_CONTENDED);
}

struct match {
	const struct line_pair *pair;
	struct contest contest;
};

static double contended(void *with)
{
	struct match *match = with;

	return pair_run(&(struct pair){ match->pair->a, match->pair->b, take_against, take_against, &match->contest }) /
	       TIMES_CONTENDED;
}

void cost_lock(struct table *table, const struct line_pairs *pairs, unsigned repeats)
{
	struct match match = { 0 };

	table_measure(table, &(struct table_row){ .key = "atomic", .what = "atomic add, own line" }, add,
		      &match.contest, repeats);
	table_measure(table, &(struct table_row){ .key = "spinlock", .what = "spinlock taken and given back, free" },
		      take_alone, &match.contest, repeats);
	for (enum reach reach = 0; reach < REACHES; reach++) {
		struct table_row row = { 0 };

		match.pair = line_typical(pairs, reach);
		if (!match.pair)
			continue;
		snprintf(row.key, sizeof(row.key), "spinlock_contended_%s", reach_keys[reach]);
		snprintf(row.what, sizeof(row.what), "spinlock against another CPU, %s", reach_names[reach]);
		table_measure(table, &row, contended, &match, repeats);
	}
}
