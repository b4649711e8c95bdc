// test_pfcp_answered.c - answers to session reports that say something of the session itself. Peers, clock and controller are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "tests/unit/outbox_play.h"

// What an answer says of its session is kept before the report counts as told, and before the next of that session leaves.
static void an_answer_may_say_something_of_the_session(void **state)
{
	const struct pfcp_fseid cp = { 0xbeef, { .has_ipv4 = true, .ipv4 = 0x0a000008 } };
	const struct report_to to = { .cp = cp };
	struct world *world = *state;

	hear(world, ONE_OWNER, 1, 7);
	hear(world, ONE_OWNER, 2, 7);
	tick(world, 1);
	answer_says(world, 0, &cp, true);
	assert_int_equal(world->says, 1);
	assert_int_equal(world->of, 7);
	assert_true(world->said.moves && world->said.drops);
	assert_int_equal(world->said.cp.seid, 0xbeef);
	assert_int_equal(world->said.cp.address.ipv4, 0x0a000008);
	tick(world, 100 * SECOND);
	assert_int_equal(world->asked, 1);
	assert_int_equal(world->closes, 0);
	outbox_moved(&world->outbox, 7, &to);
	outbox_said(&world->outbox, 7, true);
	outbox_said(&world->outbox, 7, true); // nobody waits for that
	outbox_said(&world->outbox, 8, true);
	tick(world, 1);
	assert_int_equal(world->closes, 1);
	assert_int_equal(world->tally[TALLY_REPORTS_TOLD], 1);
	assert_int_equal(world->asked, 2);
	assert_int_equal(world->question[1].question.seid, 0xbeef);
	assert_int_equal(world->question[1].question.to.bytes[3], 8);
	answer(world, 1, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(world->says, 1);
}

// It can't be kept now: the report is made again, and will be answered so.
static void what_an_answer_says_is_asked_for_again(void **state)
{
	struct world *world = *state;

	hear(world, ONE_OWNER, 1, 7);
	tick(world, 1);
	answer_says(world, 0, NULL, true);
	assert_true(world->said.drops && !world->said.moves);
	outbox_said(&world->outbox, 7, false);
	tick(world, SECOND);
	assert_int_equal(world->asked, 1);
	tick(world, 5 * SECOND);
	assert_int_equal(world->asked, 2);
	world->say_error = -ENOMEM;
	answer_says(world, 1, NULL, true);
	tick(world, 6 * SECOND);
	assert_int_equal(world->asked, 3);
	answer(world, 2, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(world->tally[TALLY_REPORTS_TOLD], 1);
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(an_answer_may_say_something_of_the_session),
		ONE(what_an_answer_says_is_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
