// test_conf.c - the example loads, prints load back to the same, small files take the defaults, faults are told by line and field.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/conf_file.h"

#define PATH_BYTES 300

// Two ports in nine lines: what most faults are put behind.
static const char small[] = "ports:\n"
			    "  - {name: a, device: a0, role: access, addresses: [10.0.0.1/24]}\n"
			    "  - name: b\n"
			    "    device: b0\n"
			    "    role: core\n"
			    "    addresses:\n"
			    "      - 10.0.1.1/24\n"
			    "      - 2001:db8::1/64\n";

static struct conf *load(const char *file)
{
	struct conf *conf;
	int error = conf_load(file, &conf, conf_told, sizeof conf_told);

	if (error)
		fail_msg("%d: %s", error, conf_told);
	return conf;
}

static struct conf *load_text(const char *text)
{
	struct conf *conf;

	if (conf_file_load(text, "", &conf))
		fail_msg("%s", conf_told);
	return conf;
}

static const char *example(void)
{
	static char at[PATH_BYTES];
	const char *root = getenv("SHOAL_SOURCE");

	snprintf(at, sizeof at, "%s/deploy/config/shoal.yaml", root ? root : ".");
	return at;
}

static void the_example_is_as_it_says(void **unused)
{
	struct conf *conf = load(example());

	assert_int_equal(conf->ports, 2);
	assert_string_equal(conf->port[0].name, "n3");
	assert_int_equal(conf->port[0].driver, CONF_AF_XDP);
	assert_int_equal(conf->port[0].role, CONF_ACCESS);
	assert_int_equal(conf->port[0].mtu, 1600);
	assert_int_equal(conf->port[1].role, CONF_CORE);
	assert_int_equal(conf->port[1].addresses, 2);
	assert_int_equal(conf->port[1].address[1].family, 6);
	assert_int_equal(conf->port[1].address[1].prefix_len, 64);
	assert_int_equal(conf->port[1].gateway4, 0x0a0200fe);
	assert_int_equal(conf->port[1].gateway6[15], 0xfe);
	assert_int_equal(conf->gtpu_address, 0x0a010001);
	assert_int_equal(conf->pools, 1);
	assert_int_equal(conf->pool[0].ipv4, 0x0a2d0000);
	assert_int_equal(conf->pool[0].ipv4_len, 16);
	assert_true(conf->pool[0].ipv6 == 0x20010db845000000ull);
	assert_int_equal(conf->pool[0].ipv6_len, 48);
	conf_free(conf);
}

// The example shows each field's default where it can; so without those lines nothing changes.
static void a_small_file_takes_the_defaults(void **unused)
{
	struct conf *conf;

	conf = load_text(small);
	assert_string_equal(conf->run_dir, "/run/shoal");
	assert_string_equal(conf->log_level, "info");
	assert_int_equal(conf->gtpu_address, 0x0a000001);
	assert_int_equal(conf->idle, CONF_ADAPTIVE);
	assert_int_equal(conf->port[0].driver, CONF_AF_XDP);
	assert_int_equal(conf->port[0].mtu, 1500);
	assert_int_equal(conf->workers, 2);
	assert_int_equal(conf->worker_cpus, 0);
	assert_int_equal(conf->primary_cpu, -1);
	assert_string_equal(conf->hugepage_dir, "/dev/hugepages");
	assert_string_equal(conf->record_dir, "/var/lib/shoal-records");
	assert_int_equal(conf->rooms, 32768);
	assert_int_equal(conf->hold, 8192);
	assert_int_equal(conf->foreign_slots, 256);
	assert_true(conf->rates == 1024 && conf->rules_bytes == 2048);
	assert_string_equal(conf->store_dir, "/var/lib/shoal");
	assert_int_equal(conf->store_mib, 4096);
	assert_int_equal(conf->oss_urls, 1);
	assert_string_equal(conf->oss_url[0], "ipc:///run/shoal/oss.ipc");
	assert_string_equal(conf->event_url, "ipc:///run/shoal/events.ipc");
	assert_int_equal(conf->usage_interval_ms, 1000);
	conf_free(conf);
}

static char *slurp(const char *from)
{
	FILE *file = fopen(from, "r");
	char *text = calloc(1, 1 << 16);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
	fclose(file);
	return text;
}

// Every field that is printed stands in the documented example, so none can be forgotten there.
static void the_example_documents_every_field(void **unused)
{
	char *text = slurp(example());
	char *printed, *line, *next;
	unsigned fields = 0;

	struct conf *conf = load(example());
	struct conf *again = conf_file_again(conf);

	conf_free(conf);
	conf_free(again);
	printed = slurp(conf_path);
	for (line = strtok_r(printed, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		line += strspn(line, " -");
		line[strcspn(line, ":") + 1] = '\0';
		if (!strstr(text, line))
			fail_msg("%s is not in the example", line);
		fields++;
	}
	assert_true(fields > 30);
	free(printed);
	free(text);
}

static void assert_prints_back(struct conf *conf)
{
	struct conf *again = conf_file_again(conf);

	memset(conf->path, 0, sizeof conf->path);
	memset(again->path, 0, sizeof again->path);
	assert_memory_equal(conf, again, sizeof *conf);
	conf_free(conf);
	conf_free(again);
}

static void what_is_printed_loads_back(void **unused)
{
	assert_prints_back(load(example()));
	assert_prints_back(load_text(
	    "run_dir: /srv/x#y\nlog_level: debug\nidle: spin\n"
	    "gtpu_address: 192.168.255.1\n"
	    "ports:\n"
	    "- {name: n.3_-X, driver: memif, device: /run/it's, options: \"id=1,'q' # \\\\ \\\": {}\", role: both,\n"
	    "   vlan: 4094, mtu: 2000, mac: '02:aB:00:00:00:01', addresses: [192.168.255.1/31, 'fe80::1/128'],\n"
	    "   gateway4: 192.168.255.0, gateway6: 'fe80::2'}\n"
	    "- {name: tap, driver: tap, device: dtap0, role: core, mtu: 1280, addresses: ['2001:db8::/127']}\n"
	    "- {name: pc, driver: pcap, device: /x.pcap, role: core, addresses: [9.0.0.1/32]}\n"
	    "- {name: pci, driver: pci, device: '0000:3b:00.0', role: core, addresses: [9.0.0.2/32]}\n"
	    "- {name: gen, driver: plugin, device: net_gtpgen0, options: 'a=1', role: core, addresses: [9.0.0.3/32]}\n"
	    "workers: {count: 3, user: none, cpus: [3, 0, 1023]}\n"
	    "primary: {cpu: 7, plugin: /x.so, hugepage_dir: /mnt/huge, rooms: 1048576, hold: 262144}\n"
	    "pools: [{dnn: a.b, ipv4: 10.0.0.0/24}, {ipv6: '2001:db8:1:100::/56'}]\n"
	    "limits: {foreign_slots: 0, rates: 65535, rules_bytes: 17920}\nbuffering: {packets: 0, seconds: 3600}\n"
	    "ctrl: {user: 65534, store_dir: /s, store_mib: 16, oss: ['ipc:///y', 'ipc:///x'], events: 'ipc:///z',\n"
	    "       usage_interval_ms: 3600000}\ngtpu: {link_mtu: 1280}\npackets: {ue_to_ue: refuse, fragment: no}\n"
	    "doors: [{url: 'tls+tcp://[::1]:1', role: operate, certificate: /a, key: /b, ca: /c},\n"
	    "        {url: 'tls+tcp://0.0.0.0:65535', role: read, dnn: a.b, certificate: /a, key: /b, ca: /d},\n"
	    "        {url: 'tcp://127.0.0.1:2', role: provision, plain: yes},\n"
	    "        {url: 'ipc:///r', role: read, users: [www-data, 1000], group: adm}]\n"));
}

// What is added before the small file and after it, and the fault that must be told.
static const struct fault {
	const char *before, *after, *fault;
} faults[] = {
	// shape
	{ "", "foo: 1\n", ":9: foo: unknown key" },
	{ "", "workers: {coun: 1}\n", ":9: workers.coun: unknown key" },
	{ "", "    mtux: 1500\n", ":9: ports[1].mtux: unknown key" },
	{ "", "    mtu: 1500\n    mtu: 1500\n", ":10: ports[1].mtu: given twice" },
	{ "", "    mtu: [1500]\n", ":9: ports[1].mtu: a single value is expected here, this is a list" },
	{ "", "      - [1]\n", ":9: ports[1].addresses[2]: a single value is expected here, this is a list" },
	{ "", "workers: 3\n", ":9: workers: a mapping is expected here, this is a single value" },
	{ "", "pools: [3]\n", ":9: pools[0]: a mapping is expected here, this is a single value" },
	{ "", "ctrl: {oss: [a, b, c, d, e]}\n", ":9: ctrl.oss[4]: more than 4 entries" },
	{ "log_level: *x\n", "", ":1: found undefined alias" },
	{ "log_level: &x info\nrun_dir: *x\n", "", ":2: run_dir: aliases are not taken" },
	{ "", "x: {\n", ":10: " },
	{ "", "---\na: b\n", ": more than one document" },
	{ "", "? [a]\n: b\n", ": keys and values are not where they should be" },
	{ "run_dir: \"/a\\tb\"\n", "", ":1: run_dir: only printable ASCII" },
	{ "\"a\\e[2J\": 3\n", "", "a?[2J: unknown key" },
	// values
	{ "run_dir: run\n", "", ":1: run_dir: an absolute path" },
	{ "log_level: loud\n", "", ":1: log_level: 'loud' is none of: error, warning, info, debug" },
	{ "idle: lazy\n", "", ":1: idle: 'lazy' is none of: adaptive, spin" },
	{ "", "    mtu: 200\n", ":9: ports[1].mtu: 200 is below 1280" },
	{ "", "    mtu: 2001\n", ":9: ports[1].mtu: 2001 is above 2000" },
	{ "", "    mtu: 15OO\n", ":9: ports[1].mtu: a whole number is expected, not '15OO'" },
	{ "", "    mtu: -1500\n", ":9: ports[1].mtu: a whole number" },
	{ "", "    mtu: 18446744073709553116\n", ":9: ports[1].mtu: 18446744073709553116 is above 2000" },
	{ "", "    vlan: 4095\n", ":9: ports[1].vlan: 4095 is above 4094" },
	{ "", "    driver: ixgbe\n", ":9: ports[1].driver: 'ixgbe' is none of: af_xdp," },
	{ "", "    mac: '01:00:00:00:00:01'\n", ":9: ports[1].mac: a station's address" },
	{ "", "    mac: '02:00:00:00:00:1'\n", ":9: ports[1].mac: a station's address" },
	{ "", "      - 10.0.2.1\n", ":9: ports[1].addresses[2]: a host's address with its prefix length" },
	{ "", "      - 10.0.2.1/33\n", ":9: ports[1].addresses[2]: a host's address" },
	{ "", "      - 10.0.2.1/0\n", ":9: ports[1].addresses[2]: a host's address" },
	{ "", "      - 224.0.0.1/24\n", ":9: ports[1].addresses[2]: a host's address" },
	{ "", "      - 127.0.0.1/8\n", ":9: ports[1].addresses[2]: a host's address" },
	{ "", "      - ff02::1/64\n", ":9: ports[1].addresses[2]: a host's address" },
	{ "", "    gateway4: 10.0.1\n", ":9: ports[1].gateway4: a host's IPv4 address or 'none'" },
	{ "", "    gateway6: 10.0.1.3\n", ":9: ports[1].gateway6: a host's IPv6 address or 'none'" },
	{ "gtpu_address: none\n", "", ":1: gtpu_address: a host's IPv4 address or 'auto'" },
	{ "", "workers: {count: 16}\n", ":9: workers.count: 16 is above 15" },
	{ "", "workers: {count: 0}\n", ":9: workers.count: 0 is below 1" },
	{ "", "workers: {cpus: [any, 1]}\n", ":9: workers.cpus[0]: a whole number is expected, not 'any'" },
	{ "", "pools:\n- ipv4: 10.45.0.0/25\n", ":10: pools[0].ipv4: a pool is a /8 to a /24, not a /25" },
	{ "", "pools:\n- ipv4: 10.45.0.1/24\n", ":10: pools[0].ipv4: 10.45.0.1/24 has bits set below its length" },
	{ "", "pools:\n- ipv4: 240.0.0.0/8\n", ":10: pools[0].ipv4: 240.0.0.0/8 is not for hosts" },
	{ "", "pools:\n- ipv6: 2001:db8::/57\n", ":10: pools[0].ipv6: a pool is a /16 to a /56, not a /57" },
	{ "", "pools:\n- ipv6: 2001:db8::1/56\n", ":10: pools[0].ipv6: 2001:db8::1/56 has bits set" },
	{ "", "pools:\n- ipv6: 2001:db8:0:1::/56\n", ":10: pools[0].ipv6: 2001:db8:0:1::/56 has bits set" },
	{ "", "pools:\n- dnn: 'a b'\n", ":10: pools[0].dnn: a name is made of" },
	{ "", "ctrl: {oss: ['http://x']}\n", ":9: ctrl.oss[0]: ipc:///<path" },
	{ "", "ctrl: {oss: ['ipc://x']}\n", ":9: ctrl.oss[0]: ipc:///<path" },
	{ "", "ctrl: {oss: ['tcp://x:1']}\n", ":9: ctrl.oss[0]: only ipc here" },
	{ "", "ctrl: {events: 'tls+tcp://x:1'}\n", ":9: ctrl.events: only ipc here" },
	{ "", "ctrl: {events: 'tcp://x'}\n", ":9: ctrl.events: ipc:///<path" },
	{ "", "ctrl: {user: -x}\n", ":9: ctrl.user: the name or number of an account" },
	{ "", "doors: [{role: read}]\n", ":9: doors[0].url: must be given" },
	{ "", "doors: [{url: 'ipc:///x'}]\n", ":9: doors[0].role: must be given" },
	{ "", "doors: [{url: 'tcp://x:0', role: read}]\n", ":9: doors[0].url: ipc:///<path" },
	{ "", "doors: [{url: 'tls+tcp://x:65536', role: read}]\n", ":9: doors[0].url: ipc:///<path" },
	{ "", "doors: [{url: 'tcp://:80', role: read}]\n", ":9: doors[0].url: ipc:///<path" },
	{ "", "doors: [{url: 'ipc:///x', role: root}]\n",
	  ":9: doors[0].role: 'root' is none of: read, provision, operate" },
	{ "", "doors: [{url: 'ipc:///x', role: read, plain: maybe}]\n",
	  ":9: doors[0].plain: 'maybe' is none of: no, yes" },
	{ "", "doors: [{url: 'ipc:///x', role: read, key: k}]\n", ":9: doors[0].key: an absolute path" },
	{ "", "doors: [{url: 'ipc:///x', role: read, users: ['a b']}]\n", ":9: doors[0].users[0]: the name or number" },
	// fields against each other
	{ "", "  - {device: c0, role: core}\n", ":9: ports[2].name: must be given" },
	{ "", "  - {name: b, device: c0, role: core, addresses: [9.0.0.1/8]}\n",
	  ":9: ports[2].name: 'b' is ports[1] already" },
	{ "", "  - {name: c, device: b0, role: core, addresses: [9.0.0.1/8]}\n",
	  ":9: ports[2].device: 'b0' is the device of ports[1] already" },
	{ "", "  - {name: c, device: c0, role: core, addresses: [10.0.1.1/8]}\n",
	  ":9: ports[2].addresses[0]: an address of ports[1] already" },
	{ "", "  - {name: c, device: c0, role: core}\n", ":9: ports[2].addresses: a port needs an address" },
	{ "", "      - 10.0.1.1/16\n", ":9: ports[1].addresses[2]: given twice" },
	{ "", "    driver: pcap\n", ":4: ports[1].device: an absolute path is expected" },
	{ "", "    driver: plugin\n", ":9: ports[1].driver: plugin, but primary.plugin names none" },
	{ "primary: {plugin: /x.so}\n", "", ":1: primary.plugin: no port has driver plugin" },
	{ "", "  - {name: c, device: 0123456789abcdef, role: core, addresses: [9.0.0.1/8]}\n",
	  ":9: ports[2].device: '0123456789abcdef' can't be the name of an interface" },
	{ "", "    gateway4: 10.0.2.1\n", ":9: ports[1].gateway4: on no prefix of this port" },
	{ "", "    gateway4: 10.0.1.1\n", ":9: ports[1].gateway4: the port's own address" },
	{ "", "    gateway6: 2001:db8:0:1::1\n", ":9: ports[1].gateway6: on no prefix of this port" },
	{ "", "    gateway6: 2001:db8::1\n", ":9: ports[1].gateway6: the port's own address" },
	{ "gtpu_address: 10.0.1.1\n", "", ":1: gtpu_address: not an address of a port with role access" },
	{ "", "pools: [{dnn: x}]\n", ":9: pools[0]: a pool needs ipv4, ipv6 or both" },
	{ "", "pools:\n- ipv4: 10.46.0.0/16\n- ipv4: 10.46.1.0/24\n", ":11: pools[1].ipv4: overlaps pools[0]" },
	{ "", "pools:\n- ipv6: 3fff::/48\n- ipv6: 3fff::/32\n", ":11: pools[1].ipv6: overlaps pools[0]" },
	{ "", "pools:\n- ipv4: 10.0.0.0/16\n", ":10: pools[0].ipv4: holds ports[0].addresses[0]" },
	{ "", "pools:\n- ipv6: 2001:db8::/48\n", ":10: pools[0].ipv6: holds ports[1].addresses[1]" },
	{ "", "pools:\n- ipv4: 16.0.0.0/8\n", ":10: pools[0]: pools and foreign_slots together pass 65536" },
	{ "", "limits:\n  rules_bytes: 1000\n", ":10: limits.rules_bytes: 1000 is no multiple of 64" },
	{ "", "limits:\n  foreign_slots: 0\n", ":10: limits.foreign_slots: without pools" },
	{ "", "workers:\n  cpus: [1]\n", ":10: workers.cpus: 1 given for 2 workers" },
	{ "", "workers:\n  cpus: [1, 1]\n", ":10: workers.cpus[1]: 1 is given twice" },
	{ "", "primary: {cpu: 1}\nworkers: {cpus: [0, 1]}\n", ":10: workers.cpus[1]: 1 is primary.cpu" },
	{ "", "primary:\n  rooms: 8192\n", ":9: primary.hold: 8192 is more than half of primary.rooms (8192)" },
	{ "", "ctrl: {oss: ['ipc:///x', 'ipc:///x']}\n", ":9: ctrl.oss[1]: given twice" },
	{ "", "ctrl: {oss: ['ipc:///x'], events: 'ipc:///x'}\n", ":9: ctrl.oss[0]: the same as ctrl.events" },
	{ "", "doors: [{url: 'tcp://x:1', role: read}]\n", ":9: doors[0].url: anybody on the way reads" },
	{ "", "doors: [{url: 'ipc:///x', role: read, plain: yes}]\n", ":9: doors[0].plain: only a tcp:// door" },
	{ "", "doors: [{url: 'tcp://x:1', role: read, plain: yes, users: [a]}]\n",
	  ":9: doors[0].users: only an ipc door" },
	{ "", "doors: [{url: 'tls+tcp://x:1', role: read, group: a}]\n", ":9: doors[0].group: only an ipc door" },
	{ "", "doors: [{url: 'tls+tcp://x:1', role: read, certificate: /a, key: /b}]\n",
	  ":9: doors[0].ca: must be given" },
	{ "", "doors: [{url: 'ipc:///x', role: read, key: /b}]\n", ":9: doors[0].key: only a tls+tcp:// door" },
	{ "", "doors: [{url: 'ipc:///x', role: read, dnn: x}]\n", ":9: doors[0].dnn: no pool has" },
	{ "", "pools: [{dnn: x, ipv4: 9.0.0.0/24}]\ndoors:\n- {url: 'ipc:///x', role: operate, dnn: x}\n",
	  ":11: doors[0].dnn: who operates" },
	{ "", "doors:\n- {url: 'ipc:///x', role: read}\n- {url: 'ipc:///x', role: read}\n",
	  ":11: doors[1].url: the same as doors[0]" },
	{ "", "ctrl: {oss: ['ipc:///x']}\ndoors: [{url: 'ipc:///x', role: read}]\n",
	  ":10: doors[0].url: the same as ctrl.oss[0]" },
	{ "", "ctrl: {events: 'ipc:///x'}\ndoors: [{url: 'ipc:///x', role: read}]\n",
	  ":10: doors[0].url: the same as ctrl.events" },
	{ "",
	  "doors:\n- {url: 'tls+tcp://x:1', role: read, certificate: /a, key: /b, ca: /c}\n"
	  "- {url: 'tls+tcp://x:2', role: operate, certificate: /a, key: /b, ca: /c}\n",
	  ":11: doors[1].ca: vouches for the clients of doors[0]" },
};

static void assert_refused(const char *before, const char *after, const char *fault)
{
	struct conf *conf = (void *)conf_path;
	int error = conf_file_load(before, after, &conf);

	if (!error)
		fail_msg("loaded in spite of '%s'", fault);
	assert_int_equal(error, -EINVAL);
	assert_null(conf);
	if (!strstr(conf_told, fault))
		fail_msg("'%s' was conf_told, not '%s'", conf_told, fault);
}

static void every_fault_is_told_where_it_is(void **unused)
{
	char text[2000];

	for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++) {
		snprintf(text, sizeof text, "%s%s", faults[i].before, small);
		assert_refused(text, faults[i].after, faults[i].fault);
		assert_memory_equal(conf_told, conf_path, strlen(conf_path)); // begins with the file's name
	}
}

static void whole_files_that_are_none(void **unused)
{
	struct conf *conf;

	assert_refused("", "", ": the file is empty");
	assert_refused("# only a comment\n", "", ": the file is empty");
	assert_refused("word\n", "", ": a mapping is expected here");
	assert_refused("- a\n", "", ": a mapping is expected here");
	assert_refused("run_dir: /x\n", "", "ports: a gateway needs a port towards the radio side");
	assert_refused("ports:\n- {name: a, device: a, role: access, addresses: [10.0.0.1/8]}\n", "",
		       ":1: ports: a gateway needs");
	assert_refused("ports:\n- {name: a, device: a, role: both, addresses: [2001:db8::1/64]}\n", "",
		       "gtpu_address: no port with role access or both has an IPv4 address");
	assert_int_equal(conf_load("/no/such/file", &conf, conf_told, sizeof conf_told), -ENOENT);
	assert_string_equal(conf_told, "/no/such/file: No such file or directory");
	assert_int_equal(conf_load("/", &conf, conf_told, sizeof conf_told), -EISDIR);
	assert_int_equal(conf_load("/dev/zero", &conf, conf_told, sizeof conf_told), -EFBIG);
	assert_null(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_is_as_it_says),
		cmocka_unit_test_setup_teardown(a_small_file_takes_the_defaults, conf_file_make, conf_file_clear),
		cmocka_unit_test_setup_teardown(the_example_documents_every_field, conf_file_make, conf_file_clear),
		cmocka_unit_test_setup_teardown(what_is_printed_loads_back, conf_file_make, conf_file_clear),
		cmocka_unit_test_setup_teardown(every_fault_is_told_where_it_is, conf_file_make, conf_file_clear),
		cmocka_unit_test_setup_teardown(whole_files_that_are_none, conf_file_make, conf_file_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
