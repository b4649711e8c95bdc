// reach.c - compares two processors' places. Pure.
#include "cost/reach.h"

const char *const reach_names[REACHES] = {
	"same core", "same L2", "same L3", "same node", "two nodes", "caches hidden"
};
const char *const reach_keys[REACHES] = { "core", "l2", "l3", "node", "nodes", "hidden" };

enum reach reach_between(const struct topo *topo, const struct topo_cpu *a, const struct topo_cpu *b)
{
	if (a->core == b->core)
		return REACH_CORE;
	if (a->node != b->node)
		return REACH_REMOTE;
	if (topo->hidden)
		return REACH_HIDDEN;
	if (a->l2 == b->l2)
		return REACH_L2;
	return a->l3_kib && a->group == b->group ? REACH_L3 : REACH_NODE;
}

unsigned reach_nodes(const struct topo *topo)
{
	unsigned nodes = 0;

	for (unsigned i = 0; i < topo->cpus; i++)
		nodes += topo_leads(topo, i, TOPO_UNIT(node));
	return nodes;
}
