// test_pfcp_delete.c - deletion: one request to the controller, or by steps where it is of an earlier build; its last counters are told, whoever of
// us dies meanwhile, by whichever build.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "tests/unit/session_play.h"

// In one request.
static void deletion_tells_the_last_counters(void **state)
{
	unsigned asked;

	play_attach(false);
	play.uplink = 4711;
	asked = play.asked;
	play_leave(1);
	play_run(0);
	assert_int_equal(play.asked - asked, 1);
	assert_int_equal(play.deadline_ms, 3000); // who asks again every second, four times, is answered in time
	assert_int_equal(play.answers, 2);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.header.seid, 7);
	assert_int_equal(play_reported(PFCP_IE_DELETION_USAGE_REPORT), 4711);
	play_leave(2);
	play_run(100);
	assert_int_equal(play_cause(), PFCP_CAUSE_SESSION_NOT_FOUND);
	assert_int_equal(play.header.seid, 0);
}

// Of its rules its account has the measurements alone: they fit whatever it was.
static void left_are_measurements(void)
{
	const ProtobufCBinaryData *left = &play.closed->front;
	static struct pfcp_tree tree;
	struct front front;

	assert_int_equal(front_read(&front, left->data, left->len, &tree), 0);
	assert_non_null(pfcp_first(&tree, NULL, PFCP_IE_CREATE_URR));
	assert_null(pfcp_first(&tree, NULL, PFCP_IE_CREATE_PDR));
	assert_null(pfcp_first(&tree, NULL, PFCP_IE_CREATE_FAR));
	assert_null(pfcp_first(&tree, NULL, PFCP_IE_CREATE_QER));
}

static void deletion_by_steps(void)
{
	play_attach(false);
	play.unsettled = true; // the account is not settled yet
	play_leave(1);
	play_run(100);
	assert_int_equal(play.answers, 1);
	left_are_measurements();
	play.uplink = 4711;
	play.unsettled = false;
	play_run(100);
	assert_int_equal(play.answers, 2);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.header.seid, 7);
	assert_int_equal(play_reported(PFCP_IE_DELETION_USAGE_REPORT), 4711);
	play_leave(2);
	play_run(100);
	assert_int_equal(play_cause(), PFCP_CAUSE_SESSION_NOT_FOUND);
	assert_int_equal(play.header.seid, 0);
}

static void deletion_by_a_controller_of_an_earlier_build(void **state)
{
	play.earlier = true;
	deletion_by_steps();
}

// ctrl takes it and says nothing for longer than anybody waits: it is asked again, and knows the key.
static void what_was_deleted_in_silence_is_gone(void **state)
{
	play_attach(false);
	play.uplink = 4711;
	play.silent = 1;
	play_leave(1);
	play_run(20000);
	assert_int_equal(play.answers, 2);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play_reported(PFCP_IE_DELETION_USAGE_REPORT), 4711);
	assert_null(play.session);
}

// How long it waits for an account that is not settled, in ms, if its peer asks again after so long.
static unsigned patience(unsigned again_ms)
{
	unsigned waited = 0;

	play_attach(false);
	play.unsettled = true;
	play_leave(1);
	play.deals[1].again_ns = again_ms * 1000000ull;
	for (; play.answers == 1 && waited < 10000; waited += 100)
		play_run(100);
	assert_int_equal(play.answers, 2);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_null(pfcp_first(&play.tree, NULL, PFCP_IE_DELETION_USAGE_REPORT));
	play_close(NULL);
	play_open(NULL);
	return waited;
}

// As long as its peer asks three times, 3 to 8 s; of who does not ask again it is not known that it does so sooner.
static void deletion_waits_for_its_account_while_its_peer_asks(void **state)
{
	assert_in_range(patience(0), 8000, 8300);
	assert_in_range(patience(500), 3000, 3200);
	assert_in_range(patience(1000), 3000, 3200);
	assert_in_range(patience(2000), 6000, 6300);
	assert_in_range(patience(5000), 8000, 8300);
}

// In one request, but the disk stood still.
static void deletion_whose_account_is_late(void **state)
{
	unsigned asked;

	play_attach(false);
	play.unsettled = true;
	play_leave(1);
	asked = play.asked;
	play_run(5000);
	assert_int_equal(play.answers, 1);
	assert_in_range(play.asked - asked, 20, 100); // it does not get in the way
	play.uplink = 4711;
	play.unsettled = false;
	play_run(500);
	assert_int_equal(play.answers, 2);
	assert_int_equal(play.header.seid, 7);
	assert_int_equal(play_reported(PFCP_IE_DELETION_USAGE_REPORT), 4711);
}

static void deletion_where_our_words_are_too_long(void **state)
{
	play.long_words = true;
	deletion_by_steps();
}

// Whose TEID is another's by now is looked for page by page, each asked for once.
static void deletion_with_many_accounts_before_its_own(void **state)
{
	unsigned asked[2];

	for (unsigned round = 0; round < 2; round++) {
		play_attach(false);
		play.earlier = true;
		play.pages = 5 * round;
		play.uplink = 4711;
		play.reported = 0;
		asked[round] = play.asked;
		play_leave(1);
		play_run(0);
		asked[round] = play.asked - asked[round];
		assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
		assert_int_equal(play_reported(PFCP_IE_DELETION_USAGE_REPORT), 4711);
		play_run(1000); // nobody asks on
		play_close(NULL);
		play_open(NULL);
	}
	assert_int_equal(asked[1], asked[0] + 5);
}

static void deletion_that_no_worker_confirms(void **state)
{
	play_attach(false);
	play.applies = false;
	play.unsettled = true;
	play_leave(1);
	play_run(8500);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.header.seid, 7);
	assert_null(pfcp_first(&play.tree, NULL, PFCP_IE_DELETION_USAGE_REPORT));
}

static void deleted_again(void)
{
	play.uplink = 99; // what was told once is told again as it was
	play_die();
	play_leave(1);
	play_run(100);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.header.seid, 7);
	assert_int_equal(play_reported(PFCP_IE_DELETION_USAGE_REPORT), 10);
	assert_int_equal(play.changes, 2);
}

static void deletion_after_our_death(void **state)
{
	play_attach(false);
	play.uplink = 10;
	play_leave(1);
	play_run(0);
	assert_int_equal(play.answers, 2);
	deleted_again();
}

// An earlier build of ours has deleted it, by steps; ctrl knows the key, and that something else was asked by it.
static void deletion_after_the_death_of_an_earlier_build(void **state)
{
	play_attach(false);
	play.uplink = 10;
	play.earlier = true;
	play_leave(1);
	play_run(0);
	assert_int_equal(play.answers, 2);
	play.earlier = false;
	play.reported = 0;
	play.changes--; // of what it did not know
	play_die();
	play_leave(1);
	play_run(100);
	assert_int_equal(play.answers, 3);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.header.seid, 7);
	assert_int_equal(play_reported(PFCP_IE_DELETION_USAGE_REPORT), 10);
	assert_int_equal(play.changes, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deletion_tells_the_last_counters, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_was_deleted_in_silence_is_gone, play_open, play_close),
		cmocka_unit_test_setup_teardown(deletion_by_a_controller_of_an_earlier_build, play_open, play_close),
		cmocka_unit_test_setup_teardown(deletion_waits_for_its_account_while_its_peer_asks, play_open,
						play_close),
		cmocka_unit_test_setup_teardown(deletion_whose_account_is_late, play_open, play_close),
		cmocka_unit_test_setup_teardown(deletion_where_our_words_are_too_long, play_open, play_close),
		cmocka_unit_test_setup_teardown(deletion_with_many_accounts_before_its_own, play_open, play_close),
		cmocka_unit_test_setup_teardown(deletion_that_no_worker_confirms, play_open, play_close),
		cmocka_unit_test_setup_teardown(deletion_after_our_death, play_open, play_close),
		cmocka_unit_test_setup_teardown(deletion_after_the_death_of_an_earlier_build, play_open, play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
