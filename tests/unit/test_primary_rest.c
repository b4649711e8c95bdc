// test_primary_rest.c - the primary's loop asleep: whoever posts to it wakes it, each time.
//
// The loop runs in a thread of its own, in a world where nothing comes in.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "tests/unit/play.h"

#define ROUNDS 41u
#define ASLEEP_NS 50000000u    // nobody who was woken takes so long, mostly; who was not sleeps on for 100 ms
#define WAIT_NS 20000000000ull // generous

static void *run(void *none)
{
	loop_run(w->loop);
	return NULL;
}

static bool falls_asleep(void)
{
	uint64_t end = clock_ns() + WAIT_NS;

	while (!atomic_load(&w->plane.sleeping) && clock_ns() < end)
		sched_yield();
	return atomic_load(&w->plane.sleeping);
}

// The next fact that says this. Others are of no interest here.
static bool hears(enum post_verb verb)
{
	uint64_t end = clock_ns() + WAIT_NS;
	struct post_word fact = { 0 };

	while (fact.verb != verb && clock_ns() < end)
		if (!post_take(&w->facts, &fact))
			sched_yield();
	return fact.verb == verb;
}

static bool orders(enum post_verb verb)
{
	bool posted = post_put(&w->orders, (struct post_word){ .verb = verb });

	post_ring(&w->orders);
	return posted;
}

static void an_order_wakes_it(void **state)
{
	unsigned slow = 0;
	pthread_t thread;

	world_make(1);
	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t from;

		assert_true(falls_asleep());
		from = clock_ns();
		assert_true(orders(POST_EXCEPTIONS));
		assert_true(hears(POST_RETURN));
		slow += clock_ns() - from >= ASLEEP_NS;
	}
	assert_true(orders(POST_END));
	assert_true(hears(POST_ENDED));
	pthread_join(thread, NULL);
	assert_true(w->loop->tally.sleeps > 0);
	assert_true(slow < ROUNDS / 2); // a busy machine may take its time now and then
	world_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_wakes_it),
	};

	log_open("test", "error");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
