// test_pfcp_drop.c - what waits is dropped by order (DROBU): the controller is told with the change, and told not to where the change is undone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "tests/unit/session_play.h"

static int attached(void **state)
{
	int error = play_open(state);

	words_begin(&play.words[0]);
	words_session(&play.words[0], 7, false);
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	play_run(0);
	return error;
}

static void ask(unsigned n, uint64_t flags)
{
	words_begin(&play.words[n]);
	pfcp_put_flags(&play.words[n].writer, PFCP_IE_PFCPSMREQ_FLAGS, flags, 1);
	play_say(n, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
}

static void an_order_goes_with_the_change(void **state)
{
	ask(1, PFCP_PFCPSMREQ_FLAGS_QAURR);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.drops, 0);
	ask(2, PFCP_PFCPSMREQ_FLAGS_DROBU);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.drops, 1);
	assert_int_equal(play.undrops, 0);
	play_die();
	ask(2, PFCP_PFCPSMREQ_FLAGS_DROBU); // again: it is the same
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.drops, 1);
}

static void what_is_not_in_force_drops_nothing(void **state)
{
	play.applies = false;
	ask(1, PFCP_PFCPSMREQ_FLAGS_DROBU);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_SYSTEM_FAILURE);
	assert_int_equal(play.drops, 1);
	assert_int_equal(play.undrops, 1);
}

static void other_flags_are_refused(void **state)
{
	ask(1, PFCP_PFCPSMREQ_FLAGS_DROBU | PFCP_PFCPSMREQ_FLAGS_SUMPC);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_SERVICE_NOT_SUPPORTED);
	assert_int_equal(play.drops, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_order_goes_with_the_change, attached, play_close),
		cmocka_unit_test_setup_teardown(what_is_not_in_force_drops_nothing, attached, play_close),
		cmocka_unit_test_setup_teardown(other_flags_are_refused, attached, play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
