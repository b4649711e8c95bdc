// test_offer.c - when an idle loop offers its core again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "shared/base/offer.h"

#define HZ 3000000000u

static void what_was_dear_is_left_for_a_second(void **state)
{
	uint64_t now = clock_ticks();
	struct offer offer = { 0 };

	assert_true(offer_worth(&offer));
	offer_took(&offer, now, now + HZ / OFFER_DEAR, HZ);
	assert_true(offer_worth(&offer));
	offer_took(&offer, now, now + HZ / OFFER_DEAR + 1, HZ);
	assert_false(offer_worth(&offer));
	assert_int_equal(offer.again, now + HZ / OFFER_DEAR + 1 + HZ);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_was_dear_is_left_for_a_second) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
