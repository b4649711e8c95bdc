// predict.h - what a packet should cost on a machine of which we know a few figures, and whether that fits.
//
//   cost = instructions x the time of one, as measured on code of the same kind
//        + lines nobody has in his cache x the time of one when many are under way; the first of a burst is waited for alone
//        + hops of a handle through a ring to another core x the time of one in a stream, beyond its instructions
//
// The three are added: that lines come while others are worked on makes the truth smaller. Pure functions.
#pragma once
#include <stdbool.h>

#define PREDICT_GOAL 0.25 // a prediction further off is said to be so

struct predict_machine {
	double instruction_ns;
	double line_ns;  // cold, many under way
	double first_ns; // cold, alone
	double hop_ns;   // burst 32, without what its instructions take
};

struct predict_recipe {
	double instructions, cold_lines, hops; // a packet
};

double predict_ns(const struct predict_machine *machine, const struct predict_recipe *recipe);

// How far off, as a share of what was measured: -0.2 = predicted a fifth too little. 0 where nothing was measured.
double predict_error(double predicted, double measured);

// What the pipelines that share some cores cost together, against what the cores may spend.
struct predict_plan {
	double cost_ns, budget_ns;
};
bool predict_fits(const struct predict_plan *plan);
