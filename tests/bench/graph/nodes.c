// nodes.c - the nodes, and the graph that runs to completion on one core.
#include "tests/bench/graph/nodes.h"
#include <stdlib.h>
#include <string.h>
#include "workers/pipe/pipe_parts.h"

enum { FIND_UP, FIND_DOWN, FIND_LONG, FIND_EDGES }; // of find

typedef void burst_step(struct pipe *pipe, struct lane_handle *handles, const struct pipe_list *list, uint64_t now);

static struct nodes *nodes_of(const struct rte_node *node)
{
	struct nodes *nodes;

	memcpy(&nodes, node->ctx, sizeof(nodes));
	return nodes;
}

// Bursts begin where the array's 32nd, 64th... handles lie.
static unsigned place_of(const struct form *form, const struct lane_handle *handle)
{
	return (unsigned)(handle - form->handles) / LANE_BURST * LANE_BURST;
}

static struct pipe_sorted *sorted_at(const struct nodes *nodes, unsigned place)
{
	return &nodes->sorted[place / LANE_BURST & (nodes->bursts - 1)];
}

static uint16_t in_process(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t count)
{
	struct nodes *nodes = nodes_of(node);
	struct form *form = nodes->form;
	struct lane_handle *handles = form->handles + form->fed;
	uint16_t n = (uint16_t)nodes->count;
	void **stream;

	if (!n)
		return 0;
	nodes->count = 0; // every walk begins here, whether there is a burst or not
	pipe_sort(form->pipe, handles, n, sorted_at(nodes, form->fed));
	stream = rte_node_next_stream_get(graph, node, 0, n);
	for (unsigned i = 0; i < n; i++)
		stream[i] = &handles[i];
	rte_node_next_stream_put(graph, node, 0, n);
	form->fed += n;
	return n;
}

static uint16_t find_process(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t count)
{
	struct nodes *nodes = nodes_of(node);
	struct form *form = nodes->form;
	struct lane_handle *handles = objs[0];
	struct pipe_sorted *sorted = sorted_at(nodes, place_of(form, handles));
	const uint32_t *way = sorted->way;

	pipe_find(form->pipe, handles, sorted);
	for (unsigned i = 0; i < count; i++) {
		bool up = way[LINE_UPLINK] >> i & 1, down = way[LINE_DOWNLINK] >> i & 1;

		rte_node_enqueue_x1(graph, node, up ? FIND_UP : down ? FIND_DOWN : FIND_LONG, objs[i]);
	}
	return count;
}

// The stream has packets of one burst after the other, each whole.
static inline uint16_t step_all(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t count,
				unsigned way)
{
	burst_step *step = way == LINE_UPLINK ? pipe_uplinks : pipe_downlinks;
	const struct nodes *nodes = nodes_of(node);
	const struct form *form = nodes->form;
	uint64_t now = form_now(form);
	unsigned done = UINT32_MAX;

	for (uint16_t i = 0; i < count; i++) {
		unsigned place = place_of(form, objs[i]);

		if (place != done)
			step(form->pipe, form->handles + place, &sorted_at(nodes, place)->list[way], now);
		done = place;
	}
	rte_node_next_stream_move(graph, node, 0);
	return count;
}

static uint16_t up_process(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t count)
{
	return step_all(graph, node, objs, count, LINE_UPLINK);
}

static uint16_t down_process(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t count)
{
	return step_all(graph, node, objs, count, LINE_DOWNLINK);
}

static uint16_t long_process(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t count)
{
	const struct form *form = nodes_of(node)->form;
	uint64_t now = form_now(form);

	for (uint16_t i = 0; i < count; i++)
		pipe_long(form->pipe, objs[i], now);
	rte_node_next_stream_move(graph, node, 0);
	return count;
}

static uint16_t out_process(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t count)
{
	struct nodes *nodes = nodes_of(node);
	const struct form *form = nodes->form;
	uint64_t now = form->out ? clock_ticks() : 0;

	for (uint16_t i = 0; form->out && i < count; i++)
		form->out[(struct lane_handle *)objs[i] - form->handles] = now;
	nodes->counted += count;
	ring_publish(&nodes->back, nodes->counted);
	return count;
}

// clang-format off
static struct rte_node_register in_node = {
	.name = "shoal_in", .flags = RTE_NODE_SOURCE_F, .process = in_process, .nb_edges = 1, .next_nodes = { "shoal_find" },
};
static struct rte_node_register find_node = {
	.name = "shoal_find", .process = find_process, .nb_edges = FIND_EDGES,
	.next_nodes = { [FIND_UP] = "shoal_up", [FIND_DOWN] = "shoal_down", [FIND_LONG] = "shoal_long" },
};
static struct rte_node_register up_node = {
	.name = "shoal_up", .process = up_process, .nb_edges = 1, .next_nodes = { "shoal_out" },
};
static struct rte_node_register down_node = {
	.name = "shoal_down", .process = down_process, .nb_edges = 1, .next_nodes = { "shoal_out" },
};
static struct rte_node_register long_node = {
	.name = "shoal_long", .process = long_process, .nb_edges = 1, .next_nodes = { "shoal_out" },
};
static struct rte_node_register out_node = { .name = "shoal_out", .process = out_process };
// clang-format on
RTE_NODE_REGISTER(in_node)
RTE_NODE_REGISTER(find_node)
RTE_NODE_REGISTER(up_node)
RTE_NODE_REGISTER(down_node)
RTE_NODE_REGISTER(long_node)
RTE_NODE_REGISTER(out_node)

struct nodes *nodes_make(struct form *form, unsigned bursts)
{
	struct nodes *nodes = aligned_alloc(64, sizeof(*nodes));

	if (!nodes)
		return NULL;
	memset(nodes, 0, sizeof(*nodes));
	nodes->form = form;
	nodes->bursts = bursts;
	nodes->sorted = aligned_alloc(_Alignof(struct pipe_sorted), bursts * sizeof(*nodes->sorted));
	return nodes->sorted ? nodes : NULL;
}

void nodes_join(struct nodes *nodes, struct rte_graph *graph)
{
	struct rte_node *node;
	rte_graph_off_t off;
	rte_node_t count;

	rte_graph_foreach_node(count, off, graph, node) memcpy(node->ctx, &nodes, sizeof(nodes));
}

static int graph_open(struct form *form)
{
	static unsigned graphs;
	const char *patterns[] = { NODES_PATTERN };
	struct rte_graph_param param = { .socket_id = SOCKET_ID_ANY, .nb_node_patterns = 1, .node_patterns = patterns };
	struct nodes *nodes = nodes_make(form, 1);
	char name[32];

	snprintf(name, sizeof(name), "fused_%u", graphs++);
	if (!nodes || rte_graph_create(name, &param) == RTE_GRAPH_ID_INVALID)
		return -1;
	form->own = nodes;
	nodes->graph = rte_graph_lookup(name);
	nodes_join(nodes, nodes->graph);
	return 0;
}

static void graph_begin(struct form *form)
{
}

__attribute__((noinline)) static void graph_feed(struct form *form, unsigned n)
{
	struct nodes *nodes = form->own;

	nodes->count = n;
	nodes_walk(nodes);
}

static unsigned graph_done(const struct form *form)
{
	return form->fed;
}

const struct form_kind form_graph = { "graph",    false,      graph_open,  graph_begin,
				      graph_feed, graph_done, graph_begin, graph_begin };
