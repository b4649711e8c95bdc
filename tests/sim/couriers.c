// couriers.c - couriers as processes that begin, work and die. State: struct sim, and the couriers' own memory here.
#include <stdlib.h>
#include <string.h>
#include "tests/sim/sim.h"
#include "workers/courier/courier_parts.h"

static struct kit kits[PLANE_NESTS];
static struct courier couriers[PLANE_NESTS];

void courier_begin(struct sim *sim, unsigned nest)
{
	struct kit *kit = &kits[nest];

	*kit = (struct kit){ .view = sim->view, .nest = nest, .primary_pidfd = -1 };
	memset(kit->bell, 0xff, sizeof(kit->bell));
	if (courier_open(&couriers[nest], kit, "sim"))
		abort();
	sim->courier_up[nest] = true;
}

static void courier_turn_once(struct sim *sim, unsigned nest)
{
	courier_turn(&couriers[nest]);
}

void courier_work(struct sim *sim, unsigned nest)
{
	if (!sim_do(sim, courier_turn_once, nest))
		courier_kill(sim, nest);
}

void courier_kill(struct sim *sim, unsigned nest)
{
	sim->kills[1]++;
	sim->courier_up[nest] = false;
	net_dead(nest, NET_COURIER);
}
