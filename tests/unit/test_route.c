// test_route.c - next hops: longest prefix, sides, ports, gateways, and destinations that are nobody's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "primary/edge/route_find.h"
#include "shared/plane/lane.h"

enum { ACCESS, WIDE, CORE, BOTH };

static struct conf conf;
static struct routes routes;

static void add(unsigned port, unsigned family, uint64_t high, uint64_t low, unsigned length)
{
	struct conf_address *a = &conf.port[port].address[conf.port[port].addresses++];

	a->family = (uint8_t)family;
	a->prefix_len = (uint8_t)length;
	if (family == 4) {
		be32_put(a->bytes, (uint32_t)low);
	} else {
		be64_put(a->bytes, high);
		be64_put(a->bytes + 8, low);
	}
}

static int setup(void **state)
{
	static const uint8_t gateway6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 0xfe };

	memset(&conf, 0, sizeof(conf));
	conf.ports = 4;
	conf.port[ACCESS].role = CONF_ACCESS;
	conf.port[CORE].role = CONF_CORE;
	conf.port[WIDE].role = CONF_CORE;
	conf.port[BOTH].role = CONF_BOTH;
	add(ACCESS, 4, 0, 0x0a010101, 24); // 10.1.1.1/24
	add(WIDE, 4, 0, 0x0a020001, 16);   // 10.2.0.1/16
	add(CORE, 4, 0, 0x0a020201, 24);   // 10.2.2.1/24, inside the one above
	add(CORE, 6, 0x20010db800020000, 1, 64);
	add(WIDE, 6, 0x20010db800030000, 0x8000000000000001, 65);
	add(BOTH, 4, 0, 0x0a030101, 31); // 10.3.1.1/31
	add(BOTH, 6, 0x2a00000000000000, 1, 29);
	conf.port[ACCESS].gateway4 = 0x0a0101fe;
	conf.port[CORE].gateway4 = 0x0a0202fe;
	conf.port[WIDE].gateway4 = 0x0a02fffe;
	memcpy(conf.port[CORE].gateway6, gateway6, 16);
	route_build(&routes, &conf);
	return 0;
}

static void expect4(unsigned side, uint32_t to, unsigned port, uint32_t hop)
{
	struct route_hop found = { 0 };

	assert_true(route_find(&routes, side, address_ipv4(to), &found));
	assert_int_equal(found.port, port);
	assert_true(address_same(found.address, address_ipv4(hop)));
}

static void expect6(unsigned side, struct address to, unsigned port, struct address hop)
{
	struct route_hop found = { 0 };

	assert_true(route_find(&routes, side, to, &found));
	assert_int_equal(found.port, port);
	assert_true(address_same(found.address, hop));
}

static void expect_none(unsigned side, struct address to)
{
	struct route_hop found = { 0 };

	assert_false(route_find(&routes, side, to, &found));
}

static void longest_prefix(void **state)
{
	expect4(LANE_SIDE_CORE, 0x0a020305, WIDE, 0x0a020305);
	expect4(LANE_SIDE_CORE, 0x0a020205, CORE, 0x0a020205);
	expect4(LANE_SIDE_CORE, 0x0a0202fe, CORE, 0x0a0202fe);
	expect4(LANE_SIDE_ACCESS, 0x0a010105, ACCESS, 0x0a010105);
	expect4(LANE_SIDE_ACCESS, 0x0a030100, BOTH, 0x0a030100); // a /31 has no broadcast
	expect4(LANE_SIDE_CORE, 0x0a030100, BOTH, 0x0a030100);
}

static void sides_do_not_mix(void **state)
{
	expect4(LANE_SIDE_ACCESS, 0x0a020205, ACCESS, 0x0a0101fe);
	expect4(LANE_SIDE_CORE, 0x0a010105, WIDE, 0x0a02fffe); // the first core port's gateway
	expect4(LANE_SIDE_CORE, 0x08080808, WIDE, 0x0a02fffe);
}

static void one_port_only(void **state)
{
	expect4(WIDE, 0x0a020205, WIDE, 0x0a020205);
	expect4(WIDE, 0x08080808, WIDE, 0x0a02fffe);
	expect4(ACCESS, 0x0a020205, ACCESS, 0x0a0101fe);
	expect_none(BOTH, address_ipv4(0x08080808)); // no gateway there
}

static void ipv6(void **state)
{
	struct address on_link = { 0x20010db800020000, 77 }, far = { 0x26000000aabbccdd, 1 };
	struct address gateway = { 0x20010db800020000, 0xfe };
	struct address upper = { 0x20010db800030000, 0x8000000000000005 }, lower = { 0x20010db800030000, 5 };
	struct address anycast = { 0x2a00000100000000, 0 };
	struct address local = { 0xfe80ull << 48, 5 };

	expect6(LANE_SIDE_CORE, on_link, CORE, on_link);
	expect6(LANE_SIDE_CORE, far, CORE, gateway);
	expect6(LANE_SIDE_CORE, upper, WIDE, upper);
	expect6(LANE_SIDE_CORE, lower, CORE, gateway);
	expect6(LANE_SIDE_CORE, anycast, BOTH, anycast); // IPv6 knows no broadcast
	expect_none(LANE_SIDE_ACCESS, on_link);
	expect6(WIDE, local, WIDE, local);
	expect_none(LANE_SIDE_CORE, local);
	expect_none(WIDE, far);
}

static void nobody(void **state)
{
	static const uint32_t none[] = { 0x0a0202ff, 0x0a020200, 0x0a02ffff, 0x7f000001,
					 0x00000001, 0xe0000005, 0xffffffff, 0xf0000000 };
	static const struct address none6[] = { { 0xff02ull << 48, 1 }, { 0, 1 }, { 0, 0 } };

	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		expect_none(LANE_SIDE_CORE, address_ipv4(none[i]));
	for (unsigned i = 0; i < sizeof(none6) / sizeof(none6[0]); i++)
		expect_none(LANE_SIDE_CORE, none6[i]);
	expect_none(CORE, none6[0]);
}

static void masks(void **state)
{
	for (unsigned length = 0; length <= 128; length++) {
		struct address mask = address_mask(6, length);

		assert_int_equal(__builtin_popcountll(mask.high) + __builtin_popcountll(mask.low), length);
		assert_int_equal(mask.high, length == 0 ? 0 : UINT64_MAX << (length >= 64 ? 0 : 64 - length));
		assert_int_equal(mask.low, length <= 64 ? 0 : UINT64_MAX << (128 - length));
	}
	for (unsigned length = 0; length <= 32; length++)
		assert_true(address_same(address_mask(4, length), address_mask(6, 96 + length)));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(longest_prefix), cmocka_unit_test(sides_do_not_mix),
					    cmocka_unit_test(one_port_only),  cmocka_unit_test(ipv6),
					    cmocka_unit_test(nobody),         cmocka_unit_test(masks) };

	return cmocka_run_group_tests(tests, setup, NULL);
}
