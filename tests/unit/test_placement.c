// test_placement.c - who runs where on recorded machines.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/machine.h"
#include "topo/rule.h"

static struct topo topo;

static void fail_broken(void *arg, const struct rule_break *broken)
{
	fail_msg("%s and %s %s", broken->first, broken->second, broken->why);
}

// "primary 1, worker 0 2, ...; house 0" of a plan with this many workers, whose primary may be placed already.
static const char *plan_text(struct placement *placement, unsigned workers)
{
	static char text[512];
	struct placement_stage stage[PLACEMENT_STAGES];
	unsigned stages;
	size_t used = 0;

	placement->slow = placement->house = TOPO_NONE;
	placement_plan(placement, &topo, workers);
	rule_check(placement, &topo, fail_broken, NULL); // whatever is proposed keeps the rules
	stages = placement_stages(placement, stage);
	for (unsigned i = 0; i < stages; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %d, ", stage[i].name, stage[i].cpu);
	snprintf(text + used, sizeof(text) - used, "house %d", placement->house);
	return text;
}

static void assert_plan(const char *machine, unsigned workers, const char *text)
{
	struct placement placement = { .primary = TOPO_NONE };

	machine_read(&topo, machine);
	assert_string_equal(plan_text(&placement, workers), text);
}

static void on_a_xeon(void **state)
{
	assert_plan("xeon", 2, "primary 1, worker 0 2, worker 1 3, slow lane 4, house 0");
	assert_plan("xeon", 6, // all of the socket; the slow lane has no core left there
		    "primary 1, worker 0 2, worker 1 3, worker 2 4, worker 3 5, worker 4 6, worker 5 7, house 0");
}

// The NICs are on node 1: both of its L3 caches hold four cores.
static void on_an_epyc(void **state)
{
	assert_plan("epyc", 2, "primary 8, worker 0 9, worker 1 10, slow lane 11, house 0");
	assert_plan("epyc", 3, "primary 8, worker 0 9, worker 1 10, worker 2 11, slow lane 12, house 0");
	assert_plan("epyc", 5, // two find no place
		    "primary 8, worker 0 9, worker 1 10, worker 2 11, slow lane 12, house 0");
}

// The first worker shares the primary's L2, no two workers share one.
static void on_a_cluster(void **state)
{
	assert_plan("cluster", 2, "primary 1, worker 0 2, worker 1 4, slow lane 8, house 0");
	assert_plan("cluster", 4, "primary 1, worker 0 2, worker 1 4, worker 2 8, worker 3 12, slow lane 3, house 0");
	assert_plan("cluster", 5, "primary 1, worker 0 2, worker 1 4, worker 2 8, worker 3 12, slow lane 3, house 0");
}

static void on_an_arm(void **state)
{
	assert_plan("arm", 3, "primary 1, worker 0 2, worker 1 3, worker 2 4, slow lane 5, house 0");
}

static void on_a_machine_that_hides_its_caches(void **state)
{
	assert_plan("vm", 1, "primary 1, worker 0 2, slow lane 3, house 0");
	assert_plan("vm", 2, "primary 1, worker 0 2, worker 1 3, house 0");
	assert_plan("vm", 3, "primary 1, worker 0 2, worker 1 3, house 0");
}

// A primary that the configuration placed stays, and the others come to it.
static void around_a_primary_that_has_its_place(void **state)
{
	struct placement placement = { .primary = 26 }; // the second thread of core 10

	machine_read(&topo, "xeon");
	assert_string_equal(plan_text(&placement, 2), "primary 26, worker 0 8, worker 1 9, slow lane 11, house 0");
	placement = (struct placement){ .primary = 0 };
	assert_string_equal(plan_text(&placement, 2), "primary 0, worker 0 2, worker 1 3, slow lane 4, house 1");
	placement = (struct placement){ .primary = 9 };
	machine_read(&topo, "cluster");
	assert_string_equal(plan_text(&placement, 2), "primary 9, worker 0 8, worker 1 1, slow lane 4, house 0");
}

// The node is that of the ports, not of what else is plugged in.
static void beside_its_ports(void **state)
{
	struct placement placement = { .primary = TOPO_NONE, .ports = 2 };

	machine_read(&topo, "xeon");
	placement.port[0] = (struct placement_port){ "n3", topo_nic(&topo, "af:00.0") };
	placement.port[1] = (struct placement_port){ "n6", TOPO_NONE }; // a memif
	assert_int_equal(placement_node(&placement, &topo), 1);
	assert_string_equal(plan_text(&placement, 2), "primary 8, worker 0 9, worker 1 10, slow lane 11, house 0");
}

// Without a node to be on, the group that holds most: the first one leaves a core to the rest of the system.
static void where_there_is_most_room(void **state)
{
	struct placement placement = { .primary = TOPO_NONE, .ports = 1 };

	machine_read(&topo, "epyc");
	placement.port[0] = (struct placement_port){ "n3", topo_nic(&topo, "eno1") };
	assert_int_equal(placement_node(&placement, &topo), TOPO_NONE);
	assert_string_equal(plan_text(&placement, 2), "primary 4, worker 0 5, worker 1 6, slow lane 7, house 0");
	placement.primary = TOPO_NONE;
	assert_string_equal(plan_text(&placement, 3),
			    "primary 4, worker 0 5, worker 1 6, worker 2 7, slow lane 1, house 0");
}

static void of_two_nodes_with_a_nic_each_the_first(void **state)
{
	struct placement placement = { .primary = TOPO_NONE, .ports = 2 };

	machine_read(&topo, "xeon");
	placement.port[0] = (struct placement_port){ "n3", topo_nic(&topo, "af:00.0") };
	placement.port[1] = (struct placement_port){ "n6", topo_nic(&topo, "ens1f0") };
	assert_int_equal(placement_node(&placement, &topo), 0);
}

static void nobody_finds_a_place_on_one_core(void **state)
{
	cpu_set_t allowed;
	struct placement placement = { .primary = TOPO_NONE };

	CPU_ZERO(&allowed);
	CPU_SET(3, &allowed);
	CPU_SET(19, &allowed); // its other thread
	machine_read(&topo, "xeon");
	topo_keep(&topo, &allowed);
	assert_string_equal(plan_text(&placement, 1), "house -1");
	assert_int_equal(placement.workers, 0);
}

static void a_primary_that_is_nowhere_has_no_workers(void **state)
{
	struct placement placement = { .primary = 99, .slow = TOPO_NONE };

	machine_read(&topo, "vm"); // where no rule refuses it
	placement_plan(&placement, &topo, 2);
	assert_int_equal(placement.workers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_xeon),
		cmocka_unit_test(on_an_epyc),
		cmocka_unit_test(on_a_cluster),
		cmocka_unit_test(on_an_arm),
		cmocka_unit_test(on_a_machine_that_hides_its_caches),
		cmocka_unit_test(around_a_primary_that_has_its_place),
		cmocka_unit_test(beside_its_ports),
		cmocka_unit_test(where_there_is_most_room),
		cmocka_unit_test(of_two_nodes_with_a_nic_each_the_first),
		cmocka_unit_test(nobody_finds_a_place_on_one_core),
		cmocka_unit_test(a_primary_that_is_nowhere_has_no_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
