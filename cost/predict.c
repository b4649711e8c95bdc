// predict.c - the model. Pure.
#include "cost/predict.h"
#include "shared/plane/limits.h"

double predict_ns(const struct predict_machine *machine, const struct predict_recipe *recipe)
{
	double work = recipe->instructions * machine->instruction_ns, cold = recipe->cold_lines * machine->line_ns;
	double most_hidden = work < cold ? work : cold;

	return work + recipe->handle_instructions * machine->handle_ns + cold - most_hidden / 2 +
	       recipe->cold_lines * machine->first_ns / LANE_BURST + recipe->taken_lines * machine->taken_ns +
	       recipe->given_lines * machine->given_ns + recipe->awaited_lines * machine->awaited_ns;
}

double predict_moved(const struct predict_recipe *recipe)
{
	return recipe->taken_lines + recipe->given_lines + recipe->awaited_lines;
}

double predict_error(double predicted, double measured)
{
	return measured > 0 ? (predicted - measured) / measured : 0;
}

bool predict_fits(const struct predict_plan *plan)
{
	return plan->cost_ns <= plan->budget_ns;
}
