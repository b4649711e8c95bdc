// test_doubt.c - a worker that gives nothing back: who is fed, who is evicted, and that nothing is lost by it. The watcher's word is
// spoken here.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "shared/base/log.h"
#include "tests/unit/play.h"

#define SEAT 1u
#define MS 1000000u

static struct crew *crew(void)
{
	return &w->loop->crew[SEAT];
}

static void pass(uint64_t ns, unsigned load)
{
	for (uint64_t end_ns = w->now_ns + ns; w->now_ns < end_ns;)
		world_turn((unsigned)draw(load + 1));
}

// The seat holds packets, gives none back, and is in doubt.
static void freeze(void)
{
	world_make(1);
	for (unsigned i = 0; i < 400; i++)
		world_turn(0);
	assert_int_equal(crew()->phase, CREW_READY);
	w->frozen[SEAT] = true;
	pass(6 * MS, 4);
	assert_true(w->loop->lane[SEAT].lease.live > 0);
	assert_int_not_equal(crew()->doubt, 0);
	assert_int_equal(atomic_load(&w->watch.seat[SEAT].doubt), crew()->doubt);
	assert_int_equal(atomic_load(&w->watch.seat[SEAT].pid), crew()->pid);
}

static void say(uint32_t doubt, enum judge_verdict verdict)
{
	atomic_store(&w->watch.seat[SEAT].word, (uint64_t)doubt << 32 | verdict);
}

static bool fed(void)
{
	return w->loop->fed >> SEAT & 1;
}

static void nothing_is_lost(void)
{
	world_calms();
	for (unsigned i = 0; i < SHARDS; i++)
		assert_int_equal(w->next_seq[i][0], w->sent_seq[i][0]);
	world_free();
}

static void late_and_well_again(void **state)
{
	uint64_t lent;

	freeze();
	assert_true(fed());
	say(crew()->doubt, JUDGE_LATE);
	pass(2 * MS, 4);
	assert_false(fed());
	lent = w->loop->tally.seat[SEAT].in_packets;
	pass(2 * MS, 4);
	assert_int_equal(w->loop->tally.seat[SEAT].in_packets, lent);
	assert_true(w->loop->hold.count[SEAT] > 0);
	w->frozen[SEAT] = false;
	pass(5 * MS, 4);
	assert_true(fed());
	assert_int_equal(crew()->doubt, 0);
	assert_int_equal(w->loop->tally.seat[SEAT].late, 1);
	assert_int_equal(deaths_of(w->loop), 0);
	nothing_is_lost();
}

static void evicted_for(enum judge_verdict verdict, enum post_down blame)
{
	freeze();
	say(crew()->doubt, verdict);
	for (unsigned i = 0; i < 200 && crew()->phase == CREW_READY; i++)
		world_turn(0);
	assert_int_equal(crew()->phase, CREW_CONDEMNED);
	assert_int_equal(crew()->blame, blame);
	w->frozen[SEAT] = false;
	nothing_is_lost();
}

static void hung_ones_are_evicted(void **state)
{
	evicted_for(JUDGE_LOOPS, POST_LOOPS);
	evicted_for(JUDGE_BLOCKED, POST_BLOCKED);
	evicted_for(JUDGE_STOPPED, POST_STOPPED);
}

static void stays_for(enum judge_verdict verdict, bool eats)
{
	freeze();
	say(crew()->doubt, verdict);
	pass(CREW_STUCK_NS * 2, 0);
	assert_int_equal(crew()->phase, CREW_READY);
	assert_int_equal(fed(), eats);
	assert_int_equal(w->loop->tally.seat[SEAT].waits, 1);
	w->frozen[SEAT] = false;
	pass(5 * MS, 4);
	assert_true(fed());
	assert_int_equal(deaths_of(w->loop), 0);
	nothing_is_lost();
}

static void those_kept_from_working_stay(void **state)
{
	stays_for(JUDGE_STARVED, true);
	stays_for(JUDGE_TRACED, false);
}

static void without_a_clock_two_seconds(void **state)
{
	freeze();
	say(crew()->doubt, JUDGE_BLIND);
	pass(CREW_STUCK_NS - 20 * MS, 0);
	assert_int_equal(crew()->phase, CREW_READY);
	pass(30 * MS, 0);
	assert_int_equal(deaths_of(w->loop), 1);
	w->frozen[SEAT] = false;
	nothing_is_lost();
}

// On a host that has no time for the watcher either.
static void without_a_word_it_stays(void **state)
{
	freeze();
	pass(CREW_STUCK_NS * 2, 0);
	assert_int_equal(deaths_of(w->loop), 0);
	w->frozen[SEAT] = false;
	nothing_is_lost();
}

static void a_word_about_an_older_doubt_counts_for_nothing(void **state)
{
	freeze();
	say(crew()->doubt - 1, JUDGE_LOOPS);
	pass(20 * MS, 4);
	assert_int_equal(crew()->phase, CREW_READY);
	assert_true(fed());
	w->frozen[SEAT] = false;
	nothing_is_lost();
}

// The word came too late: something has come back.
static void progress_outweighs_a_word(void **state)
{
	uint32_t doubt;

	freeze();
	doubt = crew()->doubt;
	w->frozen[SEAT] = false;
	for (unsigned i = 0; i < 400 && crew()->doubt == doubt; i++) {
		say(doubt, crew()->returned != w->loop->lane[SEAT].out_tail ? JUDGE_LOOPS : JUDGE_NONE);
		world_turn(4);
	}
	assert_int_not_equal(crew()->doubt, doubt);
	assert_int_equal(crew()->phase, CREW_READY);
	nothing_is_lost();
}

// We stood still between emptying the lane and judging: by the time we read the verdict, something is in the lane again.
static void what_came_meanwhile_outweighs_a_word(void **state)
{
	freeze();
	say(crew()->doubt, JUDGE_LOOPS);
	w->frozen[SEAT] = false;
	while (!lane_stirs(&w->loop->lane[SEAT]))
		crew_plays();
	crew_keep(w->loop);
	assert_int_equal(crew()->phase, CREW_READY);
	nothing_is_lost();
}

// The machine slept, and we with it.
static void our_own_standstill_is_nobodys_fault(void **state)
{
	freeze();
	say(crew()->doubt, JUDGE_BLIND);
	w->now_ns += 3600000ull * MS;
	pass(100 * MS, 0);
	assert_int_equal(crew()->phase, CREW_READY);
	w->frozen[SEAT] = false;
	nothing_is_lost();
}

static void dies_while_it_starts(uint32_t state, enum post_down blame)
{
	struct seat_worker_page *page;

	world_make(1);
	while (crew()->phase != CREW_STARTING)
		world_turn(0);
	page = w->loop->lane[SEAT].pages.worker;
	atomic_store(&page->state, state);
	atomic_store(&page->life, (uint32_t)crew()->pid | SEAT_LIFE_DIED);
	loop_turn(w->loop, w->now_ns);
	assert_int_equal(crew()->phase, CREW_DEAD);
	assert_int_equal(crew()->blame, blame);
	world_free();
}

static void who_said_it_was_ready_is_not_stillborn(void **state)
{
	dies_while_it_starts(SEAT_STARTING, POST_STILLBORN);
	dies_while_it_starts(SEAT_READY, POST_DIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_and_well_again),
		cmocka_unit_test(hung_ones_are_evicted),
		cmocka_unit_test(those_kept_from_working_stay),
		cmocka_unit_test(without_a_clock_two_seconds),
		cmocka_unit_test(without_a_word_it_stays),
		cmocka_unit_test(a_word_about_an_older_doubt_counts_for_nothing),
		cmocka_unit_test(progress_outweighs_a_word),
		cmocka_unit_test(what_came_meanwhile_outweighs_a_word),
		cmocka_unit_test(our_own_standstill_is_nobodys_fault),
		cmocka_unit_test(who_said_it_was_ready_is_not_stillborn),
	};

	log_open("test", "error");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
