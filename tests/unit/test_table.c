// test_table.c - the hash table and the rate table, against plain arrays.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "ctrl/kit/hash.h"
#include "ctrl/kit/table.h"
#include "ctrl/session/rates.h"

#define KEYS 20000u

static void holds_what_was_put(void **state)
{
	static uint8_t values[KEYS];
	static uint8_t there[KEYS];
	struct table table;
	uint32_t count = 0;

	assert_int_equal(table_open(&table), 0);
	srand(5);
	for (unsigned step = 0; step < 400000; step++) {
		uint32_t i = (uint32_t)rand() % KEYS;
		uint64_t key = 1 + (uint64_t)i * (i % 2 ? 1 : 0x100000000ull);

		assert_ptr_equal(table_get(&table, key), there[i] ? &values[i] : NULL);
		if (there[i])
			table_drop(&table, key);
		else
			assert_int_equal(table_put(&table, key, &values[i]), 0);
		count += there[i] ? -1u : 1;
		there[i] = !there[i];
		assert_int_equal(table.count, count);
	}
	table_drop(&table, 1ull << 62); // not there
	assert_int_equal(table.count, count);
	assert_null(table_get(&table, 0));
	table_close(&table);
}

// Many at once are what they would be one by one, whatever was there before.
static void fills_as_it_puts(void **state)
{
	static struct table_slot slots[KEYS];
	static uint8_t values[KEYS + 1];
	struct table table;

	for (uint32_t before = 0; before <= 3000; before += 1500) {
		assert_int_equal(table_open(&table), 0);
		for (uint32_t i = 1; i <= before; i++)
			assert_int_equal(table_put(&table, i, &values[0]), 0);
		for (uint32_t i = 0; i < KEYS;
		     i++) // 0 is none; the second half says again, otherwise, what the first one said
			slots[i] = (struct table_slot){ i % (KEYS / 2), &values[1 + i] };
		assert_int_equal(table_fill(&table, slots, KEYS), 0);
		assert_int_equal(table.count, KEYS / 2 - 1);
		for (uint32_t key = 1; key < KEYS / 2; key++)
			assert_ptr_equal(table_get(&table, key), &values[1 + KEYS / 2 + key]);
		for (uint32_t key = 1; key < KEYS / 2; key++)
			table_drop(&table, key);
		assert_int_equal(table.count, 0);
		assert_int_equal(table_fill(&table, slots, 0), 0);
		table_close(&table);
	}
}

static void equal_rates_share(void **state)
{
	struct rates *rates = rates_make(4);
	struct bearer_rate a = { 1000, 3000, 0 }, b = { 1000, 3000, 1 }, c = { 2000, 3000, 0 }, d = { 9, 9, 9 };
	uint16_t at[5];

	assert_int_equal(rates_take(rates, &a, &at[0]), 0);
	assert_int_equal(rates_take(rates, &a, &at[1]), 0);
	assert_int_equal(at[0], at[1]);
	assert_int_equal(rates_take(rates, &b, &at[2]), 0);
	assert_int_equal(rates_take(rates, &c, &at[3]), 0);
	assert_true(at[0] && at[2] && at[3] && at[0] != at[2] && at[2] != at[3] && at[0] != at[3]);
	assert_int_equal(rates_take(rates, &d, &at[4]), -ENOSPC);
	rates_tell(rates, at[2], 255);
	assert_true(rates_told(rates, at[2], 255));
	assert_false(rates_told(rates, at[2], 191));
	rates_give(rates, at[2]);
	rates_give(rates, at[0]);
	assert_int_equal(rates_users(rates, at[0]), 1);
	assert_int_equal(rates_take(rates, &d, &at[4]), 0);
	assert_int_equal(at[4], at[2]);
	assert_false(rates_told(rates, at[4], 255)); // another meaning: nobody knows it
	rates_give(rates, 0);
	rates_free(rates);
}

static void given_indexes_are_taken_back(void **state)
{
	struct rates *rates = rates_make(4);
	struct bearer_rate a = { 1000, 3000, 0 }, b = { 2000, 3000, 0 };
	uint16_t at;

	assert_int_equal(rates_take_at(rates, &a, 3), 0);
	assert_int_equal(rates_take_at(rates, &a, 3), 0);
	assert_int_equal(rates_take_at(rates, &b, 3), -EEXIST);
	assert_int_equal(rates_take_at(rates, &b, 4), -ERANGE);
	assert_int_equal(rates_take_at(rates, &b, 0), -ERANGE);
	assert_int_equal(rates_take(rates, &a, &at), 0);
	assert_int_equal(at, 3);
	assert_int_equal(rates_users(rates, 3), 3);
	rates_free(rates);
}

// Of all lengths about a word; the numbers are those of keys that are in stores.
static void two_hashes_at_once_are_two_hashes(void **state)
{
	static const uint8_t bytes[] = "each step waits for the one before";

	for (size_t length = 0; length < sizeof(bytes); length++) {
		uint64_t both[2] = { 7, 0x243f6a8885a308d3ull };

		hash_bytes_twice(both, bytes, length);
		assert_true(both[0] == hash_bytes(7, bytes, length));
		assert_true(both[1] == hash_bytes(0x243f6a8885a308d3ull, bytes, length));
	}
	assert_true(hash_bytes(7, bytes, sizeof(bytes)) == 0x7731442abbdbe8edull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_hashes_at_once_are_two_hashes),
		cmocka_unit_test(holds_what_was_put),
		cmocka_unit_test(fills_as_it_puts),
		cmocka_unit_test(equal_rates_share),
		cmocka_unit_test(given_indexes_are_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
