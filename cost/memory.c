// memory.c - anonymous memory, and what the kernel says about it. No state.
#include "cost/memory.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE (2ul << 20)
#define SMALL 4096u // least page

static size_t whole(size_t bytes)
{
	return (bytes + LARGE - 1) / LARGE * LARGE;
}

// Private memory can be in transparent large pages, shared memory mostly not; who forks only reads or works on a copy.
void *memory_make(size_t bytes)
{
	size_t wanted = whole(bytes), all = wanted + LARGE;
	char *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t front;

	if (memory == MAP_FAILED)
		return NULL;
	front = -(size_t)memory & (LARGE - 1);
	if (front)
		munmap(memory, front);
	if (all - front - wanted)
		munmap(memory + front + wanted, all - front - wanted);
	memory += front;
	madvise(memory, wanted, MADV_HUGEPAGE); // a wish
	for (size_t i = 0; i < wanted; i += SMALL)
		((volatile char *)memory)[i] = 0; // the kernel has zeroed it
	return memory;
}

void memory_free(void *memory, size_t bytes)
{
	if (memory)
		munmap(memory, whole(bytes));
}

// A figure in kB out of one of the kernel's lists; 0 if it is not there.
static unsigned long figure(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	unsigned long found = 0;
	char line[256];

	if (!file)
		return 0;
	while (!found && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), " %lu", &found);
	fclose(file);
	return found;
}

double memory_large_share(void)
{
	unsigned long all = figure("/proc/self/smaps_rollup", "Anonymous:"),
		      large = figure("/proc/self/smaps_rollup", "AnonHugePages:");

	return all ? (double)large / (double)all : 0;
}

size_t memory_spare(void)
{
	return figure("/proc/meminfo", "MemAvailable:") * 1024 / 4;
}
