// test_alias.c - the table of foreign TEIDs against one that is looked through from end to end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <cmocka.h>
#include "primary/edge/alias.h"

#define TEIDS 96u // crowded: they run into one another all the time

static void as_a_plain_list(void **state)
{
	uint32_t known[TEIDS] = { 0 }, count = 0;
	struct aliases aliases;

	srand(3);
	assert_int_equal(aliases_init(&aliases, 64), 0);
	for (unsigned round = 0; round < 200000; round++) {
		unsigned i = (unsigned)rand() % TEIDS;
		uint32_t own = rand() % 3 ? (uint32_t)rand() | 1 : 0;
		int error = aliases_set(&aliases, (struct alias){ i * 0x01000193u, own });

		if (own && !known[i] && count == aliases.limit) {
			assert_int_equal(error, -ENOSPC);
		} else {
			assert_int_equal(error, 0);
			count += (own != 0) - (uint32_t)(known[i] != 0);
			known[i] = own;
		}
		assert_int_equal(aliases.count, count);
		i = (unsigned)rand() % TEIDS;
		assert_int_equal(aliases_own(&aliases, i * 0x01000193u), known[i] ? known[i] : i * 0x01000193u);
	}
	for (unsigned i = 0; i < TEIDS; i++)
		aliases_set(&aliases, (struct alias){ i * 0x01000193u, 0 });
	assert_int_equal(aliases.count, 0);
	for (uint32_t i = 0; i <= aliases.mask; i++)
		assert_int_equal(aliases.entries[i].own, 0);
	aliases_fini(&aliases);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_a_plain_list) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
