// test_cost.c - the budget, the model, medians, what lies between two CPUs, and instructions counted by steps.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "cost/budget.h"
#include "cost/count.h"
#include "cost/predict.h"
#include "cost/reach.h"
#include "cost/stats.h"
#include "cost/table.h"

static void budget_is_the_time_on_the_wire(void **state)
{
	assert_float_equal(budget_ns(64, 10), 67.2, 0.0001);
	assert_float_equal(budget_ns(64, 100), 6.72, 0.0001);
	assert_float_equal(budget_ns(1518, 10), 1230.4, 0.0001);
	assert_float_equal(budget_ns(64, 1), 672, 0.0001);
	assert_float_equal(budget_cores_ns(64, 10, 4), 268.8, 0.0001);
	assert_float_equal(budget_ns(64, 0), 0, 0);
	assert_float_equal(budget_ns(64, -1), 0, 0);
}

static void cost_is_work_and_lines(void **state)
{
	const struct predict_machine machine = { .instruction_ns = 0.1,
						 .handle_ns = 0.2,
						 .line_ns = 10,
						 .first_ns = 64,
						 .taken_ns = 2,
						 .given_ns = 3,
						 .awaited_ns = 30 };
	const struct predict_recipe work = { .instructions = 200, .handle_instructions = 50 },
				    cold = { .instructions = 200, .cold_lines = 2 },
				    moved = { .taken_lines = 0.5, .given_lines = 1, .awaited_lines = 0.1 };

	assert_float_equal(predict_ns(&machine, &work), 30, 1e-9);
	assert_float_equal(predict_ns(&machine, &cold), 34, 1e-9);
	assert_float_equal(predict_ns(&machine, &(struct predict_recipe){ .instructions = 50, .cold_lines = 2 }), 26.5,
			   1e-9);
	assert_float_equal(predict_ns(&machine, &(struct predict_recipe){ .instructions = 400, .cold_lines = 2 }), 54,
			   1e-9);
	assert_float_equal(predict_ns(&machine, &moved), 7, 1e-9);
	assert_float_equal(predict_moved(&work), 0, 0);
	assert_float_equal(predict_moved(&moved), 1.6, 1e-9);
}

static void error_is_a_share_of_what_was_measured(void **state)
{
	assert_float_equal(predict_error(125, 100), 0.25, 1e-9);
	assert_float_equal(predict_error(80, 100), -0.2, 1e-9);
	assert_float_equal(predict_error(80, 0), 0, 0);
}

static void plan_fits_up_to_its_budget(void **state)
{
	assert_true(predict_fits(&(struct predict_plan){ 67.2, 67.2 }));
	assert_false(predict_fits(&(struct predict_plan){ 67.3, 67.2 }));
}

static void medians_and_quartiles(void **state)
{
	double odd[] = { 5, 1, 4, 2, 3 }, even[] = { 4, 1, 3, 2 }, one[] = { 7 };
	struct stats stats = stats_of(odd, 5);

	assert_float_equal(stats.median, 3, 0);
	assert_float_equal(stats.low, 2, 0);
	assert_float_equal(stats.high, 4, 0);
	assert_float_equal(stats.least, 1, 0);
	assert_float_equal(stats.most, 5, 0);
	assert_int_equal(stats.count, 5);
	assert_float_equal(stats_spread(&stats), 1.0 / 3, 1e-9);
	stats = stats_of(even, 4);
	assert_float_equal(stats.median, 2.5, 0);
	assert_float_equal(stats.low, 1.75, 0);
	stats = stats_of(one, 1);
	assert_float_equal(stats.low, 7, 0);
	assert_float_equal(stats.high, 7, 0);
	stats = stats_of(one, 0);
	assert_int_equal(stats.count, 0);
	assert_float_equal(stats_spread(&stats), 0, 0);
}

static double half_the_last(void *with)
{
	double *ns = with;

	return *ns /= 2;
}

static void table_keeps_what_it_was_given(void **state)
{
	static struct table table;
	double ns = 64;

	assert_float_equal(table_measure(&table, &(struct table_row){ .key = "a" }, half_the_last, &ns, 3), 8,
			   0); // 16, 8, 4
	assert_float_equal(table_ns(&table, "a"), 8, 0);
	assert_float_equal(table_ns(&table, "b"), 0, 0);
	for (unsigned i = 0; i < 2 * TABLE_ROWS; i++)
		table_add(&table, &(struct table_row){ .key = "c" });
	assert_int_equal(table.rows, TABLE_ROWS);
	for (unsigned i = 0; i < 2 * TABLE_NOTES; i++)
		table_note(&table, "note %u", i);
	assert_int_equal(table.notes, TABLE_NOTES);
	assert_string_equal(table.note[1], "note 1");
}

static const struct topo_cpu cpus[] = {
	// number, core, L2, group, node, L2, L3
	{ 0, 0, 0, 0, 0, 1024, 16384 }, { 1, 0, 0, 0, 0, 1024, 16384 }, { 2, 2, 0, 0, 0, 1024, 16384 },
	{ 3, 3, 3, 0, 0, 1024, 16384 }, { 4, 4, 4, 4, 0, 1024, 16384 }, { 5, 5, 5, 5, 1, 1024, 16384 },
};

static void reach_is_the_nearest_thing_shared(void **state)
{
	static struct topo topo;

	assert_int_equal(reach_between(&topo, &cpus[0], &cpus[1]), REACH_CORE);
	assert_int_equal(reach_between(&topo, &cpus[0], &cpus[2]), REACH_L2);
	assert_int_equal(reach_between(&topo, &cpus[0], &cpus[3]), REACH_L3);
	assert_int_equal(reach_between(&topo, &cpus[0], &cpus[4]), REACH_NODE);
	assert_int_equal(reach_between(&topo, &cpus[0], &cpus[5]), REACH_REMOTE);
	topo.hidden = true;
	assert_int_equal(reach_between(&topo, &cpus[0], &cpus[3]), REACH_HIDDEN);
	assert_int_equal(reach_between(&topo, &cpus[0], &cpus[5]), REACH_REMOTE);
}

// A group without an L3 is a node's (topo.h).
static void a_mesh_without_last_cache_shares_its_memory(void **state)
{
	static struct topo topo;
	struct topo_cpu a = { 0, 0, 0, 0, 0, 1024, 0 }, b = { 1, 1, 1, 0, 0, 1024, 0 };

	assert_int_equal(reach_between(&topo, &a, &b), REACH_NODE);
}

static void nodes_are_counted(void **state)
{
	static struct topo topo;

	topo.cpus = sizeof(cpus) / sizeof(cpus[0]);
	memcpy(topo.cpu, cpus, sizeof(cpus));
	assert_int_equal(reach_nodes(&topo), 2);
}

static void additions(void *with)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < *(unsigned *)with; i++)
		__asm__ volatile(".rept 100\n\tadd $1, %0\n\t.endr" : "+r"(sum));
}

// Two lengths of the same loop differ by what was added, to the instruction.
static void steps_are_counted_exactly(void **state)
{
	unsigned few = 1, many = 11;
	uint64_t least = count_instructions(additions, &few), most = count_instructions(additions, &many);

	if (!least)
		skip(); // the kernel does not let us trace our own child
	assert_true(least >= 100 && least < 120);
	assert_true((most - least) % 10 == 0);
	assert_true((most - least) / 10 >= 102 && (most - least) / 10 <= 105); // with the loop around them
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(budget_is_the_time_on_the_wire),
		cmocka_unit_test(cost_is_work_and_lines),
		cmocka_unit_test(error_is_a_share_of_what_was_measured),
		cmocka_unit_test(plan_fits_up_to_its_budget),
		cmocka_unit_test(medians_and_quartiles),
		cmocka_unit_test(table_keeps_what_it_was_given),
		cmocka_unit_test(reach_is_the_nearest_thing_shared),
		cmocka_unit_test(a_mesh_without_last_cache_shares_its_memory),
		cmocka_unit_test(nodes_are_counted),
		cmocka_unit_test(steps_are_counted_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
