// test_conf_network.c - routes and routing domains: what they read and print, VLANs that share a device, and every kind of fault.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "tests/unit/conf_file.h"

static const char small[] = "ports:\n"
			    "  - {name: a, device: a0, role: access, addresses: [10.0.0.1/24]}\n"
			    "  - name: b\n"
			    "    device: b0\n"
			    "    role: core\n"
			    "    addresses: [10.0.1.1/24, '2001:db8::1/64']\n";

static int load(const char *more, struct conf **conf)
{
	return conf_file_load(small, more, conf);
}

#define TWO "    network: x\n  - {name: c, device: c0, role: core, network: y, addresses: [10.0.2.1/24]}\n"

// The first that others than its neighbours know, of a port that has a radio side.
static void tunnels_over_ipv6_end_at_an_access_port(void **unused)
{
	uint8_t address[16] = { 0 };
	struct conf *conf;

	assert_int_equal(load("", &conf), 0);
	conf_gtpu_ipv6(conf, address);
	assert_int_equal(address[0], 0); // the core side's is none
	conf_free(conf);
	assert_int_equal(load("  - {name: c, device: c0, role: access, addresses: ['fe80::1/64', '2001:db8:3::7/64', "
			      "'2001:db8:3::8/64']}\n",
			      &conf),
			 0);
	conf_gtpu_ipv6(conf, address);
	assert_memory_equal(address, "\x20\x01\x0d\xb8\0\3\0\0\0\0\0\0\0\0\0\7", 16);
	conf_free(conf);
}

// A private range in both, the one's holding what is the gateway's in the other.
static void networks_may_share_addresses(void **unused)
{
	struct conf *conf;

	assert_int_equal(load(TWO "pools: [{ipv4: 10.0.2.0/24, ipv6: '2001:db9::/48', network: x}, "
				  "{dnn: ims, ipv4: 10.44.0.0/16, ipv6: '2001:db9::/48', network: y}]\n",
			      &conf),
			 0);
	assert_true(conf_apart(conf));
	conf_free(conf);
	assert_int_equal(
	    load(TWO "pools: [{ipv4: 10.45.0.0/16, network: x}, {dnn: ims, ipv4: 10.45.0.0/17, network: y}]\n", &conf),
	    0);
	assert_true(conf_apart(conf));
	conf_free(conf);
	assert_int_equal(
	    load("    network: x\n  - {name: c, device: c0, role: core, network: x, addresses: [10.0.2.1/24]}\n"
		 "pools: [{ipv4: 10.45.0.0/16, network: x}]\n",
		 &conf),
	    0);
	assert_false(conf_apart(conf)); // there is one
	conf_free(conf);
}

// Own addresses, links and next hops, on VLANs of one device.
static void networks_may_be_alike(void **unused)
{
	struct conf *conf;

	assert_int_equal(load("    network: x\n    gateway4: 10.0.1.9\n"
			      "  - {name: c, device: b0, vlan: 7, role: core, network: y, gateway4: 10.0.1.9,\n"
			      "     addresses: [10.0.1.1/24, '2001:db8::1/64']}\n"
			      "pools: [{ipv4: 10.45.0.0/16, network: x}, {dnn: ims, ipv4: 10.45.0.0/16, network: y}]\n",
			      &conf),
			 0);
	assert_memory_equal(conf->port[1].address, conf->port[2].address, sizeof(conf->port[1].address));
	conf_free(conf);
}

static void there_is_one_network_for_all(void **unused)
{
	struct conf *conf;

	assert_int_equal(load("pools: [{ipv4: 10.45.0.0/16}]\n", &conf), 0);
	assert_string_equal(conf->port[1].network, "");
	assert_string_equal(conf->pool[0].network, "");
	assert_int_equal(conf->port[1].routes, 0);
	assert_int_equal(conf_carrier(conf, 1), 1);
	assert_false(conf_apart(conf));
	conf_free(conf);
}

static void networks_routes_and_vlans_print_back(void **unused)
{
	static const char text[] =
	    "    network: internet\n    routes: [192.0.2.0/24 via 10.0.1.9, '2001:dba::/32 via fe80::9']\n"
	    "  - {name: c, device: b0, vlan: 7, role: core, addresses: [10.0.2.1/24], network: ims}\n"
	    "pools: [{ipv4: 10.45.0.0/16, network: internet}, {dnn: ims, ipv4: 10.46.0.0/24, network: ims}]\n";
	struct conf *conf, *again;

	assert_int_equal(load(text, &conf), 0);
	assert_int_equal(conf->port[1].routes, 2);
	assert_int_equal(conf->port[1].route[0].via[3], 9);
	assert_int_equal(conf->port[1].route[1].prefix.prefix_len, 32);
	assert_int_equal(conf_carrier(conf, 2), 1);
	again = conf_file_again(conf);
	assert_memory_equal(conf->port, again->port, sizeof(conf->port));
	assert_memory_equal(conf->pool, again->pool, sizeof(conf->pool));
	conf_free(conf);
	conf_free(again);
}

static const struct {
	const char *more, *fault;
} faults[] = {
	{ "    routes: [192.0.2.0/24]\n", ": ports[1].routes[0]: '<prefix> via <address>' is expected" },
	{ "    routes: [192.0.2.0/33 via 10.0.1.9]\n", ": ports[1].routes[0]: a host's address with its prefix" },
	{ "    routes: [192.0.2.1/24 via 10.0.1.9]\n", ": ports[1].routes[0]: 192.0.2.1/24 has bits set" },
	{ "    routes: ['192.0.2.0/24 via 2001:db8::9']\n", ": ports[1].routes[0]: the next hop is an address of" },
	{ "    routes: [192.0.2.0/24 via 10.0.2.9]\n", ": ports[1].routes[0]: the next hop is on no prefix" },
	{ "    routes: [192.0.2.0/24 via 10.0.1.1]\n", ": ports[1].routes[0]: the next hop is the port's own" },
	{ "    routes:\n    - 192.0.2.0/24 via 10.0.1.9\n    - 192.0.2.0/24 via 10.0.1.8\n",
	  ": ports[1].routes[1]: this prefix has a next hop by ports[1].routes[0]" },
	{ "    network: 'a b'\n", ": ports[1].network: a name is made of" },
	{ "  - {name: c, device: b0, vlan: 7, driver: tap, role: core, addresses: [9.0.0.1/8]}\n",
	  ": ports[2].driver: another than that of ports[1], which is on the same device" },
	{ "  - {name: c, device: b0, vlan: 7, options: 'a=1', role: core, addresses: [9.0.0.1/8]}\n",
	  ": ports[2].options: others than those of ports[1]" },
	{ "  - {name: c, device: b0, vlan: 7, mac: '02:00:00:00:00:01', role: core, addresses: [9.0.0.1/8]}\n",
	  ": ports[2].mac: another than that of ports[1]" },
	{ "  - {name: c, device: c0, role: access, network: x, addresses: [9.0.0.1/8]}\n",
	  ": ports[2].network: the radio side is one" },
	{ "    network: x\n  - {name: c, device: c0, role: core, addresses: [9.0.0.1/8]}\n",
	  ": ports[2].network: must be given" },
	{ "    network: x\npools: [{ipv4: 9.0.0.0/24}]\n", ": pools[0].network: must be given" },
	{ "    network: x\npools: [{ipv4: 9.0.0.0/24, network: y}]\n", ": pools[0].network: no port is of" },
	{ "pools: [{ipv4: 9.0.0.0/24, network: y}]\n", ": pools[0].network: no port is of a network 'y'" },
	{ TWO "pools: [{ipv4: 9.0.0.0/16, network: x}, {dnn: ims, ipv4: 9.0.1.0/24, network: x}]\n",
	  ": pools[1].ipv4: overlaps pools[0]" },
	{ TWO "pools: [{ipv4: 9.0.0.0/16, network: x}, {ipv4: 9.1.0.0/24, network: y}]\n",
	  ": pools[1].network: pools[0] has this dnn in 'x'" },
	{ "    network: x\n  - {name: c, device: c0, role: core, network: x, addresses: [10.0.1.1/24]}\n",
	  ": ports[2].addresses[0]: an address of ports[1] already" },
	{ "    network: x\n  - {name: c, device: c0, role: core, network: y, addresses: [10.0.0.1/24]}\n",
	  ": ports[2].addresses[0]: an address of ports[0] already" }, // the radio side's
	{ "    network: x\n  - {name: c, device: c0, role: both, network: y, addresses: [10.0.1.1/24]}\n",
	  ": ports[2].addresses[0]: an address of ports[1] already" },
	{ TWO "pools: [{ipv4: 10.0.2.0/24, network: y}]\n", ": pools[0].ipv4: holds ports[2].addresses[0]" },
	{ TWO "pools: [{ipv4: 10.0.0.0/24, network: y}]\n",
	  ": pools[0].ipv4: holds ports[0].addresses[0]" }, // no network's
};

static void every_fault_names_its_field(void **unused)
{
	struct conf *conf;

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		assert_int_equal(load(faults[i].more, &conf), -EINVAL);
		if (!strstr(conf_told, faults[i].fault))
			fail_msg("'%s' was conf_told, not '%s'", conf_told, faults[i].fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnels_over_ipv6_end_at_an_access_port),
		cmocka_unit_test(there_is_one_network_for_all),
		cmocka_unit_test(networks_may_share_addresses),
		cmocka_unit_test(networks_may_be_alike),
		cmocka_unit_test(networks_routes_and_vlans_print_back),
		cmocka_unit_test(every_fault_names_its_field),
	};

	return cmocka_run_group_tests(tests, conf_file_make, conf_file_clear);
}
