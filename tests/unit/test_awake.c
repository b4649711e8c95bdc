// test_awake.c - how long a loop waits before it sleeps, after sleeps that were short and sleeps that were not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "workers/awake.h"

#define HZ 2000000000u
#define US (HZ / 1000000)

static void short_sleeps_are_not_slept_again(void **state)
{
	struct awake awake;

	awake_open(&awake, HZ);
	assert_int_equal(awake.ticks, 20 * US);
	awake_slept(&awake, 5000, 5000 + 100 * US - 1, HZ);
	assert_int_equal(awake.ticks, 40 * US);
	for (unsigned i = 0; i < 9; i++)
		awake_slept(&awake, 5000, 5000 + US, HZ);
	assert_int_equal(awake.ticks, 200 * US);
}

static void one_that_is_idle_sleeps_soon(void **state)
{
	struct awake awake = { 200 * US };

	awake_slept(&awake, 5000, 5000 + 100 * US, HZ);
	assert_int_equal(awake.ticks, 100 * US);
	for (unsigned i = 0; i < 9; i++)
		awake_slept(&awake, 5000, 5000 + HZ, HZ);
	assert_int_equal(awake.ticks, 20 * US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_sleeps_are_not_slept_again),
		cmocka_unit_test(one_that_is_idle_sleeps_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
