// test_pfcp_earlier.c - sessions that an earlier build has made: their rules have PFCP's ids, and words of the first version say so (front.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "tests/unit/session_play.h"

static uint64_t reported_urr(uint16_t type)
{
	return pfcp_number(pfcp_first(&play.tree, pfcp_first(&play.tree, NULL, type), PFCP_IE_URR_ID));
}

// What is undone, and what is asked again, is so with rules and words of one version.
static void words_of_an_earlier_build_fit_their_rules(void **state)
{
	play_attach(false);
	play.session->measures[0]->grant = 5;
	play_first_version();
	play.applies = false;
	play_handover(1, 0x99);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_SYSTEM_FAILURE);
	assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x77);
	assert_int_equal(play.session->front.data[0], 2);
	assert_int_equal(play.session->measures[0]->grant, 5); // nothing was granted
	play.applies = true;
	play_handover(2, 0x98);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	play_first_version(); // an earlier build did it, and died
	play.keys = 0;
	play.deals[2] = (struct deal){ 0 };
	play_handover(2, 0x98);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x98);
	assert_int_equal(play.session->rules[0]->match->teid, PLAY_TEID);
	assert_int_equal(play.session->front.data[0], 2);
}

static void deletion_of_an_earlier_builds_tells_of_its_urr(void **state)
{
	play_attach(false);
	play_first_version();
	play.uplink = 4711;
	play_leave(1);
	play_run(100);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play_reported(PFCP_IE_DELETION_USAGE_REPORT), 4711);
	assert_int_equal(reported_urr(PFCP_IE_DELETION_USAGE_REPORT), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words_of_an_earlier_build_fit_their_rules, play_open, play_close),
		cmocka_unit_test_setup_teardown(deletion_of_an_earlier_builds_tells_of_its_urr, play_open, play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
