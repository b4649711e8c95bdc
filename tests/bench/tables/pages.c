// pages.c - anonymous memory, transparent huge pages by advice: no root, nothing reserved from others.
#include "tests/bench/tables/pages.h"
#include <rte_eal.h>
#include <rte_malloc.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((size_t)2 << 20)
#define SMALL 4096u
#define HEAP "tables"

static size_t taken;

static void fail(const char *what)
{
	fprintf(stderr, "bench-tables: %s\n", what);
	exit(1);
}

void *pages_take(size_t bytes)
{
	size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
	uint8_t *memory =
	    mmap(NULL, whole + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		fail("no memory");
	memory += -(uintptr_t)memory & (PAGE - 1);
	madvise(memory, whole, MADV_HUGEPAGE);
	for (size_t at = 0; at < whole; at += SMALL)
		((volatile uint8_t *)memory)[at] = 0;
	taken += whole;
	return memory;
}

double pages_huge(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	unsigned long long kib, huge = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "AnonHugePages: %llu kB", &kib) == 1)
			huge = kib << 10;
	if (file)
		fclose(file);
	return taken ? (double)huge / (double)taken : 0;
}

int pages_socket(size_t bytes)
{
	char *words[] = { "bench-tables", "--no-huge",      "-m",          "64",
			  "--no-pci",     "--no-telemetry", "--no-shconf", "--log-level=error" };
	size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
	cpu_set_t before;

	sched_getaffinity(0, sizeof(before), &before);
	if (rte_eal_init((int)(sizeof(words) / sizeof(*words)), words) < 0 || rte_malloc_heap_create(HEAP))
		fail("no EAL");
	sched_setaffinity(0, sizeof(before), &before);
	if (rte_malloc_heap_memory_add(HEAP, pages_take(whole), whole, NULL, 0, PAGE))
		fail("no heap for rte_hash");
	return rte_malloc_heap_get_socket(HEAP);
}
