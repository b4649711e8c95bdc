// predict.c - the model. Pure.
#include "cost/predict.h"
#include "shared/plane/limits.h"

double predict_ns(const struct predict_machine *machine, const struct predict_recipe *recipe)
{
	return recipe->instructions * machine->instruction_ns +
	       recipe->cold_lines * (machine->line_ns + machine->first_ns / LANE_BURST) +
	       recipe->hops * machine->hop_ns;
}

double predict_error(double predicted, double measured)
{
	return measured > 0 ? (predicted - measured) / measured : 0;
}

bool predict_fits(const struct predict_plan *plan)
{
	return plan->cost_ns <= plan->budget_ns;
}
