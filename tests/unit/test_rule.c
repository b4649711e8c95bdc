// test_rule.c - each rule broken once on each recorded machine that can break it, and what it names.
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
static char heard[2048];

static void hear(void *arg, const struct rule_break *broken)
{
	size_t used = strlen(heard);

	snprintf(heard + used, sizeof(heard) - used, "%s%s: %s and %s %s", used ? "; " : "", rule_name(broken->rule),
		 broken->first, broken->second, broken->why);
}

struct sample {
	const char *machine;
	int primary, worker[4]; // 0 behind the last worker
	int slow;               // 0: floats
	const char *device;     // of port n3, or null
	const char *broken;     // all of it
};

static const struct sample samples[] = {
	// what is proposed, and what floats
	{ "xeon", 1, { 2, 3 }, 4, "ens1f0", "" },
	{ "epyc", 8, { 9, 10 }, 11, "0000:41:00.0", "" },
	{ "epyc", 4, { 5, 6 }, 7, "eno1", "" }, // whose node nobody knows
	{ "cluster", 1, { 2, 4 }, 8, "eth0", "" },
	{ "arm", 1, { 2, 3 }, 4, "enp1s0", "" },
	{ "xeon", TOPO_NONE, { 2, 9 }, 0, "af:00.0", "" },
	{ "xeon", 1, { 0 }, 0, "nowhere", "" },

	{ "xeon",
	  32,
	  { 2, 3 },
	  0,
	  NULL,
	  "cpu: primary (CPU 32) and this machine (32 CPUs) there is no such processor, or none that we may use" },
	{ "epyc",
	  8,
	  { 9, 64 },
	  0,
	  NULL,
	  "cpu: worker 1 (CPU 64) and this machine (32 CPUs) there is no such processor, or none that we may use" },

	{ "xeon", 1, { 17, 3 }, 0, NULL, "core: primary (CPU 1) and worker 0 (CPU 17) are on threads of one core" },
	{ "xeon", 1, { 2, 18 }, 0, NULL, "core: worker 0 (CPU 2) and worker 1 (CPU 18) are on threads of one core" },
	{ "epyc", 8, { 9, 10 }, 26, NULL, "core: worker 1 (CPU 10) and slow lane (CPU 26) are on threads of one core" },
	{ "arm", 1, { 2, 3 }, 3, NULL, "core: worker 1 (CPU 3) and slow lane (CPU 3) are on one processor" },

	{ "cluster", 1, { 4, 6 }, 0, NULL, "boundary: worker 0 (CPU 4) and worker 1 (CPU 6) share an L2 cache" },
	{ "cluster",
	  TOPO_NONE,
	  { 4, 6 },
	  0,
	  NULL,
	  "boundary: worker 0 (CPU 4) and worker 1 (CPU 6) share an L2 cache" },

	{ "epyc",
	  8,
	  { 9, 12 },
	  0,
	  NULL,
	  "chain: primary (CPU 8) and worker 1 (CPU 12) hand packets over and share no L3 cache" },
	{ "xeon",
	  1,
	  { 8, 3 },
	  0,
	  NULL,
	  "chain: primary (CPU 1) and worker 0 (CPU 8) hand packets over and share no L3 cache" },

	{ "xeon",
	  1,
	  { 2, 3 },
	  0,
	  "0000:af:00.0",
	  "nic: primary (CPU 1) and port n3 (0000:af:00.0) are on nodes 0 and 1" },
	{ "epyc",
	  4,
	  { 5, 6 },
	  0,
	  "enp65s0f0np0",
	  "nic: primary (CPU 4) and port n3 (0000:41:00.0) are on nodes 0 and 1" },

	// each pair once, all of them
	{ "epyc",
	  0,
	  { 16, 8 },
	  24,
	  "enp65s0f0np0",
	  "core: primary (CPU 0) and worker 0 (CPU 16) are on threads of one core; "
	  "chain: primary (CPU 0) and worker 1 (CPU 8) hand packets over and share no L3 cache; "
	  "core: worker 1 (CPU 8) and slow lane (CPU 24) are on threads of one core; "
	  "nic: primary (CPU 0) and port n3 (0000:41:00.0) are on nodes 0 and 1" },

	// it hides its caches: no rule, not even for a processor that is not there
	{ "vm", 1, { 1, 9 }, 1, "eth0", "" },
};

static struct placement placement_in(const struct sample *sample)
{
	struct placement placement = { .primary = sample->primary,
				       .slow = sample->slow ? sample->slow : TOPO_NONE,
				       .house = TOPO_NONE,
				       .ports = sample->device != NULL };

	for (unsigned i = 0; i < 4 && sample->worker[i]; i++)
		placement.worker[placement.workers++] = sample->worker[i];
	if (sample->device)
		placement.port[0] = (struct placement_port){ "n3", topo_nic(&topo, sample->device) };
	return placement;
}

static void samples_break_what_they_say(void **state)
{
	for (unsigned i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct placement placement;
		unsigned breaks = 0;

		machine_read(&topo, samples[i].machine);
		placement = placement_in(&samples[i]);
		*heard = '\0';
		breaks = rule_check(&placement, &topo, hear, NULL);
		assert_string_equal(heard, samples[i].broken);
		assert_int_equal(breaks > 0, *heard != '\0');
	}
}

// No rule is left without a sample.
static void every_rule_is_broken_once(void **state)
{
	for (unsigned rule = 0; rule < RULE_COUNT; rule++) {
		const char *name = rule_name((enum rule)rule);
		unsigned seen = 0;

		for (unsigned i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
			seen += !strncmp(samples[i].broken, name, strlen(name));
		if (!seen)
			fail_msg("no sample breaks %s", name);
	}
}

// On an Arm of two nodes without an L3, the node is what the chain may not leave.
static void without_an_l3_the_node_is_the_group(void **state)
{
	struct placement placement = { .primary = 1, .workers = 1, .worker = { 8 }, .slow = TOPO_NONE };

	machine_read(&topo, "arm");
	for (unsigned i = 8; i < 16; i++) {
		topo.cpu[i].node = 1;
		topo.cpu[i].group = 8;
	}
	*heard = '\0';
	assert_int_equal(rule_check(&placement, &topo, hear, NULL), 1);
	assert_string_equal(heard,
			    "chain: primary (CPU 1) and worker 0 (CPU 8) hand packets over and share no NUMA node");
}

static void a_configuration_is_read_as_it_says(void **state)
{
	struct conf conf = { .primary_cpu = 1, .worker_cpus = 2, .worker_cpu = { 2, 18 }, .slow_cpu = -1, .ports = 1 };
	struct placement placement;

	strcpy(conf.port[0].name, "n6");
	strcpy(conf.port[0].device, "af:00.0");
	machine_read(&topo, "xeon");
	placement_of(&placement, &conf, &topo);
	*heard = '\0';
	assert_int_equal(rule_check(&placement, &topo, hear, NULL), 2);
	assert_string_equal(heard, "core: worker 0 (CPU 2) and worker 1 (CPU 18) are on threads of one core; "
				   "nic: primary (CPU 1) and port n6 (0000:af:00.0) are on nodes 0 and 1");
	assert_int_equal(placement.node, 0);
	conf.primary_cpu = -1;
	placement_of(&placement, &conf, &topo);
	assert_int_equal(placement.node, 1); // it floats: where its NIC is
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_break_what_they_say),
		cmocka_unit_test(every_rule_is_broken_once),
		cmocka_unit_test(without_an_l3_the_node_is_the_group),
		cmocka_unit_test(a_configuration_is_read_as_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
