// test_spares.c - memory that is given back is taken again, the last first; no more is kept than was said, and nothing stays behind.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>
#include <string.h>
#include "shared/base/spares.h"

#define BYTES 4000u // more than malloc keeps by itself
#define MOST 3u

static void the_last_one_is_taken_first(void **state)
{
	struct spares spares = { .bytes = BYTES, .most = MOST };
	void *piece[MOST];

	for (unsigned i = 0; i < MOST; i++) {
		piece[i] = spares_take(&spares);
		memset(piece[i], 0xa5, BYTES);
	}
	spares_give(&spares, NULL);
	assert_int_equal(spares.count, 0);
	for (unsigned i = 0; i < MOST; i++)
		spares_give(&spares, piece[i]);
	assert_int_equal(spares.count, MOST);
	for (unsigned i = MOST; i-- > 0;) {
		assert_ptr_equal(spares_take(&spares), piece[i]);
		assert_int_equal(spares.count, i);
	}
	for (unsigned i = 0; i < MOST; i++)
		free(piece[i]);
	spares_close(&spares);
}

static void no_more_are_kept_than_was_said(void **state)
{
	struct spares spares = { .bytes = BYTES, .most = MOST };
	size_t before = mallinfo2().uordblks;
	void *piece[2 * MOST];

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 2 * MOST; i++)
			piece[i] = spares_take(&spares);
		assert_int_equal(spares.count, 0);
		for (unsigned i = 0; i < 2 * MOST; i++)
			spares_give(&spares, piece[i]);
		assert_int_equal(spares.count, MOST);
		assert_in_range(mallinfo2().uordblks - before, MOST * BYTES, MOST * (BYTES + 64));
	}
	spares_close(&spares);
	assert_int_equal(spares.count, 0);
	assert_int_equal(mallinfo2().uordblks, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_one_is_taken_first),
		cmocka_unit_test(no_more_are_kept_than_was_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
