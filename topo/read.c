// read.c - what the kernel says of processors, caches, nodes and PCI devices, or a record of it, through hwloc. No state.
#include <errno.h>
#include <hwloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topo/topo.h"

#define PCI_NETWORK 0x02u // base class
#define TRY_SECONDS 10u

// The lowest processor of the thing of this type that the processor is in; `alone` where there is none.
static int lowest_in(hwloc_topology_t machine, hwloc_obj_t pu, hwloc_obj_type_t type, int alone)
{
	hwloc_obj_t unit = hwloc_get_ancestor_obj_by_type(machine, type, pu);

	return unit ? hwloc_bitmap_first(unit->cpuset) : alone;
}

static uint32_t cache_kib(hwloc_topology_t machine, hwloc_obj_t pu, hwloc_obj_type_t type)
{
	hwloc_obj_t cache = hwloc_get_ancestor_obj_by_type(machine, type, pu);
	uint64_t kib = cache ? cache->attr->cache.size >> 10 : 0;

	if (!cache)
		return 0;
	return kib && kib < UINT32_MAX ? (uint32_t)kib : 1; // shown, and no size with it
}

// The lowest processor of its node.
static int lowest_on_node(hwloc_topology_t machine, int node, int alone)
{
	hwloc_obj_t memory = hwloc_get_numanode_obj_by_os_index(machine, (unsigned)node);

	return memory && memory->cpuset && !hwloc_bitmap_iszero(memory->cpuset) ? hwloc_bitmap_first(memory->cpuset)
										: alone;
}

static void take_cpu(struct topo *topo, hwloc_topology_t machine, hwloc_obj_t pu)
{
	struct topo_cpu *cpu = &topo->cpu[topo->cpus++];

	cpu->cpu = (int)pu->os_index;
	cpu->node = hwloc_bitmap_first(pu->nodeset);
	cpu->core = lowest_in(machine, pu, HWLOC_OBJ_CORE, cpu->cpu);
	cpu->l2_kib = cache_kib(machine, pu, HWLOC_OBJ_L2CACHE);
	cpu->l3_kib = cache_kib(machine, pu, HWLOC_OBJ_L3CACHE);
	cpu->l2 = lowest_in(machine, pu, HWLOC_OBJ_L2CACHE, cpu->core);
	cpu->group = lowest_in(machine, pu, HWLOC_OBJ_L3CACHE, lowest_on_node(machine, cpu->node, cpu->l2));
	topo->hidden = topo->hidden || !cpu->l2_kib;
}

static int take_cpus(struct topo *topo, hwloc_topology_t machine)
{
	int first = hwloc_bitmap_first(hwloc_topology_get_topology_cpuset(machine));

	for (int cpu = first; cpu >= 0; cpu = hwloc_bitmap_next(hwloc_topology_get_topology_cpuset(machine), cpu)) {
		hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(machine, (unsigned)cpu);

		if (topo->cpus == TOPO_CPUS || cpu >= (int)TOPO_CPUS)
			return -E2BIG;
		if (pu)
			take_cpu(topo, machine, pu);
	}
	return topo->cpus ? 0 : -EINVAL;
}

// A device that hangs at the whole machine is local to every node, or the kernel does not know.
static int node_of(hwloc_topology_t machine, hwloc_obj_t device)
{
	hwloc_obj_t near = hwloc_get_non_io_ancestor_obj(machine, device);

	return near && hwloc_bitmap_weight(near->nodeset) == 1 ? hwloc_bitmap_first(near->nodeset) : TOPO_NONE;
}

static void take_nic(struct topo *topo, hwloc_topology_t machine, hwloc_obj_t pci, const char *name)
{
	const struct hwloc_pcidev_attr_s *at = &pci->attr->pcidev;
	struct topo_nic *nic;

	if (topo->nics == TOPO_NICS)
		return;
	nic = &topo->nic[topo->nics++];
	snprintf(nic->name, sizeof(nic->name), "%s", name);
	snprintf(nic->address, sizeof(nic->address), "%04x:%02x:%02x.%01x", at->domain & 0xffffu, at->bus, at->dev,
		 at->func & 7u);
	nic->node = node_of(machine, pci);
}

// One device may have several interfaces, or none.
static void take_device(struct topo *topo, hwloc_topology_t machine, hwloc_obj_t pci)
{
	unsigned before = topo->nics;

	if (pci->attr->pcidev.class_id >> 8 != PCI_NETWORK)
		return;
	for (hwloc_obj_t part = pci->io_first_child; part; part = part->next_sibling)
		if (part->type == HWLOC_OBJ_OS_DEVICE && part->name &&
		    part->attr->osdev.type == HWLOC_OBJ_OSDEV_NETWORK)
			take_nic(topo, machine, pci, part->name);
	if (topo->nics == before)
		take_nic(topo, machine, pci, "");
}

static int take(struct topo *topo, hwloc_topology_t machine)
{
	int error = take_cpus(topo, machine);

	for (hwloc_obj_t pci = NULL; !error && (pci = hwloc_get_next_pcidev(machine, pci));)
		take_device(topo, machine, pci);
	return error;
}

// Without x86: it would run on every processor in turn to ask it, and we ask the kernel.
static int load(hwloc_topology_t machine, const char *xml)
{
	if (xml && access(xml, R_OK))
		return -errno;
	if (xml && hwloc_topology_set_xml(machine, xml))
		return -EINVAL;
	hwloc_topology_set_components(machine, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
	hwloc_topology_set_type_filter(machine, HWLOC_OBJ_PCI_DEVICE, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
	hwloc_topology_set_type_filter(machine, HWLOC_OBJ_OS_DEVICE, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
	return hwloc_topology_load(machine) ? -EINVAL : 0;
}

static int read_now(struct topo *topo, const char *xml)
{
	hwloc_topology_t machine;
	int error;

	memset(topo, 0, sizeof(*topo));
	if (hwloc_topology_init(&machine))
		return -ENOMEM;
	error = load(machine, xml);
	if (!error)
		error = take(topo, machine);
	hwloc_topology_destroy(machine);
	return error;
}

// In the child: dies of whatever it dies of, without a word and without a core.
static noreturn void try_here(struct topo *topo, const char *xml)
{
	static const int deaths[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	static const struct rlimit no_core = { 0, 0 };

	for (unsigned i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++)
		signal(deaths[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &no_core);
	alarm(TRY_SECONDS);
	close(STDERR_FILENO);
	_exit(-read_now(topo, xml));
}

// hwloc believes what a record says, and falls over one that lacks what it counts on: so a child tries it first.
static int try_record(struct topo *topo, const char *xml)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (!child)
		try_here(topo, xml);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINVAL;
}

int topo_read(struct topo *topo, const char *xml)
{
	int error = xml ? try_record(topo, xml) : 0;

	return error ? error : read_now(topo, xml);
}
