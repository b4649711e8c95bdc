// cost_path.h - the pipelines as they are shipped, measured and taken stock of: time, and what the prediction is made from.
#pragma once
#include <stdbool.h>
#include "cost/cost_line.h"
#include "cost/predict.h"
#include "cost/stats.h"
#include "cost/world.h"

// up, down: workers/pipe/pipe.c for random sessions. lane: a handle to a worker and back, seen from the primary, the worker's loop
// doing nothing with it. primary: the same with steering by header in front.
enum path_name { PATH_UP, PATH_DOWN, PATH_LANE, PATH_PRIMARY, PATHS };
extern const char *const path_names[PATHS];

struct path {
	struct predict_recipe recipe; // no instructions: they could not be counted
	struct stats ns;              // measured; count 0: could not be
	struct stats handle_ns;       // PATH_LANE: an instruction of its code, both sides on one CPU; count 0: unknown
	double predicted_ns;
};

// PATH_UP or PATH_DOWN. The world's sessions are set and policed.
void path_pipe(struct path *path, struct world *world, enum path_name name, unsigned repeats);

// PATH_LANE or PATH_PRIMARY, between the two CPUs of `pair`; without one only instructions are counted.
void path_lane(struct path *path, struct world *world, enum path_name name, const struct line_pair *pair);
