// predict.h - what a packet should cost on a machine of which we know a few figures, and whether that fits.
//
//   cost = instructions x the time of one, as measured on code of the same kind: headers' or handles'
//        + lines nobody has in his cache x the time of one when many are under way; the first of a burst is waited for alone
//        + lines that another core has: taken, given or awaited x the time of one such, beyond that of a line of one's own
//
// They are added, less half of the shorter of instructions and cold lines: those are called ahead and come while others are worked on, so the
// truth lies between all of the shorter one and nothing of it. Pure functions.
#pragma once
#include <stdbool.h>

#define PREDICT_GOAL 0.25 // a prediction further off is said to be so

struct predict_machine {
	double instruction_ns; // of header code
	double handle_ns;      // an instruction of a lane's code
	double line_ns;        // cold, many under way
	double first_ns;       // cold, alone
	double taken_ns;       // written by another core, read with others in a row
	double given_ns;       // read by another core, written with others in a row
	double awaited_ns;     // written by another core, waited for alone
};

// Of a packet.
struct predict_recipe {
	double instructions, handle_instructions;
	double cold_lines, taken_lines, given_lines, awaited_lines;
};

// Lines that move between cores.
double predict_moved(const struct predict_recipe *recipe);

double predict_ns(const struct predict_machine *machine, const struct predict_recipe *recipe);

// How far off, as a share of what was measured: -0.2 = predicted a fifth too little. 0 where nothing was measured.
double predict_error(double predicted, double measured);

// What the pipelines that share some cores cost together, against what the cores may spend.
struct predict_plan {
	double cost_ns, budget_ns;
};
bool predict_fits(const struct predict_plan *plan);
