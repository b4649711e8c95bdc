// placement.h - who is pinned to which processor: as a configuration says it, or as this machine would have it best.
//
// Pure; the caller owns what it gets.
#pragma once
#include "shared/base/conf.h"
#include "topo/topo.h"

#define PLACEMENT_WORKERS (sizeof((struct conf *)0)->worker_cpu / sizeof(int))
#define PLACEMENT_PORTS (sizeof((struct conf *)0)->port / sizeof(struct conf_port))

struct placement {
	int primary; // TOPO_NONE: floats; so does whoever follows
	unsigned workers;
	int worker[PLACEMENT_WORKERS];
	int slow;
	int house; // core for everything that is no packet loop: controller, courier, nursery, the primary's other threads
	int node; // the primary's, or where it floats that of its NICs; TOPO_NONE: not known
	unsigned ports;
	struct placement_port {
		const char *name; // the configuration's
		int nic;          // of the machine; TOPO_NONE: not found there, or no device at all
	} port[PLACEMENT_PORTS];
};

// As the configuration says it; it must outlive the placement. Of a machine that could not be read, topo has no processors.
void placement_of(struct placement *placement, const struct conf *conf, const struct topo *topo);

// What is pinned, as one list in this order, for rules and drawings.
enum placement_role { PLACEMENT_PRIMARY, PLACEMENT_WORKER, PLACEMENT_SLOW };
struct placement_stage {
	enum placement_role role;
	int cpu;
	char name[16]; // "primary", "worker 3", "slow lane"
};
#define PLACEMENT_STAGES (PLACEMENT_WORKERS + 2)
unsigned placement_stages(const struct placement *placement, struct placement_stage stages[PLACEMENT_STAGES]);

// The node that most of its ports' NICs are on, or, of a placement without ports, most of the machine's. TOPO_NONE: not known.
int placement_node(const struct placement *placement, const struct topo *topo);

// Fills in the best places for `workers` workers, and the primary's if that floats. The ports must be there. Sets workers to how many
// have found a place: an L2 boundary of their own in one group with the primary, and a core left over for the rest. (plan.c)
void placement_plan(struct placement *placement, const struct topo *topo, unsigned workers);
