// cost_line.h - how long a line takes from one CPU's cache to another's, for every pair.
#pragma once
#include "cost/reach.h"
#include "cost/table.h"

#define LINE_PAIRS_MAX 4096u

struct line_pair {
	int a, b;
	enum reach reach;
	double ns; // one way
};

struct line_pairs {
	unsigned count;
	struct line_pair pair[LINE_PAIRS_MAX];
};

// Fills `pairs`, and adds a row for each reach there is: line_core, line_l2, .... Takes at most about
// four seconds: on hosts of very many CPUs not every pair is measured, and a note says so.
void cost_line(struct table *table, const struct topo *topo, struct line_pairs *pairs);

// Of the pairs of this reach: the one that stands at `place` (0 = fastest, 1 = slowest), or in the middle; null if there is none.
const struct line_pair *line_place(const struct line_pairs *pairs, enum reach reach, double place);
const struct line_pair *line_typical(const struct line_pairs *pairs, enum reach reach);
