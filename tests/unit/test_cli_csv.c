// test_cli_csv.c - one line of comma-separated values taken apart.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/cli/csv.h"

// Splits a copy of text and checks it for the values given, or for the refusal.
static void expect(const char *text, const char *refusal, const char *const values[])
{
	char *line = strdup(text);
	char *fields[CSV_FIELDS];
	unsigned count, wanted = 0;
	const char *why = csv_split(line, fields, &count);

	if (refusal) {
		assert_non_null(why);
		assert_string_equal(why, refusal);
	} else {
		assert_null(why);
		for (; values[wanted]; wanted++) {
			assert_true(wanted < count);
			assert_string_equal(fields[wanted], values[wanted]);
		}
		assert_int_equal(count, wanted);
	}
	free(line);
}

static void values_are_cut_at_commas(void **state)
{
	expect("a,b,c", NULL, (const char *const[]){ "a", "b", "c", NULL });
	expect("", NULL, (const char *const[]){ "", NULL });
	expect(",", NULL, (const char *const[]){ "", "", NULL });
	expect("a,,", NULL, (const char *const[]){ "a", "", "", NULL });
}

static void blanks_around_values_go(void **state)
{
	expect(" a , b c\t,  ", NULL, (const char *const[]){ "a", "b c", "", NULL });
	expect("\" a \", b", NULL, (const char *const[]){ " a ", "b", NULL });
}

static void quotes_hold_commas_and_quotes(void **state)
{
	expect("\"a,b\",c", NULL, (const char *const[]){ "a,b", "c", NULL });
	expect("\"say \"\"hi\"\"\"", NULL, (const char *const[]){ "say \"hi\"", NULL });
	expect("\"\"", NULL, (const char *const[]){ "", NULL });
	expect("a\"b,c", NULL, (const char *const[]){ "a\"b", "c", NULL });
	expect("\"a\" ,\"b\" ", NULL, (const char *const[]){ "a", "b", NULL });
}

static void broken_quotes_are_refused(void **state)
{
	expect("\"a,b", "has a quote that is not closed on the same line", NULL);
	expect("a,\"", "has a quote that is not closed on the same line", NULL);
	expect("\"a\"\"", "has a quote that is not closed on the same line", NULL);
	expect("\"a\"b,c", "has text behind a closing quote", NULL);
}

static void too_many_values_are_refused(void **state)
{
	char commas[CSV_FIELDS + 1];
	char *fields[CSV_FIELDS];
	unsigned count;

	memset(commas, ',', CSV_FIELDS);
	commas[CSV_FIELDS] = 0;
	assert_string_equal(csv_split(commas, fields, &count), "has more than 64 values");
	memset(commas, ',', CSV_FIELDS);
	commas[CSV_FIELDS - 1] = 0;
	assert_null(csv_split(commas, fields, &count));
	assert_int_equal(count, CSV_FIELDS);
}

static void what_is_written_can_be_read(void **state)
{
	static const char *const values[] = { "plain", "a,b", "\"", " lead", "", "#x", NULL };
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	for (unsigned i = 0; values[i]; i++) {
		if (i)
			fputc(',', file);
		csv_write(file, values[i]);
	}
	fclose(file);
	assert_string_equal(text, "plain,\"a,b\",\"\"\"\",\" lead\",,\"#x\"");
	expect(text, NULL, values);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_cut_at_commas),      cmocka_unit_test(blanks_around_values_go),
		cmocka_unit_test(quotes_hold_commas_and_quotes), cmocka_unit_test(broken_quotes_are_refused),
		cmocka_unit_test(too_many_values_are_refused),   cmocka_unit_test(what_is_written_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
