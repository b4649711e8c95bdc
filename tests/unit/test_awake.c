// test_awake.c - how long a loop waits before it sleeps, after sleeps that were short, and after waits in vain.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "workers/loop/awake.h"

#define HZ 2000000000u
#define US (HZ / 1000000)

static struct awake awake;

static int setup(void **state)
{
	awake_open(&awake, HZ);
	return 0;
}

// Short sleeps until it waits longer.
static unsigned price(void)
{
	for (unsigned n = 1; n < 10000; n++) {
		awake_slept(&awake, 100 * US - 1);
		if (awake.longer)
			return n;
	}
	return 0;
}

static void short_sleeps_make_it_wait(void **state)
{
	assert_true(awake_stays(&awake, 20 * US - 1));
	assert_false(awake_stays(&awake, 20 * US));
	assert_int_equal(price(), AWAKE_CHEAP);
	assert_true(awake_stays(&awake, 200 * US - 1));
	assert_false(awake_stays(&awake, 200 * US));
}

static void it_waits_for_as_long_as_that_pays(void **state)
{
	price();
	for (unsigned i = 0; i < 9; i++) {
		assert_true(awake_stays(&awake, 50 * US));
		awake_works(&awake);
	}
	assert_true(awake_stays(&awake, 199 * US));
	awake_slept(&awake, 50 * US); // in vain
	assert_false(awake_stays(&awake, 20 * US));
	assert_int_equal(price() + 1, 2 * AWAKE_CHEAP);
}

static void waits_in_vain_become_dear_and_cheap_again(void **state)
{
	for (unsigned i = 0; i < 20; i++) {
		assert_true(price() > 0);
		assert_true(awake_stays(&awake, 199 * US));
		awake_slept(&awake, HZ);
	}
	assert_int_equal(price(), AWAKE_DEAR);
	for (unsigned i = 0; i < 20; i++) {
		assert_true(awake_stays(&awake, 30 * US));
		awake_works(&awake);
	}
	assert_int_equal(awake.price, AWAKE_CHEAP);
}

// Work that comes before any longer wait says nothing about those.
static void usual_waits_do_not_count(void **state)
{
	price();
	assert_true(awake_stays(&awake, 199 * US));
	awake_slept(&awake, HZ);
	assert_int_equal(awake.price, 2 * AWAKE_CHEAP);
	assert_true(awake_stays(&awake, 10 * US));
	awake_works(&awake);
	assert_int_equal(awake.price, 2 * AWAKE_CHEAP);
}

static void long_sleeps_forget_short_ones(void **state)
{
	for (unsigned i = 0; i < 100; i++) {
		awake_slept(&awake, 10 * US);
		assert_false(awake.longer);
		awake_slept(&awake, 100 * US);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(short_sleeps_make_it_wait, setup),
		cmocka_unit_test_setup(it_waits_for_as_long_as_that_pays, setup),
		cmocka_unit_test_setup(waits_in_vain_become_dear_and_cheap_again, setup),
		cmocka_unit_test_setup(usual_waits_do_not_count, setup),
		cmocka_unit_test_setup(long_sleeps_forget_short_ones, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
