// cost_load.h - how long a load takes from each level of the memory, and how many of them a core has under way at once.
#pragma once
#include <stddef.h>
#include "cost/reach.h"
#include "cost/table.h"

// Rows load_l1, load_l2, load_l3, load_dram; load_remote where there are two memories; line_flight_N: a random line out of
// `lines_bytes` of them, read and written, N under way at once; line_cold: the cheapest of these. `repeats` of each. -ENOMEM.
int cost_load(struct table *table, const struct topo *topo, size_t lines_bytes, unsigned repeats);
