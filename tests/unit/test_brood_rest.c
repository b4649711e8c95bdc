// test_brood_rest.c - how soon the next worker of a seat comes, by how the ones before ended.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "primary/brood/backoff.h"
#include "tests/unit/nest_stand.h"

static uint64_t rest_after_death(void)
{
	brood_want(brood, 5, false, now);
	brood_death(brood, 5, true, now);
	brood_want(brood, 5, true, now);
	return brood_due(brood) - now;
}

static void who_keeps_dying_comes_later_and_later(void **state)
{
	nursery();
	for (unsigned i = 0; i < 5; i++)
		brood_work(brood, now); // hears READY
	assert_int_equal(rest_after_death(), 0);
	assert_int_equal(rest_after_death(), 0);
	for (uint64_t rest = 1; rest <= 16; rest *= 2) {
		assert_int_equal(rest_after_death(), rest * SECOND);
		now += rest * SECOND;
	}
	assert_int_equal(rest_after_death(), 30 * SECOND);
	assert_int_equal(journal.last, 1 + 6); // that the nest is up, and an alarm each time
	now += 1000 * SECOND;
	assert_int_equal(rest_after_death(), 0); // it had lived long
}

static void after_too_many_it_stays_empty(void **state)
{
	nursery();
	for (unsigned i = 0; i < 5; i++)
		brood_work(brood, now); // hears READY
	for (unsigned i = 0; i < 9; i++) {
		uint64_t rest = rest_after_death();

		assert_true(rest <= 30 * SECOND);
		now += rest;
	}
	brood_want(brood, 5, false, now);
	brood_death(brood, 5, true, now);
	brood_want(brood, 5, true, now);
	assert_int_equal(brood_due(brood), UINT64_MAX);
	assert_non_null(strstr(journal_read(&journal, journal.last)->text, "stays empty"));
	now += 1000 * SECOND;
	brood_work(brood, now);
	assert_int_equal(brood_due(brood), UINT64_MAX);
	brood_pardon(brood, 5, now);
	assert_int_equal(brood_due(brood), now);
}

static void who_is_killed_comes_again(void **state)
{
	nursery();
	for (unsigned i = 0; i < 5; i++)
		brood_work(brood, now); // hears READY
	for (unsigned i = 0; i < 50; i++) {
		brood_want(brood, 5, false, now);
		brood_death(brood, 5, false, now);
		brood_want(brood, 5, true, now);
		assert_true(brood_due(brood) <= now + BACKOFF_REST_KILLED_NS);
		now = brood_due(brood);
	}
	brood_want(brood, 5, false, now);
	brood_death(brood, 5, false, now);
	brood_want(brood, 5, true, now);
	assert_true(brood_due(brood) > now);
	brood_pardon(brood, 5, now); // an operator need not wait
	assert_int_equal(brood_due(brood), now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_keeps_dying_comes_later_and_later, setup, teardown),
		cmocka_unit_test_setup_teardown(after_too_many_it_stays_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_killed_comes_again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
