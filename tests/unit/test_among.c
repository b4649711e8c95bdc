// test_among.c - who is a subscriber of ours, by the pools.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "primary/edge/among.h"

static struct conf conf;

static bool ours4(const struct among *among, uint32_t to)
{
	uint8_t ip[IP4_HEADER];

	ip4_put(ip, &(struct ip4_fields){ .source = 1, .destination = to, .length = IP4_HEADER });
	return among_ours(among, ip, sizeof(ip));
}

static bool ours6(const struct among *among, uint64_t prefix, unsigned length)
{
	uint8_t ip[IP6_HEADER] = { 0x60 };

	be64_put(ip + 24, prefix);
	return among_ours(among, ip, length);
}

static void pools_are_told_by_their_prefixes(void **state)
{
	struct among among;

	among_build(&among, &conf);
	assert_true(ours4(&among, 0x0a2d0000) && ours4(&among, 0x0a2dffff));
	assert_false(ours4(&among, 0x0a2cffff) || ours4(&among, 0x0a2e0000) || ours4(&among, 0));
	assert_true(ours4(&among, 0x64400105));
	assert_true(ours6(&among, 0x20010db800450000, IP6_HEADER) && ours6(&among, 0x20010db80045ffff, IP6_HEADER));
	assert_false(ours6(&among, 0x20010db800460000, IP6_HEADER) || ours6(&among, 0, IP6_HEADER));
	assert_false(ours6(&among, 0x20010db800450000, IP6_HEADER - 1));
	for (unsigned first = 0; first < 256; first++)
		assert_int_equal(among_near(&among, first), first == 10 || first == 100);
}

static void by_the_network_nobody_asks(void **state)
{
	struct among among;

	conf.packets.ue_to_ue = CONF_NETWORK;
	among_build(&among, &conf);
	conf.packets.ue_to_ue = CONF_LOCAL;
	assert_false(ours4(&among, 0x0a2d0005) || ours6(&among, 0x20010db800450000, IP6_HEADER) ||
		     among_near(&among, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_are_told_by_their_prefixes),
		cmocka_unit_test(by_the_network_nobody_asks),
	};

	conf.pools = 2;
	conf.pool[0] =
	    (struct conf_pool){ .ipv4 = 0x0a2d0000, .ipv4_len = 16, .ipv6 = 0x20010db800450000, .ipv6_len = 48 };
	conf.pool[1] = (struct conf_pool){ .ipv4 = 0x64400000, .ipv4_len = 10 };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
