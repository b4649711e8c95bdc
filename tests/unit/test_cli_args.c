// test_cli_args.c - a command line taken apart by its tables. Refusals are said on stderr; here only that they happen counts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "ctrl/cli/args.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/row.h"

static const struct args_option own[] = {
	{ "peer", "ADDR", "needs a value" },
	{ "ipv4", "[ADDR]", "may have one" },
	{ "wait", NULL, "a switch" },
	{ "n", "N", "one letter" },
	{ 0 },
};
static const struct args_option common[] = { { "json", NULL, "a switch" }, { 0 } };

#define ARGV(...) ((char *[]){ __VA_ARGS__, NULL })

static struct args args;

static int take(char **argv, bool stop)
{
	args = (struct args){ .command = "test" };
	return args_read(&args, own, common, argv, stop);
}

static void options_and_words_mix(void **state)
{
	assert_int_equal(take(ARGV("one", "--peer", "10.0.0.1", "--json", "two", "--wait", "-n", "5"), false), 8);
	assert_int_equal(args.word_count, 2);
	assert_string_equal(args.words[1], "two");
	assert_string_equal(args_value(&args, "peer"), "10.0.0.1");
	assert_string_equal(args_value(&args, "wait"), "");
	assert_string_equal(args_value(&args, "n"), "5");
	assert_null(args_value(&args, "ipv4"));
}

static void a_value_may_follow_an_equals_sign(void **state)
{
	assert_int_equal(take(ARGV("--peer=a=b", "--ipv4="), false), 2);
	assert_string_equal(args_value(&args, "peer"), "a=b");
	assert_string_equal(args_value(&args, "ipv4"), "");
}

static void an_optional_value_may_be_left_out(void **state)
{
	assert_int_equal(take(ARGV("--ipv4", "--wait"), false), 2);
	assert_string_equal(args_value(&args, "ipv4"), "");
	assert_non_null(args_value(&args, "wait"));
	assert_int_equal(take(ARGV("--ipv4", "auto"), false), 2);
	assert_string_equal(args_value(&args, "ipv4"), "auto");
	assert_int_equal(take(ARGV("--ipv4"), false), 1);
}

static void two_dashes_end_the_options(void **state)
{
	assert_int_equal(take(ARGV("--wait", "--", "--peer", "-"), false), 4);
	assert_int_equal(args.word_count, 2);
	assert_string_equal(args.words[0], "--peer");
	assert_int_equal(take(ARGV("-"), false), 1);
	assert_string_equal(args.words[0], "-");
}

static void reading_may_stop_at_a_word(void **state)
{
	assert_int_equal(take(ARGV("--json", "status", "--unknown"), true), 1);
	assert_int_equal(args.word_count, 0);
}

static void what_is_not_in_the_tables_is_refused(void **state)
{
	assert_int_equal(take(ARGV("--unknown"), false), -EINVAL);
	assert_int_equal(take(ARGV("-peer", "x"), false), -EINVAL);
	assert_int_equal(take(ARGV("--n", "5"), false), -EINVAL);
	assert_int_equal(take(ARGV("--pee", "x"), false), -EINVAL);
	assert_int_equal(take(ARGV("---"), false), -EINVAL);
	assert_int_equal(take(ARGV("--="), false), -EINVAL);
}

static void misused_options_are_refused(void **state)
{
	assert_int_equal(take(ARGV("--peer"), false), -EINVAL);
	assert_int_equal(take(ARGV("--wait=yes"), false), -EINVAL);
	assert_int_equal(take(ARGV("--wait", "--wait"), false), -EINVAL);
}

static void too_many_words_are_refused(void **state)
{
	static char *argv[ARGS_WORDS + 2];

	for (unsigned i = 0; i <= ARGS_WORDS; i++)
		argv[i] = "word";
	assert_int_equal(take(argv, false), -EINVAL);
	argv[ARGS_WORDS] = NULL;
	assert_int_equal(take(argv, false), ARGS_WORDS);
}

static void numbers_keep_their_range(void **state)
{
	const uint64_t range[2] = { 1, 10 };
	uint64_t number = 7;

	take(ARGV("--json"), false);
	assert_true(args_number(&args, "n", range, &number));
	assert_int_equal(number, 7);
	take(ARGV("-n", "10"), false);
	assert_true(args_number(&args, "n", range, &number));
	assert_int_equal(number, 10);
	take(ARGV("-n", "0"), false);
	assert_false(args_number(&args, "n", range, &number));
	take(ARGV("-n", "11"), false);
	assert_false(args_number(&args, "n", range, &number));
}

static void commands_are_found_by_their_words(void **state)
{
	int used;

	assert_string_equal(command_find(ARGV("session", "add", "x"), &used)->name, "session add");
	assert_int_equal(used, 2);
	assert_string_equal(command_find(ARGV("status", "add"), &used)->name, "status");
	assert_int_equal(used, 1);
	assert_null(command_find(ARGV("session"), &used));
	assert_null(command_find(ARGV("session add"), &used));
	assert_null(command_find(ARGV("", "add"), &used));
	assert_true(command_family("session"));
	assert_false(command_family("sess"));
}

// Every option of `session add` but the switch is a field, so that none is taken and forgotten.
static void options_of_session_add_are_fields(void **state)
{
	int used;
	const struct args_option *option = command_find(ARGV("session", "add"), &used)->options;

	for (; option->name; option++)
		assert_true(!option->value == !row_find(option->name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_words_mix),
		cmocka_unit_test(a_value_may_follow_an_equals_sign),
		cmocka_unit_test(an_optional_value_may_be_left_out),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(reading_may_stop_at_a_word),
		cmocka_unit_test(what_is_not_in_the_tables_is_refused),
		cmocka_unit_test(misused_options_are_refused),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(numbers_keep_their_range),
		cmocka_unit_test(commands_are_found_by_their_words),
		cmocka_unit_test(options_of_session_add_are_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
