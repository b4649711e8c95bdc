// test_pending.c - changes that wait keep their order and their bound; doubts are told once, and again if nothing helped.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "workers/courier/doubt.h"
#include "workers/courier/pending.h"

static void put(struct pending *pending, uint8_t shard, uint64_t seq)
{
	struct change change = { .shard = shard, .seq = seq };

	pending_put(pending, &change);
}

static void each_shard_keeps_its_order(void **state)
{
	struct pending *pending = pending_make();

	for (uint64_t seq = 1; seq <= 3; seq++) {
		put(pending, 7, seq);
		put(pending, 9, seq * 10);
	}
	for (uint64_t seq = 1; seq <= 3; seq++) {
		assert_int_equal(pending_first(pending, 7)->seq, seq);
		pending_take(pending, 7);
	}
	assert_null(pending_first(pending, 7));
	assert_int_equal(pending_first(pending, 9)->seq, 10);
	put(pending, 7, 99);
	assert_int_equal(pending_first(pending, 7)->seq, 99);
	assert_int_equal(pending_count(pending), 4);
	pending_drop(pending, 9);
	assert_null(pending_first(pending, 9));
	assert_int_equal(pending_count(pending), 1);
	pending_free(pending);
}

static void it_is_bounded_and_every_place_comes_back(void **state)
{
	struct pending *pending = pending_make();

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < PENDING_MAX; i++) {
			assert_true(pending_has_room(pending, 1));
			put(pending, (uint8_t)(i * 7), i);
		}
		assert_false(pending_has_room(pending, 1));
		for (unsigned shard = 0; round < 2 && shard < SHARDS; shard++)
			pending_drop(pending, (uint8_t)shard);
	}
	pending_drop_all(pending);
	assert_true(pending_has_room(pending, PENDING_MAX));
	assert_null(pending_first(pending, 0));
	pending_free(pending);
}

static void a_gap_is_told_once(void **state)
{
	struct doubt doubt = { 0 };
	uint64_t now = 1000000000;

	assert_false(doubt_settle(&doubt, 5, true, now)); // no doubt, nothing to tell
	doubt_gap(&doubt, 5, now);
	assert_true(doubt_settle(&doubt, 5, true, now));
	doubt_gap(&doubt, 5, now + 1); // a change behind the lost one
	assert_false(doubt_settle(&doubt, 5, true, now + 2));
	assert_false(doubt_settle(&doubt, 9, true, now + DOUBT_AGAIN_NS)); // the replay has come: the doubt is gone
	assert_false(doubt_settle(&doubt, 9, true, now + 9 * DOUBT_AGAIN_NS));
}

static void a_gap_that_stays_is_told_again(void **state)
{
	struct doubt doubt = { 0 };
	uint64_t now = 1000000000;

	doubt_gap(&doubt, 5, now);
	assert_true(doubt_settle(&doubt, 5, true, now));
	doubt_gap(&doubt, 5, now + 1);
	assert_false(doubt_settle(&doubt, 5, true, now + DOUBT_AGAIN_NS - 1));
	assert_true(doubt_settle(&doubt, 5, true, now + DOUBT_AGAIN_NS));
	doubt_gap(&doubt, 6, now + DOUBT_AGAIN_NS + 1); // another gap: at once
	assert_true(doubt_settle(&doubt, 6, true, now + DOUBT_AGAIN_NS + 1));
}

static void a_move_is_told_when_the_owner_holds_the_shard(void **state)
{
	struct doubt doubt = { 0 };
	uint64_t now = 1000000000;

	doubt_gap(&doubt, 5, now);
	doubt_settle(&doubt, 5, true, now);
	doubt_moved(&doubt, now + 1);
	assert_false(doubt_settle(&doubt, 5, false, now + 2));
	assert_true(doubt_settle(&doubt, 5, true, now + 3)); // though it stands where it stood
	assert_false(doubt_settle(&doubt, 5, true, now + 4));
	now += 2 * DOUBT_AGAIN_NS;
	doubt_gap(&doubt, 7, now); // from here on it is an ordinary shard again
	assert_true(doubt_settle(&doubt, 7, true, now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_shard_keeps_its_order),
		cmocka_unit_test(it_is_bounded_and_every_place_comes_back),
		cmocka_unit_test(a_gap_is_told_once),
		cmocka_unit_test(a_gap_that_stays_is_told_again),
		cmocka_unit_test(a_move_is_told_when_the_owner_holds_the_shard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
