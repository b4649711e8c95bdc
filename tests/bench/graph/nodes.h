// nodes.h - the packet path as nodes of librte_graph, for whichever model walks them.
//
//   in -> find -> up, down, long -> out      in: takes a burst and sorts it; find: its lines; up, down, long: the rest of the way
//
// What runs along the edges are pointers to handles; what the steps know of a burst (workers/pipe/pipe_steps.h) waits beside. The
// graph's own statistics, two clock reads a node, are compiled out: the other forms count nothing either.
#pragma once
#define ALLOW_EXPERIMENTAL_API // the graph library was that in 22.11
#include <rte_config.h>
#undef RTE_LIBRTE_GRAPH_STATS
#include <rte_graph.h>
#include <rte_graph_worker.h>
#include <rte_version.h>

#include "shared/plane/ring.h"
#include "tests/bench/graph/forms.h"
#include "workers/pipe/pipe_steps.h"

// What the nodes of one form know; each has a pointer to it in its context.
struct nodes {
	struct form *form;
	struct rte_graph *graph;
	unsigned bursts;               // that may be on their way, a power of two
	unsigned count;                // handles that `in` shall take on the next walk
	struct pipe_sorted *sorted;    // of each burst on its way
	_Alignas(64) unsigned counted; // by `out`, on its core
	struct ring_index back;        // the same, told
};

#define NODES_PATTERN "shoal_*"

// To completion, on one core. Where there are other models, the library sets one for all graphs there are: so it is named here.
static inline void nodes_walk(struct nodes *nodes)
{
#ifdef FORMS_DISPATCH
	rte_graph_walk_rtc(nodes->graph);
#else
	rte_graph_walk(nodes->graph);
#endif
}

// Null: no memory.
struct nodes *nodes_make(struct form *form, unsigned bursts);

// Tells every node of the graph whose it is.
void nodes_join(struct nodes *nodes, struct rte_graph *graph);
