// placement.c - places as the configuration says them. Pure.
#include "topo/placement.h"
#include <stdio.h>
#include <string.h>

void placement_of(struct placement *placement, const struct conf *conf, const struct topo *topo)
{
	const struct topo_cpu *primary;

	*placement = (struct placement){ .primary = conf->primary_cpu,
					 .workers = conf->worker_cpus,
					 .slow = conf->slow_cpu,
					 .house = TOPO_NONE,
					 .ports = conf->ports };
	memcpy(placement->worker, conf->worker_cpu, sizeof(placement->worker));
	for (unsigned i = 0; i < conf->ports; i++)
		placement->port[i] =
		    (struct placement_port){ conf->port[i].name, topo_nic(topo, conf->port[i].device) };
	primary = topo_find(topo, placement->primary);
	placement->node = primary ? primary->node : placement_node(placement, topo);
}

// One that floats is none.
static unsigned stage_add(struct placement_stage *stage, enum placement_role role, int cpu, unsigned number)
{
	static const char *const names[] = { "primary", "worker %u", "slow lane" };

	stage->role = role;
	stage->cpu = cpu;
	snprintf(stage->name, sizeof(stage->name), names[role], number);
	return cpu >= 0;
}

unsigned placement_stages(const struct placement *placement, struct placement_stage stages[PLACEMENT_STAGES])
{
	unsigned count = stage_add(&stages[0], PLACEMENT_PRIMARY, placement->primary, 0);

	for (unsigned i = 0; i < placement->workers; i++)
		count += stage_add(&stages[count], PLACEMENT_WORKER, placement->worker[i], i);
	return count + stage_add(&stages[count], PLACEMENT_SLOW, placement->slow, 0);
}

static unsigned nics_on(const struct placement *placement, const struct topo *topo, int node)
{
	unsigned count = 0;

	for (unsigned i = 0; i < placement->ports; i++)
		if (placement->port[i].nic >= 0)
			count += topo->nic[placement->port[i].nic].node == node;
	for (unsigned i = 0; i < topo->nics && !placement->ports; i++)
		count += topo->nic[i].node == node;
	return count;
}

int placement_node(const struct placement *placement, const struct topo *topo)
{
	unsigned most = 0;
	int best = TOPO_NONE;

	for (unsigned i = 0; i < topo->cpus; i++) {
		unsigned here = nics_on(placement, topo, topo->cpu[i].node);

		if (here > most)
			best = topo->cpu[i].node;
		most = here > most ? here : most;
	}
	return best;
}
