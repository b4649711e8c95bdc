// findings.c - prints what was found out. No state.
#include "cost/findings.h"
#include <math.h>
#include "cost/budget.h"

static void rows_print(const struct table *table, FILE *file)
{
	fprintf(file, "%-56s %9s  %s\n", "what", "ns", "spread");
	for (unsigned i = 0; i < table->rows; i++) {
		const struct table_row *row = &table->row[i];

		if (row->ns.count > 1)
			fprintf(file, "%-56s %9.3f  %.3f .. %.3f\n", row->what, row->ns.median, row->ns.low,
				row->ns.high);
		else
			fprintf(file, "%-56s %9.3f\n", row->what, row->ns.median);
	}
}

static void pairs_print(const struct findings *findings, FILE *file)
{
	for (enum reach reach = 0; reach < REACHES; reach++) {
		const struct line_pair *least = line_place(&findings->pairs, reach, 0),
				       *typical = line_typical(&findings->pairs, reach),
				       *most = line_place(&findings->pairs, reach, 1);

		if (typical)
			fprintf(
			    file,
			    "line, %s: least %.0f ns (CPU %d and %d), median %.0f (%d and %d), most %.0f (%d and %d)\n",
			    reach_names[reach], least->ns, least->a, least->b, typical->ns, typical->a, typical->b,
			    most->ns, most->a, most->b);
	}
}

static void path_print(const struct path *path, const char *name, FILE *file)
{
	const struct predict_recipe *recipe = &path->recipe;

	fprintf(file, "%-8s %7.0f %6.0f %6.2f", name, recipe->instructions + recipe->handle_instructions,
		recipe->cold_lines, predict_moved(recipe));
	if (path->predicted_ns > 0)
		fprintf(file, " %10.1f", path->predicted_ns);
	else
		fprintf(file, " %10s", "-");
	if (!path->ns.count) {
		fprintf(file, "  not measured\n");
		return;
	}
	fprintf(file, " %9.1f  %.1f .. %.1f", path->ns.median, path->ns.low, path->ns.high);
	if (path->predicted_ns > 0) {
		double error = predict_error(path->predicted_ns, path->ns.median);

		fprintf(file, "  %+.0f %%, goal 25: %s", error * 100, fabs(error) <= PREDICT_GOAL ? "held" : "missed");
	}
	fprintf(file, "\n");
}

static void paths_print(const struct findings *findings, FILE *file)
{
	fprintf(file, "\nPipelines, a packet; %u random sessions, policed, counted, no driver\n", findings->sessions);
	fprintf(file, "%-8s %7s %6s %6s %10s %9s\n", "", "instr.", "cold", "moved", "predicted", "measured");
	for (enum path_name name = 0; name < PATHS; name++)
		path_print(&findings->path[name], path_names[name], file);
}

static void plan_print(const struct findings *findings, FILE *file)
{
	const struct predict_plan *plan = &findings->plan;
	const struct plan_asked *asked = &findings->asked;

	fprintf(file, "\nBudget: %.2f ns for a frame of %u bytes at %g Gb/s; on %u cores %.1f ns\n",
		budget_ns(asked->size, asked->gbps), asked->size, asked->gbps, asked->cores, plan->budget_ns);
	if (!findings->planned)
		return;
	fprintf(file, "Predicted cost of");
	for (enum path_name name = 0; name < PATHS; name++)
		if (asked->path[name])
			fprintf(file, " %s", path_names[name]);
	fprintf(file, ": %.1f ns: %s\n", plan->cost_ns, predict_fits(plan) ? "fits" : "does not fit");
}

void findings_print(const struct findings *findings, FILE *file)
{
	fprintf(file, "%u CPUs, %u memory nodes, %.0f %% of our memory in large pages\n\n", findings->topo.cpus,
		reach_nodes(&findings->topo), findings->large_pages * 100);
	rows_print(&findings->table, file);
	fprintf(file, "\n");
	pairs_print(findings, file);
	paths_print(findings, file);
	plan_print(findings, file);
	for (unsigned i = 0; i < findings->table.notes; i++)
		fprintf(file, "%s%s\n", i ? "" : "\n", findings->table.note[i]);
}
