// topology.h - which processors share an L2 cache, and where a worker sits best.
//
// Reads a sysfs tree from wherever it is told, so that recorded trees can be tested. No state; called before the loop starts.
#pragma once
#include <sched.h>

#define TOPOLOGY_CPUS 1024u
#define TOPOLOGY_ROOT "/sys/devices/system/cpu"

// Allowed processors in rising order; l2 is the lowest processor that shares the L2 cache.
struct topology {
	unsigned count;
	struct {
		int cpu, l2;
	} cpu[TOPOLOGY_CPUS];
};

// Reads <root>/cpu<n>/cache of the processors in `allowed`. One without cache information counts as alone.
void topology_read(struct topology *topology, const char *root, const cpu_set_t *allowed);

// The processor for fast worker `worker` of `workers`: one L2 cache each, none shared with the primary. -1 = float, where there
// are not enough caches: each worker, the primary, and the rest of the machine want one. primary_cpu -1 = it floats itself, and
// the first cache is left to it.
int topology_place(const struct topology *topology, int primary_cpu, unsigned worker, unsigned workers);
