// plan.c - finds the best places on a machine. Pure.
//
// One chain, one group: the primary hands each packet to a worker and gets it back, so they share an L3 cache, on the node of the
// NICs. One worker an L2 boundary: its sessions' lines are all that cache has to hold. Where cores share an L2, the first worker
// sits beside the primary. The machine's first core stays with the rest of the system, whom the kernel's own work finds there.
#include "topo/placement.h"

struct plan {
	const struct topo *topo;
	int group;
	struct placement place;
};

// Whether a packet loop has this core already, or the rest of the system.
static bool core_taken(const struct plan *plan, int core)
{
	struct placement_stage stages[PLACEMENT_STAGES];
	unsigned count = placement_stages(&plan->place, stages);

	for (unsigned i = 0; i < count; i++) {
		const struct topo_cpu *cpu = topo_find(plan->topo, stages[i].cpu);

		if (cpu && cpu->core == core)
			return true;
	}
	return core == plan->place.house;
}

static bool l2_taken(const struct plan *plan, int l2)
{
	for (unsigned i = 0; i < plan->place.workers; i++)
		if (topo_find(plan->topo, plan->place.worker[i])->l2 == l2)
			return true;
	return false;
}

// The first free core in what `unit` calls `id`.
static const struct topo_cpu *core_in(const struct plan *plan, size_t unit, int id, bool lone_l2)
{
	for (unsigned i = 0; i < plan->topo->cpus; i++) {
		const struct topo_cpu *cpu = &plan->topo->cpu[i];

		if (topo_unit(cpu, unit) != id || !topo_leads(plan->topo, i, TOPO_UNIT(core)))
			continue;
		if (!core_taken(plan, cpu->core) && !(lone_l2 && l2_taken(plan, cpu->l2)))
			return cpu;
	}
	return NULL;
}

static bool primary_put(struct plan *plan)
{
	const struct topo_cpu *cpu;

	if (plan->place.primary >= 0)
		return true;
	cpu = core_in(plan, TOPO_UNIT(group), plan->group, false);
	plan->place.primary = cpu ? cpu->cpu : TOPO_NONE;
	return cpu;
}

static void workers_put(struct plan *plan, unsigned workers)
{
	const struct topo_cpu *primary = topo_find(plan->topo, plan->place.primary);

	while (plan->place.workers < workers) {
		const struct topo_cpu *cpu = core_in(plan, TOPO_UNIT(l2), primary->l2, true);

		if (!cpu)
			cpu = core_in(plan, TOPO_UNIT(group), plan->group, true);
		if (!cpu)
			return;
		plan->place.worker[plan->place.workers++] = cpu->cpu;
	}
}

// It serves few packets: what it shares with whom matters little, as long as its core is its own.
static void slow_put(struct plan *plan)
{
	const struct topo_cpu *primary = topo_find(plan->topo, plan->place.primary);
	const struct topo_cpu *cpu = core_in(plan, TOPO_UNIT(group), plan->group, true);

	if (!cpu)
		cpu = core_in(plan, TOPO_UNIT(group), plan->group, false);
	if (!cpu)
		cpu = core_in(plan, TOPO_UNIT(node), primary->node, false);
	if (plan->place.slow < 0 && cpu)
		plan->place.slow = cpu->cpu;
}

// The core that stays with the rest: the first one that the primary is not told to have.
static int house_of(const struct topo *topo, int primary)
{
	const struct topo_cpu *taken = topo_find(topo, primary);

	for (unsigned i = 0; i < topo->cpus; i++)
		if (!taken || topo->cpu[i].core != taken->core)
			return topo->cpu[i].core;
	return TOPO_NONE;
}

static unsigned plan_in(struct plan *plan, unsigned workers)
{
	const struct topo_cpu *slow;

	plan->place.workers = 0;
	if (!primary_put(plan))
		return 0;
	workers_put(plan, workers);
	slow_put(plan);
	slow = topo_find(plan->topo, plan->place.slow);
	return 1 + 2 * plan->place.workers + (slow && slow->group == plan->group);
}

// Is this group one that the primary may be in?
static bool group_fits(const struct placement *placement, const struct topo *topo, unsigned i, int node)
{
	const struct topo_cpu *primary = topo_find(topo, placement->primary);

	if (!topo_leads(topo, i, TOPO_UNIT(group)))
		return false;
	if (primary)
		return topo->cpu[i].group == primary->group;
	return node < 0 || topo->cpu[i].node == node;
}

void placement_plan(struct placement *placement, const struct topo *topo, unsigned workers)
{
	struct placement best = *placement;
	int node = placement_node(placement, topo);
	bool there = placement->primary < 0 || topo_find(topo, placement->primary);
	unsigned most = 0;

	best.workers = 0;
	for (unsigned i = 0; i < topo->cpus && there; i++) {
		struct plan plan = { topo, topo->cpu[i].group, *placement };
		unsigned worth;

		if (!group_fits(placement, topo, i, node))
			continue;
		plan.place.house = house_of(topo, placement->primary);
		worth = plan_in(&plan, workers);
		if (worth > most)
			best = plan.place;
		most = worth > most ? worth : most;
	}
	*placement = best;
}
