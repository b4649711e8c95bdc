// rule.c - holds a placement against a machine. Pure.
#include "topo/rule.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
#define R(NAME, name, says) #name,
	RULES(R)
#undef R
};
static const char *const sayings[] = {
#define R(NAME, name, says) says,
	RULES(R)
#undef R
};

const char *rule_name(enum rule rule)
{
	return names[rule];
}

const char *rule_says(enum rule rule)
{
	return sayings[rule];
}

struct court {
	const struct placement *placement;
	const struct topo *topo;
	struct placement_stage stage[PLACEMENT_STAGES];
	unsigned stages, breaks;
	rule_hear *hear;
	void *arg;
};

static void __attribute__((format(printf, 3, 4)))
tell(struct court *court, struct rule_break *broken, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(broken->why, sizeof(broken->why), format, arguments);
	va_end(arguments);
	court->breaks++;
	court->hear(court->arg, broken);
}

static void name_stage(char name[64], const struct placement_stage *stage)
{
	snprintf(name, 64, "%s (CPU %d)", stage->name, stage->cpu);
}

static void check_there(struct court *court, const struct placement_stage *stage)
{
	struct rule_break broken = { .rule = RULE_CPU };

	if (topo_find(court->topo, stage->cpu))
		return;
	name_stage(broken.first, stage);
	snprintf(broken.second, sizeof(broken.second), "this machine (%u CPUs)", court->topo->cpus);
	tell(court, &broken, "there is no such processor, or none that we may use");
}

static void check_pair(struct court *court, const struct placement_stage *a, const struct placement_stage *b)
{
	const struct topo_cpu *one = topo_find(court->topo, a->cpu), *other = topo_find(court->topo, b->cpu);
	struct rule_break broken;

	if (!one || !other)
		return;
	name_stage(broken.first, a);
	name_stage(broken.second, b);
	if (one->core == other->core) {
		broken.rule = RULE_CORE;
		tell(court, &broken, one == other ? "are on one processor" : "are on threads of one core");
	} else if (a->role == PLACEMENT_WORKER && b->role == PLACEMENT_WORKER && one->l2 == other->l2) {
		broken.rule = RULE_BOUNDARY;
		tell(court, &broken, "share an L2 cache");
	} else if (a->role == PLACEMENT_PRIMARY && b->role == PLACEMENT_WORKER && one->group != other->group) {
		broken.rule = RULE_CHAIN;
		tell(court, &broken, "hand packets over and share no %s", one->l3_kib ? "L3 cache" : "NUMA node");
	}
}

static void check_port(struct court *court, const struct placement_port *port)
{
	const struct topo_cpu *primary = topo_find(court->topo, court->placement->primary);
	const struct topo_nic *nic = port->nic < 0 ? NULL : &court->topo->nic[port->nic];
	struct rule_break broken = { .rule = RULE_NIC };

	if (!primary || !nic || nic->node < 0 || nic->node == primary->node)
		return;
	name_stage(broken.first, &court->stage[0]);
	snprintf(broken.second, sizeof(broken.second), "port %s (%s)", port->name, nic->address);
	tell(court, &broken, "are on nodes %d and %d", primary->node, nic->node);
}

unsigned rule_check(const struct placement *placement, const struct topo *topo, rule_hear *hear, void *arg)
{
	struct court court = { .placement = placement, .topo = topo, .hear = hear, .arg = arg };

	if (topo->hidden)
		return 0;
	court.stages = placement_stages(placement, court.stage);
	for (unsigned i = 0; i < court.stages; i++) {
		check_there(&court, &court.stage[i]);
		for (unsigned k = 0; k < i; k++)
			check_pair(&court, &court.stage[k], &court.stage[i]);
	}
	for (unsigned i = 0; i < placement->ports; i++)
		check_port(&court, &placement->port[i]);
	return court.breaks;
}
