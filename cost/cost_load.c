// cost_load.c - chains of loads, each needing the one before. State: the walk on the stack; one thread.
#include "cost/cost_load.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cost/memory.h"
#include "cost/pair.h"
#include "shared/base/clock.h"

#define LINE 64u
#define SPANS 21u // of a sample, whose median counts: a core that others want is taken away for milliseconds
#define STEPS 1000u
#define CHAINS_MAX 48u
#define DRAM_MOST (256ul << 20)

// A place in the walk is a line of memory that names the next one.
struct place {
	_Alignas(LINE) struct place *next;
	uint64_t visits;
};

struct walk {
	struct place *places;
	size_t count;
	unsigned chains;
	void (*go)(struct walk *walk);
	struct place *at[CHAINS_MAX];
};

static uint64_t random_word(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

// One closed walk through all lines in an order that no prefetcher guesses (Sattolo's shuffle).
static void walk_lay(struct walk *walk, void *memory, size_t bytes)
{
	struct place *places = memory;
	size_t count = bytes / LINE;
	uint64_t random = 88172645463325252ull;

	for (size_t i = 0; i < count; i++)
		places[i].next = &places[i];
	for (size_t i = count - 1; i > 0; i--) {
		size_t j = random_word(&random) % i;
		struct place *held = places[i].next;

		places[i].next = places[j].next;
		places[j].next = held;
	}
	*walk = (struct walk){ .places = places, .count = count, .chains = 1 };
	for (unsigned c = 0; c < CHAINS_MAX; c++)
		walk->at[c] = &places[random_word(&random) % count];
}

// So that the caches hold what they can.
static void walk_warm(struct walk *walk)
{
	for (size_t i = 0; i < walk->count; i++)
		walk->at[0] = walk->at[0]->next;
}

static void walk_read(struct walk *walk)
{
	struct place *at = walk->at[0];

	for (unsigned i = 0; i < STEPS; i++)
		at = at->next;
	walk->at[0] = at;
	__asm__ volatile("" ::"r"(at) : "memory"); // the walk is not for nothing
}

// Several chains side by side: loads of different ones need not wait for each other. Each line is written, as a session's is.
static void walk_touch(struct walk *walk)
{
	for (unsigned i = 0; i < STEPS / walk->chains; i++)
		for (unsigned c = 0; c < walk->chains; c++) {
			struct place *at = walk->at[c];

			at->visits++;
			walk->at[c] = at->next;
		}
}

static double walk_sample(void *with)
{
	struct walk *walk = with;
	double ns[SPANS];

	for (unsigned i = 0; i < SPANS; i++) {
		uint64_t from = clock_ns();

		walk->go(walk);
		ns[i] = (double)(clock_ns() - from) / (STEPS / walk->chains * walk->chains);
	}
	return stats_of(ns, SPANS).median;
}

static void level(struct table *table, struct walk *walk, const struct table_row *row, unsigned repeats)
{
	if (walk->count * LINE <= 64ul << 20)
		walk_warm(walk);
	walk->go = walk_read;
	table_measure(table, row, walk_sample, walk, repeats);
}

static void level_of(struct table *table, void *memory, size_t bytes, const struct table_row *row, unsigned repeats)
{
	struct walk walk;

	walk_lay(&walk, memory, bytes);
	level(table, &walk, row, repeats);
}

// Each number of chains three times; the cheapest one counts as what the core can do.
static void in_flight(struct table *table, struct walk *walk, unsigned repeats)
{
	static const unsigned chains[] = { 1, 2, 4, 8, 12, 16, 24, 32, 48 };
	double best = 0, alone = 0, ns;

	walk->go = walk_touch;
	for (unsigned i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		struct table_row row = { 0 };

		walk->chains = chains[i];
		snprintf(row.key, sizeof(row.key), "line_flight_%u", chains[i]);
		snprintf(row.what, sizeof(row.what), "random line, read and written, %u at once", chains[i]);
		ns = table_measure(table, &row, walk_sample, walk, repeats);
		alone = i ? alone : ns;
		best = !i || ns < best ? ns : best;
	}
	table_add(table, &(struct table_row){ "line_cold",
					      "random line, as many at once as helps",
					      { .median = best, .low = best, .high = best } });
	table_note(table, "misses in flight: %.0f (one line alone %.0f ns, side by side %.1f ns)", alone / best, alone,
		   best);
}

// Memory on one node, read from a CPU of another. The kernel's own call, so that no library is needed.
static void remote(struct table *table, const struct topo *topo, size_t bytes, unsigned repeats)
{
	unsigned long nodes;
	unsigned other = 0;
	void *memory;

	while (other < topo->cpus && topo->cpu[other].node == topo->cpu[0].node)
		other++;
	if (other == topo->cpus || topo->cpu[other].node < 0 || topo->cpu[0].node < 0)
		return;
	nodes = 1ul << topo->cpu[other].node;
	if (syscall(SYS_set_mempolicy, 2 /* MPOL_BIND */, &nodes, sizeof(nodes) * 8)) {
		table_note(table, "remote memory: not measured, the kernel refuses to bind memory to a node");
		return;
	}
	memory = memory_make(bytes);
	syscall(SYS_set_mempolicy, 0 /* MPOL_DEFAULT */, NULL, 0);
	if (!memory)
		return;
	level_of(table, memory, bytes,
		 &(struct table_row){ .key = "load_remote", .what = "load, memory of another node" }, repeats);
	memory_free(memory, bytes);
}

static unsigned long known(unsigned long said, int name, unsigned long usual)
{
	long asked = said ? (long)said : sysconf(name);

	return asked > 0 ? (unsigned long)asked : usual;
}

int cost_load(struct table *table, const struct topo *topo, size_t lines_bytes, unsigned repeats)
{
	unsigned long l1 = known(0, _SC_LEVEL1_DCACHE_SIZE, 32ul << 10),
		      l2 = known(topo->cpu[0].l2_kib * 1024ul, _SC_LEVEL2_CACHE_SIZE, 512ul << 10),
		      l3 = known(topo->cpu[0].l3_kib * 1024ul, _SC_LEVEL3_CACHE_SIZE, 16ul << 20);
	size_t spare = memory_spare(), bytes = l3 * 8 < DRAM_MOST ? DRAM_MOST : l3 * 8;
	void *memory = memory_make(bytes = bytes < spare ? bytes : spare);
	struct walk walk;

	if (!memory)
		return -ENOMEM;
	if (topo->hidden)
		table_note(table, "the machine hides its caches: their sizes are asked of the processor or assumed, "
				  "and CPUs are not told apart");
	if (bytes < l3 * 4)
		table_note(table, "little memory to spare: part of what counts as DRAM is in the last cache");
	level_of(table, memory, l1 / 2, &(struct table_row){ .key = "load_l1", .what = "load, first cache" }, repeats);
	level_of(table, memory, l2 / 2, &(struct table_row){ .key = "load_l2", .what = "load, second cache" }, repeats);
	level_of(table, memory, l3 / 8 > l2 * 4 ? l3 / 8 : l2 * 4,
		 &(struct table_row){ .key = "load_l3", .what = "load, last cache" }, repeats);
	walk_lay(&walk, memory, bytes);
	level(table, &walk, &(struct table_row){ .key = "load_dram", .what = "load, memory" }, repeats);
	walk_lay(&walk, memory, lines_bytes < bytes ? lines_bytes : bytes);
	in_flight(table, &walk, repeats);
	remote(table, topo, bytes, repeats);
	memory_free(memory, bytes);
	return 0;
}
