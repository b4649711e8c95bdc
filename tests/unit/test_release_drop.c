// test_release_drop.c - what ctrl orders to be dropped of a session's packets that wait: once its change is in force, and before others go.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "ctrl/usage/measures.h"
#include "shared/base/log.h"
#include "tests/unit/release_stand.h"

#define NOW 7200000000000ull

static unsigned orders;      // given
static uint64_t dropped;     // before then, by the last one,
static size_t drops;         // of so many cells
static uint64_t drop_number; // and its number
static size_t frees;         // cells it let go

static bool ordered(void *with, const Shoal__Fleet__Order *order)
{
	bool drop = order->body_case == SHOAL__FLEET__ORDER__BODY_DROP;

	orders++;
	drops = drop ? order->drop->n_cells : 0;
	frees = drop ? 0 : order->release->n_cells;
	drop_number = drop ? order->drop->number : 0;
	dropped = drop ? order->drop->cells[0]->before_ns : 0;
	return true;
}

static int setup(void **state)
{
	orders = 0;
	return release_stand_open(ordered, NOW);
}

static void answered(int error)
{
	Shoal__Fleet__Answer answer = SHOAL__FLEET__ANSWER__INIT;

	answer.error = error;
	answer.message = "no";
	release_answered(release, &answer);
}

static const struct release_dropped then = { .before_ns = 4711 };

static uint64_t drop_decided(uint64_t number)
{
	uint64_t turn = release_drop(release, 9, number, then);

	release_settle(release, true);
	grid.cells[9].number = number;
	return turn;
}

// What is dropped goes first, and only then the others of the cell are let go.
static void what_is_dropped_goes_before_what_is_let_go(void **state)
{
	uint64_t turn, number;

	confirmed(5);
	release->cells = 0;
	turn = drop_decided(6);
	rules_are(SHEET_FORWARD);
	release_go(release);
	assert_int_equal(orders, 0); // not in force
	assert_true(release_drops(release, turn, false));
	confirmed(6);
	says(1, 1); // the primary has some: not yet
	assert_int_equal(orders, 1);
	assert_int_equal(drops, 1);
	assert_int_equal(dropped, 4711);
	number = drop_number;
	answered(EINPROGRESS);
	release_go(release);
	assert_int_equal(drops, 1);
	assert_int_equal(drop_number, number); // the same order
	release_answered(release, NULL);
	release_go(release);
	assert_int_equal(drop_number, number);
	assert_true(release_dropping(release, 9));
	answered(0);
	assert_false(release_drops(release, turn, true));
	assert_false(release_dropping(release, 9));
	release_go(release);
	assert_int_equal(frees, 1);
	answered(0);
	release_go(release);
	assert_int_equal(orders, 4);
}

static void drops_that_are_undone_or_taken_back_are_not_done(void **state)
{
	confirmed(5);
	release->cells = 0;
	release_drop(release, 9, 6, then);
	release_settle(release, false);
	assert_false(release_dropping(release, 9));
	drop_decided(6);
	release_undrop(release, 9);
	confirmed(6);
	release->cells = 0;
	release_go(release);
	assert_int_equal(orders, 0);
	drop_decided(7);
	confirmed(7);
	release_go(release);
	release_undrop(release, 9); // too late
	answered(EINPROGRESS);
	release_go(release);
	assert_int_equal(drops, 1);
}

static void a_drop_that_is_refused_is_tried_again_later(void **state)
{
	confirmed(5);
	release->cells = 0;
	drop_decided(6);
	confirmed(6);
	release_go(release);
	answered(EBADMSG);
	release_go(release);
	assert_int_equal(orders, 1);
	release_state(release, NULL);
	release_go(release);
	assert_int_equal(orders, 2);
	assert_int_equal(drops, 1);
}

// Whether it was done before we died nobody knows: it is done again, unless it is long ago, of another start of the host, or of a primary
// that is gone.
static void a_drop_outlives_us(void **state)
{
	Shoal__Fleet__State said = SHOAL__FLEET__STATE__INIT;
	struct measured measured = { .state = { .dropped_ns = NOW - 1, .dropped_by = 3 } };

	session.measured = &measured;
	release_close(release);
	assert_int_equal(release_open(release), 0);
	assert_true(release_dropping(release, 9));
	said.generation = 4;
	release_state(release, &said);
	confirmed(5);
	release_go(release);
	assert_int_equal(drops, 0); // with that primary
	assert_false(release_dropping(release, 9));
	release->generation = 3;
	release_close(release);
	assert_int_equal(release_open(release), 0);
	release->asked = false;
	release_go(release);
	assert_int_equal(drops, 1);
	assert_int_equal(dropped, NOW - 1);
	release->drops = 0;
	measured.state.dropped_ns = NOW + 1;
	release_close(release);
	assert_int_equal(release_open(release), 0);
	assert_false(release_dropping(release, 9));
	measured.state.dropped_ns = NOW - 3600000000001ull;
	release_close(release);
	assert_int_equal(release_open(release), 0);
	assert_false(release_dropping(release, 9));
	session.measured = NULL;
}

static void no_more_drops_wait_than_there_is_room_for(void **state)
{
	for (unsigned i = 0; i < RELEASE_DROPS; i++)
		assert_int_equal(release_drop(release, 9, 6, then), i + 1);
	assert_int_equal(release_drop(release, 9, 6, then), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_dropped_goes_before_what_is_let_go, setup, release_stand_close),
		cmocka_unit_test_setup_teardown(drops_that_are_undone_or_taken_back_are_not_done, setup,
						release_stand_close),
		cmocka_unit_test_setup_teardown(a_drop_that_is_refused_is_tried_again_later, setup,
						release_stand_close),
		cmocka_unit_test_setup_teardown(a_drop_outlives_us, setup, release_stand_close),
		cmocka_unit_test_setup_teardown(no_more_drops_wait_than_there_is_room_for, setup, release_stand_close),
	};

	log_open("test", "error");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
