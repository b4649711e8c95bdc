// findings_json.c - the same as JSON. Every string in it is ours: none needs escaping. No state.
#include "cost/budget.h"
#include "cost/findings.h"

static const char *comma(unsigned i)
{
	return i ? "," : "";
}

static void rows_write(const struct table *table, FILE *file)
{
	fprintf(file, "\"table\": {");
	for (unsigned i = 0; i < table->rows; i++) {
		const struct table_row *row = &table->row[i];

		fprintf(
		    file,
		    "%s\n  \"%s\": {\"what\": \"%s\", \"ns\": %.3f, \"low\": %.3f, \"high\": %.3f, \"samples\": %u}",
		    comma(i), row->key, row->what, row->ns.median, row->ns.low, row->ns.high, row->ns.count);
	}
	fprintf(file, "},\n");
}

static void pairs_write(const struct line_pairs *pairs, FILE *file)
{
	fprintf(file, "\"pairs\": [");
	for (unsigned i = 0; i < pairs->count; i++)
		fprintf(file, "%s\n  {\"a\": %d, \"b\": %d, \"reach\": \"%s\", \"ns\": %.1f}", comma(i),
			pairs->pair[i].a, pairs->pair[i].b, reach_names[pairs->pair[i].reach], pairs->pair[i].ns);
	fprintf(file, "],\n");
}

// What could not be found out is null.
static void number_write(FILE *file, const char *name, bool known, double value)
{
	if (known)
		fprintf(file, ", \"%s\": %.3f", name, value);
	else
		fprintf(file, ", \"%s\": null", name);
}

static void paths_write(const struct findings *findings, FILE *file)
{
	fprintf(file, "\"paths\": {");
	for (enum path_name name = 0; name < PATHS; name++) {
		const struct path *path = &findings->path[name];
		double instructions = path->recipe.instructions + path->recipe.handle_instructions;
		bool predicted = path->predicted_ns > 0, measured = path->ns.count > 0;

		fprintf(file, "%s\n  \"%s\": {\"cold_lines\": %.0f, \"moved_lines\": %.3f", comma(name),
			path_names[name], path->recipe.cold_lines, predict_moved(&path->recipe));
		number_write(file, "instructions", instructions > 0, instructions);
		number_write(file, "predicted_ns", predicted, path->predicted_ns);
		number_write(file, "measured_ns", measured, path->ns.median);
		number_write(file, "low", measured, path->ns.low);
		number_write(file, "high", measured, path->ns.high);
		number_write(file, "error", predicted && measured, predict_error(path->predicted_ns, path->ns.median));
		fprintf(file, "}");
	}
	fprintf(file, "},\n");
}

static void plan_write(const struct findings *findings, FILE *file)
{
	const struct plan_asked *asked = &findings->asked;

	fprintf(file, "\"budget\": {\"bytes\": %u, \"gbps\": %g, \"cores\": %u, \"frame_ns\": %.3f, \"ns\": %.3f},\n",
		asked->size, asked->gbps, asked->cores, budget_ns(asked->size, asked->gbps), findings->plan.budget_ns);
	if (findings->planned)
		fprintf(file, "\"plan\": {\"cost_ns\": %.3f, \"fits\": %s},\n", findings->plan.cost_ns,
			predict_fits(&findings->plan) ? "true" : "false");
}

void findings_json(const struct findings *findings, FILE *file)
{
	fprintf(file, "{\"cpus\": %u, \"nodes\": %u, \"sessions\": %u, \"large_pages\": %.3f,\n", findings->topo.cpus,
		reach_nodes(&findings->topo), findings->sessions, findings->large_pages);
	rows_write(&findings->table, file);
	pairs_write(&findings->pairs, file);
	paths_write(findings, file);
	plan_write(findings, file);
	fprintf(file, "\"notes\": [");
	for (unsigned i = 0; i < findings->table.notes; i++)
		fprintf(file, "%s\n  \"%s\"", comma(i), findings->table.note[i]);
	fprintf(file, "]}\n");
}
