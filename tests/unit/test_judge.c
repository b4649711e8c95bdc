// test_judge.c - who hangs, who is only kept from working: stories of a CPU clock and a state, a millisecond a look.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>

#include "primary/loop/judge.h"

#define MS 1000000u
#define TICK (4 * MS)

static struct judge judge;
static struct judge_sample now;

static void begin(char state)
{
	now = (struct judge_sample){ .now_ns = 1000 * MS, .run_ns = 77 * MS, .state = state };
	judge_open(&judge, TICK, &now);
}

static enum judge_verdict look(uint64_t wall_ns, uint64_t run_ns)
{
	now.now_ns += wall_ns;
	now.run_ns += run_ns;
	return judge_look(&judge, &now);
}

// So many looks, a millisecond apart, in which nothing moves.
static enum judge_verdict stands(unsigned looks)
{
	enum judge_verdict verdict = JUDGE_NONE;

	while (looks-- > 0)
		verdict = look(MS, 0);
	return verdict;
}

static void loops(void **state)
{
	begin('R');
	assert_int_equal(stands(3), JUDGE_NONE);
	assert_int_equal(look(MS, TICK - 50000), JUDGE_LATE); // a step is a little short now and then
	assert_int_equal(stands(3), JUDGE_LATE);
	assert_int_equal(look(MS, TICK - 500000), JUDGE_LATE); // but not much
	assert_int_equal(look(MS, MS), JUDGE_LOOPS);
	assert_true(judge_fatal(JUDGE_LOOPS));
}

static void a_processor_taken_away_is_one_tick(void **state)
{
	begin('R');
	assert_int_equal(look(MS, 34 * MS), JUDGE_LATE);
	assert_int_equal(stands(13), JUDGE_LATE);
	assert_int_equal(stands(10), JUDGE_STARVED);
}

// 10 ms of processor time in slices of 30 us are no hang; an endless loop is found even so.
static void slices_on_a_busy_host(void **state)
{
	enum judge_verdict verdict = JUDGE_NONE;

	begin('R');
	for (unsigned i = 0; i < 400; i++)
		verdict = look(MS, 30000);
	assert_false(judge_fatal(verdict));
	for (unsigned i = 0; i < 4000; i++)
		verdict = look(MS, 30000);
	assert_int_equal(verdict, JUDGE_LOOPS);
}

// Half of a core, in slices as long as the kernel's usual ones.
static void loops_beside_another(void **state)
{
	enum judge_verdict verdict = JUDGE_NONE;

	begin('R');
	for (unsigned i = 0; i < 16; i++)
		verdict = look(MS, i / 4 % 2 ? MS : 0);
	assert_int_equal(verdict, JUDGE_LOOPS);
}

static void stopped(void **state)
{
	begin('T');
	assert_int_equal(stands(3), JUDGE_NONE);
	assert_int_equal(stands(1), JUDGE_LATE);
	assert_int_equal(stands(9), JUDGE_LATE);
	assert_int_equal(stands(1), JUDGE_STOPPED);
}

static void goes_on_in_time(void **state)
{
	begin('T');
	stands(13);
	now.state = 'R';
	assert_int_equal(stands(1), JUDGE_NONE);
	now.state = 'T';
	assert_int_equal(stands(14), JUDGE_LATE); // the change itself is no time stood
	assert_int_equal(stands(1), JUDGE_STOPPED);
}

static void blocked(void **state)
{
	begin('S');
	assert_int_equal(stands(13), JUDGE_LATE);
	assert_int_equal(stands(1), JUDGE_BLOCKED);
}

static void starved_is_not_hung(void **state)
{
	begin('R');
	assert_int_equal(stands(13), JUDGE_NONE);
	assert_int_equal(stands(100000), JUDGE_STARVED);
	begin('D');
	assert_int_equal(stands(100000), JUDGE_STARVED);
	assert_false(judge_fatal(JUDGE_STARVED));
}

static void traced_is_left_alone(void **state)
{
	begin('t');
	now.traced = true;
	assert_int_equal(stands(100000), JUDGE_TRACED);
	assert_false(judge_fatal(JUDGE_TRACED));
}

// All clocks stood still: the worker had no more time than we.
static void our_own_standstill_condemns_nobody(void **state)
{
	begin('T');
	assert_int_equal(look(3600000ull * MS, 0), JUDGE_NONE);
	assert_int_equal(look(3600000ull * MS, 0), JUDGE_LATE);
	begin('S');
	assert_int_equal(look(3600000ull * MS, 0), JUDGE_NONE);
}

static void dying(void **state)
{
	begin('Z');
	assert_int_equal(stands(1000), JUDGE_NONE);
}

static void a_clock_of_any_step(void **state)
{
	static const uint64_t measured[] = { 0, MS, TICK, 1000 * MS }, counts[] = { TICK, TICK, TICK, 10 * MS };

	for (unsigned i = 0; i < 4; i++) {
		begin('R');
		judge_open(&judge, measured[i], &now);
		assert_int_equal(judge.tick_ns, counts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loops),
		cmocka_unit_test(a_processor_taken_away_is_one_tick),
		cmocka_unit_test(slices_on_a_busy_host),
		cmocka_unit_test(loops_beside_another),
		cmocka_unit_test(stopped),
		cmocka_unit_test(goes_on_in_time),
		cmocka_unit_test(blocked),
		cmocka_unit_test(starved_is_not_hung),
		cmocka_unit_test(traced_is_left_alone),
		cmocka_unit_test(our_own_standstill_condemns_nobody),
		cmocka_unit_test(dying),
		cmocka_unit_test(a_clock_of_any_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
