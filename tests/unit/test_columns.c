// test_columns.c - the steps over columns come to the same as in plain words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "tests/stand/stand.h"
#include "workers/pipe/columns_steps.h"

static uint64_t state = 0x2545f4914f6cdd1d;

static void points_are_as_in_plain_words(COLUMN column)
{
	void *points[COLUMNS], *plain[COLUMNS];

	for (int shift = 0; shift < 7; shift += 2) {
		columns_point(points, &state, column, shift);
		columns_point_plain(plain, &state, column, shift);
		assert_memory_equal(points, plain, sizeof(points));
	}
}

static void bits_are_as_in_plain_words(const uint32_t set[8], COLUMN column)
{
	COLUMN which = column % 256, one, other;
	uint32_t signs = columns_signs(columns_bits(set, which));
	uint8_t bytes[COLUMNS];

	for (unsigned i = 0; i < COLUMNS; i++) {
		assert_int_equal(signs >> i & 1, set[which[i] / 32] >> which[i] % 32 & 1);
		bytes[i] = (uint8_t)column[i];
	}
	one = columns_bytes(bytes), other = columns_bytes_plain(bytes);
	assert_memory_equal(&one, &other, sizeof(one));
}

static void steps_are_as_in_plain_words(void **unused)
{
	for (unsigned n = 0; n < 10000; n++) {
		uint32_t row[8], words[COLUMNS], factor = stand_pick(&state, UINT32_MAX) * 2 + 1;
		COLUMN column, one, other;

		for (unsigned i = 0; i < 8; i++) {
			row[i] = stand_pick(&state, UINT32_MAX) << stand_pick(&state, 2);
			words[i] = stand_pick(&state, UINT32_MAX) << stand_pick(&state, 2);
		}
		memcpy(&column, words, sizeof(column));
		one = columns_high(column, factor), other = columns_high_plain(column, factor);
		assert_memory_equal(&one, &other, sizeof(one));
		one = columns_pick(columns_read(row), column);
		other = columns_pick_plain(columns_read(row), column);
		assert_memory_equal(&one, &other, sizeof(one));
		assert_int_equal(columns_signs(column), columns_signs_plain(column));
		points_are_as_in_plain_words(column);
		bits_are_as_in_plain_words(row, column);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_as_in_plain_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
