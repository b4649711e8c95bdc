// dispatch.c - the graph over two cores by the library's own dispatch model (DPDK 23.11 and later): in and find on the
// first, the rest on the second. Each core walks its own clone; what belongs to the other is sent over a ring of the library's.
#include "tests/bench/graph/nodes.h"
#include <rte_launch.h>
#include <rte_lcore.h>
#include <stdlib.h>

#define WINDOW (LANE_SLOTS / LANE_BURST) // bursts

struct dispatch {
	struct nodes *nodes;
	struct rte_graph *second;
	struct ring_index stop;
};

static const char *const first_nodes[] = { "shoal_in", "shoal_find", NULL };
static const char *const second_nodes[] = { "shoal_up", "shoal_down", "shoal_long", "shoal_out", NULL };

static int bind_nodes(const char *const *names, unsigned lcore)
{
	for (unsigned i = 0; names[i]; i++)
		if (rte_graph_model_mcore_dispatch_node_lcore_affinity_set(names[i], lcore))
			return -1;
	return 0;
}

static struct rte_graph *clone_for(rte_graph_t whole, const char *name, unsigned lcore)
{
	struct rte_graph_param param = { .dispatch = { .wq_size_max = 4 * WINDOW, .mp_capacity = 4 * WINDOW } };
	rte_graph_t id = rte_graph_clone(whole, name, &param);
	char *full;

	if (id == RTE_GRAPH_ID_INVALID || rte_graph_model_mcore_dispatch_core_bind(id, (int)lcore))
		return NULL;
	full = rte_graph_id_to_name(id);
	return full ? rte_graph_lookup(full) : NULL;
}

static int dispatch_open(struct form *form)
{
	static unsigned graphs;
	const char *patterns[] = { NODES_PATTERN };
	struct rte_graph_param param = { .socket_id = SOCKET_ID_ANY, .nb_node_patterns = 1, .node_patterns = patterns };
	struct dispatch *own = aligned_alloc(64, sizeof(*own));
	rte_graph_t whole;
	char name[32];

	if (!own || !form->lcore)
		return -1;
	form->own = own;
	own->nodes = nodes_make(form, WINDOW);
	snprintf(name, sizeof(name), "dispatch_%u", graphs++);
	if (!own->nodes || bind_nodes(first_nodes, rte_get_main_lcore()) || bind_nodes(second_nodes, form->lcore))
		return -1;
	whole = rte_graph_create(name, &param);
	if (whole == RTE_GRAPH_ID_INVALID || rte_graph_worker_model_set(RTE_GRAPH_MODEL_MCORE_DISPATCH))
		return -1;
	own->nodes->graph = clone_for(whole, "first", rte_get_main_lcore());
	own->second = clone_for(whole, "second", form->lcore);
	if (!own->nodes->graph || !own->second)
		return -1;
	nodes_join(own->nodes, own->nodes->graph);
	nodes_join(own->nodes, own->second);
	return 0;
}

static int dispatch_run(void *arg)
{
	const struct form *form = arg;
	struct dispatch *own = form->own;

	while (!ring_resume(&own->stop))
		rte_graph_walk_mcore_dispatch(own->second);
	return 0;
}

static void dispatch_begin(struct form *form)
{
	struct dispatch *own = form->own;

	own->nodes->counted = 0;
	ring_publish(&own->nodes->back, 0);
	ring_publish(&own->stop, 0);
	if (rte_eal_remote_launch(dispatch_run, form, form->lcore))
		abort();
}

static unsigned dispatch_done(const struct form *form)
{
	const struct dispatch *own = form->own;

	return ring_resume(&own->nodes->back);
}

// The window bounds what is on its way, so neither work queue nor its pool can run full.
__attribute__((noinline)) static void dispatch_feed(struct form *form, unsigned n)
{
	struct dispatch *own = form->own;

	while (form->fed + n - dispatch_done(form) > WINDOW * LANE_BURST)
		__builtin_ia32_pause();
	own->nodes->count = n;
	rte_graph_walk_mcore_dispatch(own->nodes->graph);
}

static void dispatch_wait(struct form *form)
{
	__builtin_ia32_pause();
}

static void dispatch_end(struct form *form)
{
	struct dispatch *own = form->own;

	while (dispatch_done(form) < form->fed)
		dispatch_wait(form);
	ring_publish(&own->stop, 1);
	rte_eal_wait_lcore(form->lcore);
}

const struct form_kind form_dispatch = { "dispatch",    true,          dispatch_open, dispatch_begin,
					 dispatch_feed, dispatch_done, dispatch_wait, dispatch_end };
