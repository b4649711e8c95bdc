// test_conf_pfcp.c - the sections about GTP-U and PFCP: what is taken without it, what it reads and prints, and every kind of fault.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/conf_file.h"

static const char small[] = "ports:\n"
			    "  - {name: a, device: a0, role: both, addresses: [10.0.0.1/24]}\n"
			    "pools: [{ipv4: 10.45.0.0/16}]\n";

static int load(const char *more, struct conf **conf)
{
	return conf_file_load(small, more, conf);
}

static void without_it_there_is_no_pfcp(void **unused)
{
	struct conf *conf;

	assert_int_equal(load("", &conf), 0);
	assert_int_equal(conf->pfcp_listens, 0);
	assert_string_equal(conf->pfcp_node_id, "");
	assert_int_equal(conf->pfcp_peers, 0);
	assert_int_equal(conf->pfcp_heartbeat_ms, 10000);
	assert_int_equal(conf->pfcp_t1_ms, 3000);
	assert_int_equal(conf->pfcp_n1, 3);
	assert_string_equal(conf->pfcp_ctrl, "ipc:///run/shoal/oss.ipc");
	assert_string_equal(conf->pfcp_user, "");
	conf_free(conf);
}

static void it_reads_hosts_and_prefixes_and_prints_them_back(void **unused)
{
	static const char text[] =
	    "pfcp: {listen: [10.3.0.1, '2001:db8::1'], peers: [10.3.0.0/24, '2001:db8::/32', 127.0.0.9],\n"
	    "       associate: [10.3.0.7, 127.0.0.9], ip_resources: [internet, a.b-c],\n"
	    "       heartbeat_ms: 1000, t1_ms: 100, n1: 1, ctrl: 'ipc:///x', user: '65534'}\n"
	    "pfcp_rules:\n- {name: a, filters: ['permit out ip from any to assigned', b], pass: no, qfi: 63}\n"
	    "- {name: b, filters: [c], uplink_kbps: 1000000000}\n";
	struct conf *conf, *again;

	assert_int_equal(load(text, &conf), 0);
	assert_int_equal(conf->pfcp_listens, 2);
	assert_int_equal(conf->pfcp_listen[1].family, 6);
	assert_string_equal(conf->pfcp_node_id, "10.3.0.1");
	assert_int_equal(conf->pfcp_peers, 3);
	assert_int_equal(conf->pfcp_peer[0].prefix_len, 24);
	assert_int_equal(conf->pfcp_peer[1].prefix_len, 32);
	assert_int_equal(conf->pfcp_peer[2].prefix_len, 32);
	assert_int_equal(conf->pfcp_associates, 2);
	assert_int_equal(conf->pfcp_associate[0].bytes[3], 7);
	assert_int_equal(conf->pfcp_resources, 2);
	assert_string_equal(conf->pfcp_resource[1], "a.b-c");
	assert_int_equal(conf->pfcp_n1, 1);
	assert_int_equal(conf->pfcp_rules, 2);
	assert_int_equal(conf->pfcp_rule[0].filters, 2);
	assert_string_equal(conf->pfcp_rule[0].filter[1], "b");
	assert_true(conf->pfcp_rule[0].pass == CONF_NO && conf->pfcp_rule[1].pass == CONF_YES);
	assert_string_equal(conf->pfcp_ctrl, "ipc:///x");
	again = conf_file_again(conf);
	assert_memory_equal(conf, again, sizeof(*conf));
	conf_free(conf);
	conf_free(again);
}

static void a_node_id_is_an_address_or_a_name(void **unused)
{
	struct conf *conf;

	assert_int_equal(load("pfcp: {listen: [10.3.0.1], node_id: upf_1.5gc.mnc001.3gppnetwork.org}\n", &conf), 0);
	assert_string_equal(conf->pfcp_node_id, "upf_1.5gc.mnc001.3gppnetwork.org");
	conf_free(conf);
	assert_int_equal(load("pfcp: {node_id: '2001:DB8:0::1'}\n", &conf), 0);
	assert_string_equal(conf->pfcp_node_id, "2001:db8::1");
	conf_free(conf);
}

static void faults_are_told(void **unused)
{
	static const char *const faults[][2] = {
		{ "gtpu: {link_mtu: 1279}\n", "gtpu.link_mtu: 1279 is below 1280" },
		{ "gtpu: {link_mtu: 2001}\n", "gtpu.link_mtu: 2001 is above 2000" },
		{ "gtpu: {error_indication_mute_seconds: 86401}\n",
		  "gtpu.error_indication_mute_seconds: 86401 is above 86400" },
		{ "packets: {tcp_mss: 535}\n", "packets.tcp_mss: 535 is below 536" },
		{ "packets: {tcp_mss: 1961}\n", "packets.tcp_mss: 1961 is above 1960" },
		{ "packets: {reassemble: 1025}\n", "packets.reassemble: 1025 is above 1024" },
		{ "packets: {ue_to_ue: no}\n", "packets.ue_to_ue: 'no' is none of: local, network, refuse" },
		{ "packets: {fragment: maybe}\n", "packets.fragment: 'maybe' is none of: no, yes" },
		{ "pfcp: {listen: [10.3.0.1/24]}\n",
		  "pfcp.listen[0]: a host's address is expected, not '10.3.0.1/24'" },
		{ "pfcp: {listen: [0.0.0.0]}\n", "pfcp.listen[0]: a host's address" },
		{ "pfcp: {listen: ['::']}\n", "pfcp.listen[0]: a host's address" },
		{ "pfcp: {listen: ['fe80::1']}\n", "pfcp.listen[0]: a host's address" },
		{ "pfcp: {listen: [224.0.0.1]}\n", "pfcp.listen[0]: a host's address" },
		{ "pfcp: {listen: [10.3.0.1, 10.3.0.2, 10.3.0.1]}\n", "pfcp.listen[2]: given twice" },
		{ "pfcp: {peers: [10.3.0.1/24]}\n", "pfcp.peers[0]: 10.3.0.1/24 has bits set below its length" },
		{ "pfcp: {peers: [10.3.0.0/33]}\n", "pfcp.peers[0]: an address or a prefix" },
		{ "pfcp: {peers: [10.3.0.0/0]}\n", "pfcp.peers[0]: an address or a prefix" },
		{ "pfcp: {peers: ['2001:db8::/129']}\n", "pfcp.peers[0]: an address or a prefix" },
		{ "pfcp: {peers: ['2001:db8::1/127']}\n", "pfcp.peers[0]: 2001:db8::1/127 has bits set" },
		{ "pfcp: {peers: [smf]}\n", "pfcp.peers[0]: a host's address" },
		{ "pfcp: {node_id: a..b}\n", "pfcp.node_id: an address or a name" },
		{ "pfcp: {node_id: a.}\n", "pfcp.node_id: an address or a name" },
		{ "pfcp: {node_id: ''}\n", "pfcp.node_id: an address or a name" },
		{ "pfcp: {node_id: 10.3.0.999}\n", "pfcp.node_id: an address or a name" },
		{ "pfcp: {ip_resources: ['']}\n", "pfcp.ip_resources[0]: a name is expected" },
		{ "pfcp: {ip_resources: [a..b]}\n", "pfcp.ip_resources[0]: a name is expected" },
		{ "pfcp: {ip_resources: [a, b, c, d, e]}\n", "pfcp.ip_resources" },
		{ "pfcp: {associate: [10.3.0.0/24]}\n", "pfcp.associate[0]: a host's address" },
		{ "pfcp: {peers: [10.3.0.0/29], associate: [10.3.0.7, 10.3.0.8]}\n",
		  "pfcp.associate[1]: not among pfcp.peers" },
		{ "pfcp: {peers: [10.3.0.0/29], associate: [10.3.0.7, 10.3.0.7]}\n", "pfcp.associate[1]: given twice" },
		{ "pfcp: {listen: ['::1'], peers: [10.3.0.7], associate: [10.3.0.7]}\n",
		  "pfcp.associate[0]: pfcp.listen has no address of its family" },
		{ "pfcp: {n1: 0}\n", "pfcp.n1: 0 is below 1" },
		{ "pfcp: {t1_ms: 60001}\n", "pfcp.t1_ms: 60001 is above 60000" },
		{ "pfcp: {ctrl: 'tcp://1.2.3.4:5'}\n", "pfcp.ctrl: only ipc here" },
		{ "pfcp: {port: 8805}\n", "pfcp.port: unknown key" },
		{ "pfcp_rules: [{filters: [a]}]\n", "pfcp_rules[0].name: must be given" },
		{ "pfcp_rules: [{name: a}]\n", "pfcp_rules[0].filters: must be given" },
		{ "pfcp_rules: [{name: 'a b', filters: [a]}]\n", "pfcp_rules[0].name: a name is made of" },
		{ "pfcp_rules: [{name: a, filters: ['']}]\n", "pfcp_rules[0].filters[0]: must not be empty" },
		{ "pfcp_rules: [{name: a, filters: [a]}, {name: a, filters: [b]}]\n",
		  "pfcp_rules[1].name: the same as pfcp_rules[0]" },
		{ "pfcp_rules: [{name: a, filters: [a], qfi: 64}]\n", "pfcp_rules[0].qfi: 64 is above 63" },
		{ "pfcp_rules: [{name: a, filters: [a], pass: maybe}]\n", "pfcp_rules[0].pass: 'maybe' is none of" },
	};
	struct conf *conf;

	for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		if (!load(faults[i][0], &conf))
			fail_msg("taken: %s", faults[i][0]);
		if (!strstr(conf_told, ":4: ") || !strstr(conf_told, faults[i][1]))
			fail_msg("%sis told as: %s", faults[i][0], conf_told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_it_there_is_no_pfcp),
		cmocka_unit_test(it_reads_hosts_and_prefixes_and_prints_them_back),
		cmocka_unit_test(a_node_id_is_an_address_or_a_name),
		cmocka_unit_test(faults_are_told),
	};

	return cmocka_run_group_tests(tests, conf_file_make, conf_file_clear);
}
