// cost_line.c - two CPUs that answer each other through two words. State: the caller's; two threads while it measures.
#include "cost/cost_line.h"
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "cost/pair.h"

#define ROUNDS 500u
#define TRIES 9u // short ones: where others want the cores, some find them free

// Each side writes its own word and waits for the other's; adjacent-line prefetch makes 128 bytes one.
struct court {
	_Alignas(128) _Atomic uint32_t here;
	_Alignas(128) _Atomic uint32_t there;
};

static void bounce(_Atomic uint32_t *mine, _Atomic uint32_t *other)
{
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		unsigned spins = 0;

		atomic_store_explicit(mine, i, memory_order_release); // pairs with the other side's load
		while (atomic_load_explicit(other, memory_order_acquire) < i)
			pair_wait(&spins);
	}
}

static void bounce_here(void *with)
{
	struct court *court = with;

	bounce(&court->here, &court->there);
}

static void bounce_there(void *with)
{
	struct court *court = with;

	bounce(&court->there, &court->here);
}

// A round is two transfers. The best of some tries: a disturbed one is only ever longer.
static double one_way(int a, int b)
{
	double best = 0;

	for (unsigned i = 0; i < TRIES; i++) {
		struct court court = { 0 };
		double ns = pair_run(&(struct pair){ a, b, bounce_here, bounce_there, &court }) / ROUNDS / 2;

		if (ns > 0 && (best <= 0 || ns < best))
			best = ns;
	}
	return best;
}

static int by_ns(const void *a, const void *b)
{
	const struct line_pair *x = *(const struct line_pair *const *)a, *y = *(const struct line_pair *const *)b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

static unsigned of_reach(const struct line_pairs *pairs, enum reach reach, const struct line_pair **found)
{
	unsigned count = 0;

	for (unsigned i = 0; i < pairs->count; i++)
		if (pairs->pair[i].reach == reach && pairs->pair[i].ns > 0)
			found[count++] = &pairs->pair[i];
	qsort(found, count, sizeof(*found), by_ns);
	return count;
}

const struct line_pair *line_place(const struct line_pairs *pairs, enum reach reach, double place)
{
	static const struct line_pair *found[LINE_PAIRS_MAX];
	unsigned count = of_reach(pairs, reach, found);

	return count ? found[(unsigned)(place * (count - 1))] : NULL;
}

const struct line_pair *line_typical(const struct line_pairs *pairs, enum reach reach)
{
	return line_place(pairs, reach, 0.5);
}

static void row_add(struct table *table, const struct line_pairs *pairs, enum reach reach)
{
	static double values[LINE_PAIRS_MAX];
	struct table_row row = { 0 };
	unsigned count = 0;

	for (unsigned i = 0; i < pairs->count; i++)
		if (pairs->pair[i].reach == reach && pairs->pair[i].ns > 0)
			values[count++] = pairs->pair[i].ns;
	if (!count)
		return;
	snprintf(row.key, sizeof(row.key), "line_%s", reach_keys[reach]);
	snprintf(row.what, sizeof(row.what), "line to another CPU, %s (%u pairs)", reach_names[reach], count);
	row.ns = stats_of(values, count);
	table_add(table, &row);
}

void cost_line(struct table *table, const struct topo *topo, struct line_pairs *pairs)
{
	unsigned long all = (unsigned long)topo->cpus * (topo->cpus - 1) / 2, number = 0;
	unsigned long every = all / LINE_PAIRS_MAX + 1;

	pairs->count = 0;
	for (unsigned i = 0; i < topo->cpus; i++)
		for (unsigned j = i + 1; j < topo->cpus; j++) {
			int a = topo->cpu[i].cpu, b = topo->cpu[j].cpu;
			enum reach reach = reach_between(topo, &topo->cpu[i], &topo->cpu[j]);

			if (number++ % every == 0)
				pairs->pair[pairs->count++] = (struct line_pair){ a, b, reach, one_way(a, b) };
		}
	if (every > 1)
		table_note(table, "lines between CPUs: every %luth of %lu pairs", every, all);
	if (!all)
		table_note(table, "lines between CPUs, rings and wake-ups: not measured, there is only one CPU");
	for (enum reach reach = 0; reach < REACHES; reach++)
		row_add(table, pairs, reach);
}
