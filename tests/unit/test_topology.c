// test_topology.c - placing workers on recorded machines.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "workers/topology.h"

static char root[64];
static struct topology topology;

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

// A cache directory as sysfs shows it.
static void record(unsigned cpu, unsigned index, unsigned level, const char *shared)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), "%s/cpu%u", root, cpu);
	mkdir(path, 0700);
	strcat(path, "/cache");
	mkdir(path, 0700);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/index%u", index);
	mkdir(path, 0700);
	snprintf(text, sizeof(text), "%u\n", level);
	write_file(path, "level", text);
	write_file(path, "shared_cpu_list", shared);
}

static void read_first(unsigned cpus)
{
	cpu_set_t allowed;

	CPU_ZERO(&allowed);
	for (unsigned cpu = 0; cpu < cpus; cpu++)
		CPU_SET(cpu, &allowed);
	topology_read(&topology, root, &allowed);
	assert_int_equal(topology.count, cpus);
}

static int make(void **state)
{
	strcpy(root, "/tmp/topology.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int destroy(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

// Two threads a core: cpu n and n + 8 share an L2, as on most servers.
static void two_threads_a_core(void **state)
{
	for (unsigned cpu = 0; cpu < 16; cpu++) {
		char pair[16];

		snprintf(pair, sizeof(pair), "%u,%u\n", cpu % 8, cpu % 8 + 8);
		record(cpu, 0, 1, pair);
		record(cpu, 2, 2, pair);
		record(cpu, 3, 3, "0-15\n");
	}
	read_first(16);
	assert_int_equal(topology.cpu[9].l2, 1);
	for (unsigned worker = 0; worker < 4; worker++) // one core each, none the primary's
		assert_int_equal(topology_place(&topology, -1, worker, 4), (int)worker + 1);
	assert_int_equal(topology_place(&topology, 10, 1, 4), 1); // the primary on core 2's other thread
	assert_int_equal(topology_place(&topology, 10, 2, 4), 3);
}

// Four cores that share an L2 in pairs: two caches.
static void too_few_caches_float(void **state)
{
	for (unsigned cpu = 0; cpu < 4; cpu++)
		record(cpu, 0, 2, cpu < 2 ? "0-1\n" : "2-3\n");
	read_first(4);
	assert_int_equal(topology_place(&topology, 0, 0, 1), -1); // the rest of the machine wants one too
	assert_int_equal(topology_place(&topology, 0, 0, 2), -1);
}

static void four_lone_cores_hold_two_workers(void **state)
{
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		char alone[8];

		snprintf(alone, sizeof(alone), "%u\n", cpu);
		record(cpu, 2, 2, alone);
	}
	read_first(4);
	assert_int_equal(topology_place(&topology, -1, 0, 2), 1);
	assert_int_equal(topology_place(&topology, -1, 1, 2), 2);
	assert_int_equal(topology_place(&topology, -1, 2, 2), -1); // no such worker
	assert_int_equal(topology_place(&topology, -1, 0, 3), -1);
}

static void without_records_each_is_alone(void **state)
{
	read_first(3);
	assert_int_equal(topology.cpu[2].l2, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_threads_a_core),
		TEST(too_few_caches_float),
		TEST(four_lone_cores_hold_two_workers),
		TEST(without_records_each_is_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
