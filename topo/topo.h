// topo.h - a machine's processors: which of them share a core, an L2 and an L3 cache, a NUMA node; and where its NICs are.
//
// A core, an L2 boundary and a group are named by the lowest processor in them. A group is what shares an L3 cache, or, where the
// kernel shows none, a NUMA node: handing a line over inside it costs tens of cycles, out of it hundreds. Read once at start and
// owned by the caller; read-only afterwards.
#pragma once
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOPO_CPUS 1024u
#define TOPO_NICS 64u
#define TOPO_NONE (-1)

struct topo_cpu {
	int cpu, core, l2, group;
	int node;
	uint32_t l2_kib, l3_kib; // 0: the kernel shows no such cache
};

struct topo_nic {
	char name[32];    // of the kernel's interface; empty: it has none, as when vfio-pci has the device
	char address[16]; // PCI: "0000:3b:00.0"
	int node;         // TOPO_NONE: the kernel does not know
};

struct topo {
	unsigned cpus, nics;
	bool hidden; // a virtual machine that shows no L2 cache: each core counts as a boundary, and no rule is a rule
	struct topo_cpu cpu[TOPO_CPUS]; // in rising order
	struct topo_nic nic[TOPO_NICS];
};

// Reads this machine, or one recorded as hwloc's XML (`lstopo machine.xml`) if the file is given. 0, or -errno: -ENOENT, -EINVAL
// where it is no such record, -E2BIG for more processors than TOPO_CPUS. Allocates, and forks for a record; at start only. (read.c)
int topo_read(struct topo *topo, const char *xml);

// Forgets processors that we must not run on.
void topo_keep(struct topo *topo, const cpu_set_t *allowed);

const struct topo_cpu *topo_find(const struct topo *topo, int cpu); // null: there is none
bool topo_leads(const struct topo *topo, unsigned i,
		size_t unit); // is entry i the first with its core, l2, group or node?

// The NIC with this PCI address or interface, or TOPO_NONE. A device bound to a port as "3b:00.0" is found too.
int topo_nic(const struct topo *topo, const char *device);

#define TOPO_UNIT(member) offsetof(struct topo_cpu, member) // for topo_leads and topo_same
static inline int topo_unit(const struct topo_cpu *cpu, size_t unit)
{
	return *(const int *)((const char *)cpu + unit);
}
