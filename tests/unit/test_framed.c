// test_framed.c - the door's table of networks behind subscribers: the longest prefix; families and routing domains apart; against a list that
// is walked.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "primary/edge/framed.h"

#define KNOWN 64u

static struct framed_table table;
static struct framed known[KNOWN];

static int begin(void **state)
{
	memset(known, 0, sizeof(known));
	return framed_init(&table);
}

static int end(void **state)
{
	framed_fini(&table);
	return 0;
}

static struct framed ipv4_of(uint32_t ipv4, uint32_t length, uint32_t own)
{
	return (struct framed){ .prefix = prefix_ipv4(ipv4, length), .own = own };
}

static void set(struct framed framed)
{
	assert_int_equal(framed_set(&table, &framed), 0);
}

static void the_longest_prefix_wins(void **state)
{
	set(ipv4_of(0xc0000200, 24, 1));
	set(ipv4_of(0xc0000210, 28, 2));
	set(ipv4_of(0xc0000215, 32, 3));
	assert_int_equal(framed_find(&table, 0, address_ipv4(0xc0000201)), 1);
	assert_int_equal(framed_find(&table, 0, address_ipv4(0xc0000211)), 2);
	assert_int_equal(framed_find(&table, 0, address_ipv4(0xc0000215)), 3);
	assert_int_equal(framed_find(&table, 0, address_ipv4(0xc0000300)), 0);
	set(ipv4_of(0xc0000210, 28, 0));
	assert_int_equal(framed_find(&table, 0, address_ipv4(0xc0000211)), 1);
	set(ipv4_of(0xc0000210, 28, 0)); // again
	assert_int_equal(table.count, 2);
}

static void families_are_apart(void **state)
{
	const uint64_t high = 0x20010db800070000;

	set((struct framed){ .prefix = { .high = high, .length = 48 }, .own = 7 });
	set((struct framed){ .prefix = { .high = high, .low = 5, .length = 128 }, .own = 8 });
	set(ipv4_of(0x20000000, 8, 9));
	assert_int_equal(framed_find(&table, 0, (struct address){ high | 0xffff, ~0ull }), 7);
	assert_int_equal(framed_find(&table, 0, (struct address){ high, 5 }), 8);
	assert_int_equal(framed_find(&table, 0, (struct address){ high + 0x10000, 5 }), 0);
	assert_int_equal(framed_find(&table, 0, address_ipv4(0x20010db8)), 9);
	assert_int_equal(framed_find(&table, 0, (struct address){ 0, 0x20010db8 }), 0);
}

// The same prefix is each one's in its network; so is a longer one.
static void networks_are_apart(void **state)
{
	for (uint32_t network = 1; network <= 16; network++)
		set((struct framed){ prefix_ipv4(0xc0000200, 24), network, network });
	set((struct framed){ prefix_ipv4(0xc0000210, 28), 77, 3 });
	for (uint32_t network = 1; network <= 16; network++) {
		assert_int_equal(framed_find(&table, network, address_ipv4(0xc0000201)), network);
		assert_int_equal(framed_find(&table, network, address_ipv4(0xc0000211)), network == 3 ? 77 : network);
	}
	assert_int_equal(framed_find(&table, 0, address_ipv4(0xc0000201)), 0);
	set((struct framed){ prefix_ipv4(0xc0000200, 24), 0, 2 });
	assert_int_equal(framed_find(&table, 2, address_ipv4(0xc0000211)), 0);
	assert_int_equal(framed_find(&table, 1, address_ipv4(0xc0000211)), 1);
	assert_int_equal(framed_find(&table, 3, address_ipv4(0xc0000201)), 3);
	assert_int_equal(table.count, 16);
}

static void what_is_no_prefix_is_refused(void **state)
{
	struct framed bad[] = { ipv4_of(0xc0000201, 24, 1),
				ipv4_of(0xc0000200, 33, 1),
				{ .prefix = { .high = 1, .length = 63 }, .own = 1 },
				{ .prefix = { .length = UINT32_MAX }, .own = 1 } };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(framed_set(&table, &bad[i]), -EINVAL);
	assert_int_equal(table.count, 0);
}

static void a_full_table_takes_no_more(void **state)
{
	struct framed more = ipv4_of(0x0b000000, 32, 1);

	for (uint32_t i = 0; i < FRAMED_MAX; i++)
		set(ipv4_of(0x0a000000 + i, 32, i + 1));
	assert_int_equal(framed_set(&table, &more), -ENOSPC);
	assert_int_equal(framed_find(&table, 0, address_ipv4(0x0a001234)), 0x1235);
	set(ipv4_of(0x0a000007, 32, 0));
	set(more);
	assert_int_equal(framed_find(&table, 0, address_ipv4(0x0a000007)), 0);
	assert_int_equal(framed_find(&table, 0, address_ipv4(0x0b000000)), 1);
}

static uint32_t known_find(uint32_t network, uint32_t ipv4)
{
	const struct framed *best = NULL;

	for (unsigned i = 0; i < KNOWN; i++)
		if (known[i].own && known[i].network == network &&
		    prefix_holds(&known[i].prefix, 0, PREFIX_IPV4_LOW | ipv4) &&
		    (!best || known[i].prefix.length > best->prefix.length))
			best = &known[i];
	return best ? best->own : 0;
}

static void as_a_list_would_say(void **state)
{
	srandom(1);
	for (unsigned n = 0; n < 20000; n++) {
		unsigned at = (unsigned)random() % KNOWN;
		uint32_t length = 24 + at % 8, own = random() % 3 ? at + 1 : 0;
		uint32_t ipv4 = (0xc0000200 + at * 8) & ~(uint32_t)prefix_rest_low(96 + length);
		struct framed framed = { prefix_ipv4(ipv4, length), own, at / 8 % 3 };

		for (unsigned i = 0; i < KNOWN; i++) // the same prefix is of one in a network
			if (known[i].own && known[i].network == framed.network &&
			    !memcmp(&known[i].prefix, &framed.prefix, sizeof(framed.prefix)))
				known[i].own = 0;
		set(framed);
		known[at] = framed;
		ipv4 = 0xc0000200 + (uint32_t)random() % 1024;
		for (uint32_t network = 0; network < 3; network++)
			assert_int_equal(framed_find(&table, network, address_ipv4(ipv4)), known_find(network, ipv4));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_longest_prefix_wins, begin, end),
		cmocka_unit_test_setup_teardown(families_are_apart, begin, end),
		cmocka_unit_test_setup_teardown(networks_are_apart, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_prefix_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_full_table_takes_no_more, begin, end),
		cmocka_unit_test_setup_teardown(as_a_list_would_say, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
