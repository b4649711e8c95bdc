// test_filter.c - flow descriptions that SMFs send: what they mean, and what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "shared/wire/filter.h"

static struct filter reads(const char *text)
{
	size_t length = strlen(text);
	char *exact = malloc(length); // so that a look beyond the end is seen
	struct filter filter;
	const char *fault;

	assert_non_null(exact);
	memcpy(exact, text, length);
	if (filter_read(exact, length, &filter, &fault))
		fail_msg("\"%s\": %s", text, fault);
	assert_null(fault);
	free(exact);
	return filter;
}

static void refuses(const char *text, int error)
{
	struct filter filter;
	const char *fault = NULL;

	if (filter_read(text, strlen(text), &filter, &fault) != error)
		fail_msg("\"%s\" is not refused with %d", text, error);
	assert_non_null(fault);
}

static void net_is(const struct filter_net *net, unsigned family, unsigned bits, uint32_t first)
{
	assert_int_equal(net->family, family);
	assert_int_equal(net->bits, bits);
	assert_int_equal(net->word[0], first);
}

static void everything(void **state)
{
	static const char *const texts[] = {
		"permit out ip from any to assigned", // open5gs, free5gc, OAI
		"permit out ip from any to any",      "permit  out\tip from any 0-65535 to assigned 0-65535 ",
		"permit in ip from assigned to any",  "permit in ip from any to assigned",
		"permit out ip from assigned to any",
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct filter filter = reads(texts[i]);

		assert_true(filter.any_protocol);
		net_is(&filter.remote, 0, 0, 0);
		net_is(&filter.local, 0, 0, 0);
		assert_int_equal(filter.remote_ports.count, 0);
		assert_int_equal(filter.local_ports.count, 0);
		assert_false(filter.remote.assigned);
	}
}

static void protocols_addresses_and_ports(void **state)
{
	struct filter filter = reads("permit out 17 from 172.20.166.84 to 172.18.128.20 20001"); // open5gs, of an AF

	assert_false(filter.any_protocol);
	assert_int_equal(filter.protocol, 17);
	net_is(&filter.remote, 4, 32, 0xac14a654);
	net_is(&filter.local, 4, 32, 0xac128014);
	assert_int_equal(filter.local_ports.count, 1);
	assert_int_equal(filter.local_ports.range[0].first, 20001);
	assert_int_equal(filter.local_ports.range[0].last, 20001);

	filter = reads("permit out udp from 10.0.0.0/8 to assigned 80-80"); // pfcpsim
	assert_int_equal(filter.protocol, 17);
	net_is(&filter.remote, 4, 8, 0x0a000000);
	assert_true(filter.local.assigned);
	assert_int_equal(filter.local_ports.range[0].last, 80);

	filter = reads("permit out ip from 1.1.1.1/32 to 10.60.0.0/16"); // free5gc
	net_is(&filter.remote, 4, 32, 0x01010101);
	net_is(&filter.local, 4, 16, 0x0a3c0000);

	filter = reads("permit out 6 from 2001:db8:1::/48 80,443,1000-2000 to assigned");
	net_is(&filter.remote, 6, 48, 0x20010db8);
	assert_int_equal(filter.remote.word[1], 0x00010000);
	assert_int_equal(filter.remote_ports.count, 3);
	assert_int_equal(filter.remote_ports.range[1].first, 443);
	assert_int_equal(filter.remote_ports.range[2].first, 1000);
	assert_int_equal(filter.remote_ports.range[2].last, 2000);

	filter = reads("permit out ip from 10.60.1.7/16 to assigned"); // bits beyond the prefix
	net_is(&filter.remote, 4, 16, 0x0a3c0000);
	filter = reads("permit out ip from 0.0.0.0/0 to assigned"); // IPv4 alone
	net_is(&filter.remote, 4, 0, 0);
}

static void router_solicitations(void **state)
{
	static const char *const texts[] = {
		"permit out 58 from ff02::2/128 to assigned", // open5gs
		"permit out icmpv6 from ff02::2 to assigned",
		"permit out 58 from fe80::/64 to ff02::2", // free5gc: as the UE sends it
		"permit in 58 from fe80::/64 to ff02::2",
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct filter filter = reads(texts[i]);

		assert_int_equal(filter.protocol, 58);
		net_is(&filter.remote, 6, 128, 0xff020000);
		assert_int_equal(filter.remote.word[3], 2);
		assert_true(filter_holds(&filter.local, 0, 0x20010db800450000));
	}
}

static void from_the_ue(void **state)
{
	struct filter filter = reads("permit in 6 from 10.45.0.2 1024-65535 to 192.0.2.0/24 80");

	net_is(&filter.remote, 4, 24, 0xc0000200);
	net_is(&filter.local, 4, 32, 0x0a2d0002);
	assert_int_equal(filter.remote_ports.range[0].first, 80);
	assert_int_equal(filter.local_ports.range[0].first, 1024);
	filter = reads("permit out 6 from assigned 7 to 192.0.2.1");
	net_is(&filter.remote, 4, 32, 0xc0000201);
	assert_int_equal(filter.local_ports.range[0].first, 7);
}

static void holding(void **state)
{
	struct filter filter = reads("permit out ip from any to 10.45.0.0/22");

	assert_true(filter_holds(&filter.local, 0x0a2d03ff, 0));
	assert_false(filter_holds(&filter.local, 0x0a2d0400, 0));
	assert_false(filter_holds(&filter.local, 0, 0x20010db800450000));
	filter = reads("permit out ip from any to 2001:db8:45::/56");
	assert_true(filter_holds(&filter.local, 0, 0x20010db8004500ff));
	assert_false(filter_holds(&filter.local, 0, 0x20010db800450100));
	assert_false(filter_holds(&filter.local, 0x0a2d0001, 0));
	filter = reads("permit out ip from any to 2001:db8:45::1"); // part of a /64
	assert_false(filter_holds(&filter.local, 0, 0x20010db800450000));
}

static void what_is_not_served(void **state)
{
	refuses("deny out ip from any to assigned", -EOPNOTSUPP);
	refuses("permit out ip from !10.0.0.0/8 to assigned", -EOPNOTSUPP);
	refuses("permit out ip from any to !10.0.0.1", -EOPNOTSUPP);
	refuses("permit out 6 from any to assigned established", -EOPNOTSUPP);
	refuses("permit out 6 from any to assigned 80 frag", -EOPNOTSUPP);
	refuses("permit out 6 from any "
		"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33 to any",
		-EOPNOTSUPP);
}

static void what_is_none(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"permit",
		"permit out",
		"permit over ip from any to any",
		"Permit out ip from any to any",
		"permit out 256 from any to any",
		"permit out -1 from any to any",
		"permit out 6x from any to any",
		"permit out ip",
		"permit out ip from",
		"permit out ip from any",
		"permit out ip from any to",
		"permit out ip from any 80",
		"permit out ip any to any",
		"permit out ip from 10.0.0 to any",
		"permit out ip from 10.0.0.1/33 to any",
		"permit out ip from 10.0.0.1/ to any",
		"permit out ip from 10.0.0.1/8x to any",
		"permit out ip from 2001:db8::/129 to any",
		"permit out ip from 2001:db8::1::2 to any",
		"permit out ip from /8 to any",
		"permit out 6 from any 65536 to any",
		"permit out 6 from any 9-8 to any",
		"permit out 6 from any 80, to any",
		"permit out 6 from any 80,,81 to any",
		"permit out 6 from any 80- to any",
		"permit out ip from assigned to assigned",
		"permit out ip from 1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee to any",
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refuses(texts[i], -EINVAL);
}

static void nul_in_an_address(void **state)
{
	static const char text[] = "permit out ip from 10.0.0.1\0x to any";
	struct filter filter;
	const char *fault;

	assert_int_equal(filter_read(text, sizeof(text) - 1, &filter, &fault), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything),
		cmocka_unit_test(protocols_addresses_and_ports),
		cmocka_unit_test(router_solicitations),
		cmocka_unit_test(from_the_ue),
		cmocka_unit_test(holding),
		cmocka_unit_test(what_is_not_served),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(nul_in_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
