// topo_draw.h - a machine as people and programs see it, and who would run where. One thread.
#pragma once
#include <jansson.h>
#include "topo/placement.h"

// A box an L2 boundary, a frame an L3 cache or NUMA node, on stdout.
void topo_draw(const struct topo *topo, const struct placement *placement);

// A line for each loop that is pinned: its core, L2, L3 and node.
void topo_draw_stages(const struct topo *topo, const struct placement *placement);

// The processors of a unit (topo.h): "0,16", "0-3,8".
struct topo_list {
	char text[96];
};
struct topo_list topo_list(const struct topo *topo, size_t unit, int id);

// The machine as an object, which the caller owns; and the stages as an array of objects. (topo_json.c)
json_t *topo_json(const struct topo *topo);
json_t *topo_json_stages(const struct topo *topo, const struct placement *placement);
json_t *topo_json_cpus(const struct topo *topo, size_t unit, int id);
