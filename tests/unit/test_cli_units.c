// test_cli_units.c - numbers, rates, sizes and addresses as people write them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "ctrl/cli/units.h"

static void numbers_are_decimal_or_hexadecimal(void **state)
{
	uint64_t number;

	assert_null(units_parse_number("0", 10, &number));
	assert_int_equal(number, 0);
	assert_null(units_parse_number("0xfF", 255, &number));
	assert_int_equal(number, 255);
	assert_null(units_parse_number("18446744073709551615", UINT64_MAX, &number));
	assert_true(number == UINT64_MAX);
	assert_string_equal(units_parse_number("18446744073709551616", UINT64_MAX, &number), "is too large");
	assert_string_equal(units_parse_number("11", 10, &number), "is too large");
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const words[] = { "", "-1", "+1", " 1", "1 ", "0x", "1f", "x", "1.0", "\xff" };
	uint64_t number = 7;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_non_null(units_parse_number(words[i], UINT64_MAX, &number));
	assert_int_equal(number, 7);
}

static void rates_have_decimal_units(void **state)
{
	uint64_t bps;

	assert_null(units_parse_rate("10M", &bps));
	assert_int_equal(bps, 10000000);
	assert_null(units_parse_rate("1.5G", &bps));
	assert_int_equal(bps, 1500000000);
	assert_null(units_parse_rate("0.001k", &bps));
	assert_int_equal(bps, 1);
	assert_null(units_parse_rate("1T", &bps));
	assert_int_equal(bps, UINT64_C(1000000000000));
	assert_null(units_parse_rate("0", &bps));
	assert_int_equal(bps, 0);
}

static void bad_rates_are_refused(void **state)
{
	static const char *const words[] = { "",
					     "M",
					     "10Mi",
					     "10 M",
					     "-1M",
					     "1.5",
					     "1.0001k",
					     "1.1T",
					     "2T",
					     "10MM",
					     ".5M",
					     "1.M",
					     "99999999999999999999999T",
					     "1e6",
					     "\xc3",
					     "0.0005k" };
	uint64_t bps = 7;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_non_null(units_parse_rate(words[i], &bps));
	assert_int_equal(bps, 7);
}

static void sizes_have_both_kinds_of_units(void **state)
{
	uint32_t bytes = 7;

	assert_null(units_parse_size("64k", &bytes));
	assert_int_equal(bytes, 64000);
	assert_null(units_parse_size("64Ki", &bytes));
	assert_int_equal(bytes, 65536);
	assert_null(units_parse_size("4294967295", &bytes));
	assert_int_equal(bytes, UINT32_MAX);
	assert_non_null(units_parse_size("4294967296", &bytes));
	assert_non_null(units_parse_size("4Gi", &bytes));
	assert_int_equal(bytes, UINT32_MAX);
}

static void seconds_are_positive_and_bounded(void **state)
{
	uint32_t ms = 0;

	assert_null(units_parse_seconds("0.25", 60000, &ms));
	assert_int_equal(ms, 250);
	assert_null(units_parse_seconds("60s", 60000, &ms));
	assert_int_equal(ms, 60000);
	assert_non_null(units_parse_seconds("61", 60000, &ms));
	assert_non_null(units_parse_seconds("0", 60000, &ms));
	assert_non_null(units_parse_seconds("1m", 60000, &ms));
}

static void percentages_are_tenths(void **state)
{
	uint32_t permille = 0;

	assert_null(units_parse_permille("1%", &permille));
	assert_int_equal(permille, 10);
	assert_null(units_parse_permille("0.5", &permille));
	assert_int_equal(permille, 5);
	assert_null(units_parse_permille("100%", &permille));
	assert_int_equal(permille, 1000);
	assert_non_null(units_parse_permille("100.1%", &permille));
	assert_non_null(units_parse_permille("0.05%", &permille));
	assert_non_null(units_parse_permille("0", &permille));
	assert_non_null(units_parse_permille("5s", &permille));
	assert_non_null(units_parse_permille("%", &permille));
}

static void addresses_are_exact(void **state)
{
	uint32_t address = 0;
	uint64_t prefix = 0;

	assert_null(units_parse_ipv4("10.0.0.1", &address));
	assert_int_equal(address, 0x0a000001);
	assert_non_null(units_parse_ipv4("10.0.0", &address));
	assert_non_null(units_parse_ipv4("10.0.0.1/32", &address));
	assert_null(units_parse_prefix6("2001:db8:1:2::/64", &prefix));
	assert_true(prefix == UINT64_C(0x20010db800010002));
	assert_null(units_parse_prefix6("2001:db8::", &prefix));
	assert_true(prefix == UINT64_C(0x20010db800000000));
	assert_string_equal(units_parse_prefix6("2001:db8::1", &prefix), "has bits set below the /64");
	assert_non_null(units_parse_prefix6("2001:db8::/48", &prefix));
	assert_non_null(units_parse_prefix6("::", &prefix));
	assert_non_null(units_parse_prefix6("0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/64", &prefix));
}

static void what_is_printed_reads_well(void **state)
{
	assert_string_equal(units_count(0).text, "0");
	assert_string_equal(units_count(999).text, "999");
	assert_string_equal(units_count(1234567).text, "1,234,567");
	assert_string_equal(units_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
	assert_string_equal(units_rate(0).text, "unlimited");
	assert_string_equal(units_rate(999).text, "999 b/s");
	assert_string_equal(units_rate(10000000).text, "10 Mb/s");
	assert_string_equal(units_bytes(1536).text, "1.5 KiB");
	assert_string_equal(units_span(90061000).text, "1 d 01:01:01");
	assert_string_equal(units_when(0).text, "-");
	assert_string_equal(units_when(1000).text, "1970-01-01T00:00:01Z");
	assert_string_equal(units_ipv4(0).text, "-");
	assert_string_equal(units_prefix6(UINT64_C(0x20010db800010002)).text, "2001:db8:1:2::/64");
}

static void hostile_words_are_made_harmless(void **state)
{
	char word[200];

	assert_string_equal(units_quote("a\x1b[2Jb\xff").text, "a?[2Jb?");
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = 0;
	assert_int_equal(strlen(units_quote(word).text), 51);
	word[48] = 0;
	assert_string_equal(units_quote(word).text, word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal_or_hexadecimal),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(rates_have_decimal_units),
		cmocka_unit_test(bad_rates_are_refused),
		cmocka_unit_test(sizes_have_both_kinds_of_units),
		cmocka_unit_test(seconds_are_positive_and_bounded),
		cmocka_unit_test(percentages_are_tenths),
		cmocka_unit_test(addresses_are_exact),
		cmocka_unit_test(what_is_printed_reads_well),
		cmocka_unit_test(hostile_words_are_made_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
