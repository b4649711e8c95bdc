// test_topo.c - what is read of five recorded machines, and of this one.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/machine.h"

static struct topo topo;

static void assert_nic(unsigned i, const char *name, const char *address, int node)
{
	assert_true(i < topo.nics);
	assert_string_equal(topo.nic[i].name, name);
	assert_string_equal(topo.nic[i].address, address);
	assert_int_equal(topo.nic[i].node, node);
}

// Two sockets; each core has an L2 for its two threads, each socket one L3. The third NIC is bound to vfio-pci.
static void xeon(void **state)
{
	machine_read(&topo, "xeon");
	assert_string_equal(machine_text(&topo), "0{(0+16|1+17|2+18|3+19|4+20|5+21|6+22|7+23)}"
						 "1{(8+24|9+25|10+26|11+27|12+28|13+29|14+30|15+31)}");
	assert_false(topo.hidden);
	assert_int_equal(topo.cpu[31].l2_kib, 1280);
	assert_int_equal(topo.cpu[31].l3_kib, 24 * 1024);
	assert_int_equal(topo.nics, 3); // and a disk, which is none
	assert_nic(0, "ens1f0", "0000:3b:00.0", 0);
	assert_nic(1, "ens1f1", "0000:3b:00.1", 0);
	assert_nic(2, "", "0000:af:00.0", 1);
}

// Four cores share an L3, two such on a node.
static void epyc(void **state)
{
	machine_read(&topo, "epyc");
	assert_string_equal(machine_text(&topo), "0{(0+16|1+17|2+18|3+19)(4+20|5+21|6+22|7+23)}"
						 "1{(8+24|9+25|10+26|11+27)(12+28|13+29|14+30|15+31)}");
	assert_false(topo.hidden);
	assert_int_equal(topo.nics, 3);
	assert_nic(1, "enp65s0f1np1", "0000:41:00.1", 1);
	assert_nic(2, "eno1", "0000:c1:00.0", TOPO_NONE); // the kernel does not say which node
}

// Four cores share an L2, and all of them an L3.
static void cluster(void **state)
{
	machine_read(&topo, "cluster");
	assert_string_equal(machine_text(&topo), "0{(0 1 2 3|4 5 6 7|8 9 10 11|12 13 14 15)}");
	assert_false(topo.hidden);
	assert_int_equal(topo.nics, 1);
	assert_nic(0, "eth0", "0000:ec:00.0", 0);
}

// What its mesh caches is no L3 for the kernel: the node is the group.
static void arm(void **state)
{
	machine_read(&topo, "arm");
	assert_string_equal(machine_text(&topo), "0{(0|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15)}");
	assert_false(topo.hidden);
	assert_int_equal(topo.cpu[0].l3_kib, 0);
	assert_int_equal(topo.cpu[0].l2_kib, 1024);
}

static void a_machine_that_hides_its_caches(void **state)
{
	machine_read(&topo, "vm");
	assert_string_equal(machine_text(&topo), "0{(0|1|2|3)}");
	assert_true(topo.hidden);
}

static void a_nic_is_found_by_what_a_port_calls_it(void **state)
{
	machine_read(&topo, "xeon");
	assert_int_equal(topo_nic(&topo, "ens1f1"), 1);
	assert_int_equal(topo_nic(&topo, "0000:af:00.0"), 2);
	assert_int_equal(topo_nic(&topo, "af:00.0"), 2);
	assert_int_equal(topo_nic(&topo, "af:00.1"), TOPO_NONE);
	assert_int_equal(topo_nic(&topo, "/run/memif.sock"), TOPO_NONE);
	assert_int_equal(topo_nic(&topo, ""), TOPO_NONE); // the third has no interface, not one named so
}

static void what_we_may_not_use_is_forgotten(void **state)
{
	cpu_set_t allowed;

	CPU_ZERO(&allowed);
	CPU_SET(5, &allowed);
	CPU_SET(21, &allowed);
	CPU_SET(8, &allowed);
	machine_read(&topo, "xeon");
	topo_keep(&topo, &allowed);
	assert_string_equal(machine_text(&topo), "0{(5+21)}1{(8)}");
	assert_null(topo_find(&topo, 0));
}

// hwloc 2.9 dies of it: the machine has no complete_nodeset.
static const char fatal[] =
    "<?xml version=\"1.0\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n<topology version=\"2.0\">\n"
    "<object type=\"Machine\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" nodeset=\"0x1\" gp_index=\"1\">\n"
    "<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" nodeset=\"0x1\" "
    "complete_nodeset=\"0x1\" gp_index=\"2\"/>\n"
    "<object type=\"PU\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" nodeset=\"0x1\" "
    "complete_nodeset=\"0x1\" gp_index=\"3\"/>\n</object></topology>\n";

static void what_is_no_record_is_refused(void **state)
{
	char path[] = "/tmp/topo.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(topo_read(&topo, path), -EINVAL); // empty
	assert_int_equal(write(fd, "<topology version=\"2.0\">\n<object type=\"Machine\"", 46), 46);
	assert_int_equal(topo_read(&topo, path), -EINVAL); // cut short
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(pwrite(fd, fatal, sizeof(fatal) - 1, 0) > 0);
	assert_int_equal(topo_read(&topo, path), -EINVAL);
	close(fd);
	unlink(path);
	assert_int_equal(topo_read(&topo, path), -ENOENT);
}

// Whatever this one is, each processor that we may run on is in it, and each unit has the name of its lowest.
static void this_machine(void **state)
{
	cpu_set_t allowed;

	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	assert_int_equal(topo_read(&topo, NULL), 0);
	topo_keep(&topo, &allowed);
	assert_int_equal(topo.cpus, CPU_COUNT(&allowed));
	for (unsigned i = 0; i < topo.cpus; i++) {
		assert_true(topo.cpu[i].core <= topo.cpu[i].cpu);
		assert_true(topo.cpu[i].l2 <= topo.cpu[i].core);
		assert_true(topo.cpu[i].group <= topo.cpu[i].l2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xeon),
		cmocka_unit_test(epyc),
		cmocka_unit_test(cluster),
		cmocka_unit_test(arm),
		cmocka_unit_test(a_machine_that_hides_its_caches),
		cmocka_unit_test(a_nic_is_found_by_what_a_port_calls_it),
		cmocka_unit_test(what_we_may_not_use_is_forgotten),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
