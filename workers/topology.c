// topology.c - reads cache topology and spreads workers over it. No state.
#include "workers/topology.h"
#include <stdio.h>

// First number in a file, or -1.
static int number_in(const char *path)
{
	FILE *file = fopen(path, "re");
	int number = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

// shared_cpu_list rises, so its first number names the cache.
static int l2_of(const char *root, int cpu)
{
	char path[512];

	for (unsigned index = 0; index < 8; index++) {
		int level, first;

		snprintf(path, sizeof(path), "%s/cpu%d/cache/index%u/level", root, cpu, index);
		level = number_in(path);
		if (level != 2)
			continue;
		snprintf(path, sizeof(path), "%s/cpu%d/cache/index%u/shared_cpu_list", root, cpu, index);
		first = number_in(path);
		return first >= 0 ? first : cpu;
	}
	return cpu;
}

void topology_read(struct topology *topology, const char *root, const cpu_set_t *allowed)
{
	topology->count = 0;
	for (int cpu = 0; cpu < CPU_SETSIZE && topology->count < TOPOLOGY_CPUS; cpu++) {
		if (!CPU_ISSET(cpu, allowed))
			continue;
		topology->cpu[topology->count].cpu = cpu;
		topology->cpu[topology->count].l2 = l2_of(root, cpu);
		topology->count++;
	}
}

// Whether entry i is the first of its cache.
static int leads(const struct topology *topology, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (topology->cpu[k].l2 == topology->cpu[i].l2)
			return 0;
	return 1;
}

static int l2_of_primary(const struct topology *topology, int primary_cpu)
{
	for (unsigned i = 0; i < topology->count; i++)
		if (topology->cpu[i].cpu == primary_cpu || primary_cpu < 0)
			return topology->cpu[i].l2;
	return -1;
}

int topology_place(const struct topology *topology, int primary_cpu, unsigned worker, unsigned workers)
{
	int taken = l2_of_primary(topology, primary_cpu);
	unsigned caches = 0;
	int place = -1;

	for (unsigned i = 0; i < topology->count; i++) {
		if (!leads(topology, i))
			continue;
		if (topology->cpu[i].l2 == taken)
			continue;
		if (caches == worker)
			place = topology->cpu[i].cpu;
		caches++;
	}
	return worker < workers && caches > workers ? place : -1;
}
