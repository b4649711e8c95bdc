// test_heir.c - a worker that is given a dead one's shards: some at a time, those with packets that wait first.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "shared/base/log.h"
#include "tests/unit/play.h"

#define TURN_NS 1000u
#define SOME 32u // of the 128 shards of one of two seats

static unsigned served(unsigned seat)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SHARDS; i++)
		count += w->loop->map.shard[i].seat == seat && w->loop->map.shard[i].state == MAP_SERVED;
	return count;
}

// Two seats share all shards, and then one of them is idle for ever.
static void two_seats(void)
{
	world_make(7);
	w->banks = 1;
	for (unsigned i = 0; i < 400; i++)
		world_turn(0);
	for (unsigned seat = 2; seat < FAST; seat++)
		assert_true(post_put(&w->orders, (struct post_word){ .verb = POST_STOP, .seat = seat }));
	for (unsigned i = 0; i < 2000; i++)
		world_turn(0);
	assert_int_equal(served(0), SHARDS / 2);
	assert_int_equal(served(1), SHARDS / 2);
}

static void it_is_not_given_all_at_once(void **state)
{
	unsigned turns = 0, before = SHARDS / 2;

	two_seats();
	w->frozen[1] = true;
	world_turn(SOME); // half of them are in its hands
	atomic_store(&w->view.seats[1].worker->life, SEAT_LIFE_DIED);
	for (; served(0) < SHARDS; turns++) {
		struct bits waiting;
		unsigned now;

		loop_turn(w->loop, w->now_ns += TURN_NS);
		assert_true(turns || w->loop->tally.seat[1].replayed > 0);
		now = served(0);
		assert_in_range(now - before, 1, 2 * SOME); // by the death, and by the turn
		waiting = bits_both(&w->loop->map.asks, &w->loop->hold.waiting);
		assert_false(bits_any(&waiting));
		if (!turns)
			assert_true(now < SHARDS);
		before = now;
	}
	assert_in_range(turns, 2, SHARDS / 2 / SOME);
	world_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_is_not_given_all_at_once) };

	log_open("test", "error");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
