// test_batch.c - a batch's rows: written a table behind the other, each table's in the order given; all of them or none.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/store/batch.h"

// An engine that writes down what it is told.
struct record {
	char said[256];
	unsigned rows, refuse_at; // the row that does not go in, from 1 on; 0 = none
};

static void say(struct record *record, const char *what, unsigned table, uint64_t key)
{
	size_t at = strlen(record->said);

	snprintf(record->said + at, sizeof(record->said) - at, "%s%u.%llu ", what, table, (unsigned long long)key);
}

static int begin(void *self)
{
	*((struct record *)self)->said = '\0';
	return 0;
}

static int row(struct record *record, const char *what, enum store_table table, uint64_t key)
{
	say(record, what, table, key);
	return ++record->rows == record->refuse_at ? -ENOSPC : 0;
}

static int put(void *self, enum store_table table, const struct store_row *added)
{
	return row(self, "+", table, added->key);
}

static int drop(void *self, enum store_table table, uint64_t key)
{
	return row(self, "-", table, key);
}

static int commit(void *self)
{
	say(self, "commit", 0, 0);
	return 0;
}

static void abandon(void *self)
{
	say(self, "abandon", 0, 0);
}

static const struct store_engine engine = {
	.begin = begin, .put = put, .drop = drop, .commit = commit, .abandon = abandon
};

static void fill(struct batch *batch)
{
	batch_open(batch);
	for (uint64_t key = 1; key <= 2; key++) {
		assert_int_equal(batch_put(batch, STORE_SESSIONS, &(struct store_row){ .key = key }), 0);
		assert_int_equal(batch_put(batch, STORE_KEYS, &(struct store_row){ .key = key + 6 }), 0);
	}
	assert_int_equal(batch_drop(batch, STORE_SESSIONS, 1), 0);
	assert_int_equal(batch_put(batch, STORE_META, &(struct store_row){ .key = 9 }), 0);
}

static void tables_follow_each_other(void **state)
{
	struct record record = { 0 };
	struct store store = { &engine, &record };
	struct batch batch;

	fill(&batch);
	assert_int_equal(batch_write(&batch, &store), 0);
	assert_string_equal(record.said, "+0.9 +1.1 +1.2 -1.1 +3.7 +3.8 commit0.0 ");
	batch_close(&batch);
}

static void a_row_refused_refuses_all(void **state)
{
	struct record record = { .refuse_at = 3 };
	struct store store = { &engine, &record };
	struct batch batch;

	fill(&batch);
	assert_int_equal(batch_write(&batch, &store), -ENOSPC);
	assert_string_equal(record.said, "+0.9 +1.1 +1.2 abandon0.0 ");
	batch_close(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_follow_each_other),
		cmocka_unit_test(a_row_refused_refuses_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
