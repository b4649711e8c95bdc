// topo.c - looks things up in what was read of a machine. Pure.
#include "topo/topo.h"
#include <string.h>

void topo_keep(struct topo *topo, const cpu_set_t *allowed)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < topo->cpus; i++)
		if (CPU_ISSET((unsigned)topo->cpu[i].cpu, allowed))
			topo->cpu[kept++] = topo->cpu[i];
	topo->cpus = kept;
}

const struct topo_cpu *topo_find(const struct topo *topo, int cpu)
{
	for (unsigned i = 0; i < topo->cpus; i++)
		if (topo->cpu[i].cpu == cpu)
			return &topo->cpu[i];
	return NULL;
}

bool topo_leads(const struct topo *topo, unsigned i, size_t unit)
{
	for (unsigned k = 0; k < i; k++)
		if (topo_unit(&topo->cpu[k], unit) == topo_unit(&topo->cpu[i], unit))
			return false;
	return true;
}

// The domain 0000 may be left out.
static bool same_address(const char *address, const char *device)
{
	return !strcmp(address, device) || (!strncmp(address, "0000:", 5) && !strcmp(address + 5, device));
}

int topo_nic(const struct topo *topo, const char *device)
{
	for (unsigned i = 0; i < topo->nics; i++)
		if ((*device && !strcmp(topo->nic[i].name, device)) || same_address(topo->nic[i].address, device))
			return (int)i;
	return TOPO_NONE;
}
