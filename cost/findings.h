// findings.h - what one run found out, as a table for people and as JSON for programs.
#pragma once
#include <stdio.h>
#include "cost/cost_line.h"
#include "cost/cost_path.h"
#include "cost/table.h"

// What is asked of the planner: these pipelines, together, on so many cores, for frames of this size at this rate.
struct plan_asked {
	bool path[PATHS];
	unsigned size, cores;
	double gbps;
};

struct findings {
	struct table table;
	struct topo topo;
	struct line_pairs pairs;
	struct path path[PATHS];
	unsigned sessions;
	double large_pages; // share of our memory
	bool planned;       // `asked` was asked
	struct plan_asked asked;
	struct predict_plan plan;
};

void findings_print(const struct findings *findings, FILE *file);
void findings_json(const struct findings *findings, FILE *file);
