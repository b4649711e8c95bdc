// test_pfcp_session.c - session procedures: what is asked of the controller, what the peer is told, and that a request repeated after
// our death is neither lost nor served twice.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "tests/unit/session_play.h"

// ---- What the peer says

// ---- Tests

static void established(void **state)
{
	const struct pfcp_ie *created;
	struct pfcp_fseid up;
	struct pfcp_fteid fteid;
	struct pfcp_ue_address ue;

	play_attach(true);
	assert_int_equal(play.answers, 1);
	assert_int_equal(play.header.type, PFCP_SESSION_ESTABLISHMENT_RESPONSE);
	assert_int_equal(play.header.seid, 7);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(pfcp_get_fseid(pfcp_first(&play.tree, NULL, PFCP_IE_F_SEID), &up), 0);
	assert_int_equal(up.seid, PLAY_ID);
	created = pfcp_first(&play.tree, NULL, PFCP_IE_CREATED_PDR);
	assert_int_equal(pfcp_get_fteid(pfcp_first(&play.tree, created, PFCP_IE_F_TEID), &fteid), 0);
	assert_int_equal(fteid.teid, PLAY_TEID);
	assert_int_equal(fteid.address.ipv4, WORDS_OURS);
	created = pfcp_again(&play.tree, created);
	assert_int_equal(pfcp_get_ue_address(pfcp_first(&play.tree, created, PFCP_IE_UE_IP_ADDRESS), &ue), 0);
	assert_int_equal(ue.address.ipv4, WORDS_UE);
	assert_null(pfcp_first(&play.tree, created, PFCP_IE_F_TEID));
	assert_string_equal(play.session->owner, play.assoc.owner);
	assert_string_equal(play.session->identity->dnn, "internet");
}

static void not_in_force_is_not_accepted(void **state)
{
	play.applies = false;
	play_attach(false);
	play_run(10000);
	assert_int_equal(play.answers, 1);
	assert_int_equal(play_cause(), PFCP_CAUSE_SYSTEM_FAILURE);
	assert_null(play.session); // nothing is left behind
}

static void what_came_too_late_goes_though_ctrl_is_busy(void **state)
{
	play.applies = false;
	play.served = 1;
	play.busy = 600; // longer than the session's makers are given
	play_attach(false);
	play_run(20000);
	assert_int_equal(play.answers, 1);
	assert_int_equal(play_cause(), PFCP_CAUSE_SYSTEM_FAILURE);
	assert_null(play.session);
}

// ctrl takes what it is asked, and says nothing for longer than anybody waits.
static void what_was_made_in_silence_is_found_and_goes(void **state)
{
	play.silent = 1;
	play_attach(false);
	assert_non_null(play.session);
	play.silent = 1; // when it is asked again, too
	play_run(20000);
	assert_int_equal(play.answers, 1);
	assert_int_equal(play_cause(), PFCP_CAUSE_SYSTEM_FAILURE);
	assert_null(play.session);
}

static void what_was_changed_in_silence_is_undone(void **state)
{
	play_attach(false);
	play_handover(1, 0x99);
	play_step(); // what there is
	play.silent = 1;
	play_run(20000);
	assert_int_equal(play.answers, 2);
	assert_int_equal(play_cause(), PFCP_CAUSE_SYSTEM_FAILURE);
	assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x77);
}

static void busy_is_asked_again(void **state)
{
	play.busy = 3;
	play_attach(false);
	play_run(1000);
	assert_int_equal(play.answers, 1);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	play.busy = 1000000;
	play_handover(1, 0x99);
	play_run(20000);
	assert_int_equal(play_cause(), PFCP_CAUSE_CONGESTION);
}

static void establishment_after_our_death(void **state)
{
	words_begin(&play.words[0]);
	words_session(&play.words[0], 7, false);
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	play.answers = 0;
	play_step(); // ctrl has it, and we have answered: the play.answer is lost
	assert_int_equal(play.answers, 1);
	play_die();
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	play_run(100);
	assert_int_equal(play.answers, 2);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.changes, 1);
}

static void refused_whole(void **state)
{
	struct pfcp_failed_rule failed;

	play_attach(false);
	words_begin(&play.words[1]);
	words_handover(&play.words[1], 2, 0x99);
	words_drop(&play.words[1], 77);
	play_say(1, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_RULE_FAILURE);
	assert_int_equal(play.header.seid, 7);
	assert_int_equal(pfcp_get_failed_rule(pfcp_first(&play.tree, NULL, PFCP_IE_FAILED_RULE_ID), &failed), 0);
	assert_int_equal(failed.kind, PFCP_FAILED_RULE_ID_FAR);
	assert_int_equal(failed.id, 77);
	assert_int_equal(play.changes, 1);
	assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x77);
}

static void what_does_not_belong_is_passed_over(void **state)
{
	play_attach(false);
	words_begin(&play.words[1]);
	words_handover(&play.words[1], 2, 0x99);
	pfcp_put_u8(&play.words[1].writer, PFCP_IE_PDN_TYPE, PFCP_PDN_TYPE_ETHERNET);
	play_say(1, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x99);
	words_begin(&play.words[2]);
	pfcp_put_bytes(&play.words[2].writer, PFCP_IE_TRACE_INFORMATION, "123456789", 9);
	play_say(2, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_SERVICE_NOT_SUPPORTED);
}

static void unreadable(void **state)
{
	const struct pfcp_header said = { .body = (const uint8_t *)"\0\1\0\0", .bytes = 4, .seid = PLAY_ID };
	const struct pfcp_request request = { .header = &said, .deal = &play.deals[1] };

	play.deals[1] = (struct deal){ .type = PFCP_SESSION_MODIFICATION_REQUEST, .sequence = 101 };
	sessions_refuse(
	    sessions, &request,
	    &(const struct pfcp_fault){ .cause = PFCP_CAUSE_MANDATORY_MISSING, .offending = PFCP_IE_PDR_ID });
	assert_int_equal(play_cause(), PFCP_CAUSE_MANDATORY_MISSING);
	assert_int_equal(pfcp_number(pfcp_first(&play.tree, NULL, PFCP_IE_OFFENDING_IE)), PFCP_IE_PDR_ID);
	assert_int_equal(play.header.type, PFCP_SESSION_MODIFICATION_RESPONSE);
}

// Its session is known: the peer is told which of its own it is.
static void unreadable_about_a_session(void **state)
{
	static const uint8_t types[] = { PFCP_SESSION_MODIFICATION_REQUEST, PFCP_SESSION_DELETION_REQUEST };
	const struct pfcp_fault why = { .cause = PFCP_CAUSE_INVALID_LENGTH, .offending = PFCP_IE_F_SEID };

	play_attach(false);
	for (unsigned i = 0; i < sizeof(types); i++) {
		const struct pfcp_header said = { .body = (const uint8_t *)"\0\1\0", .bytes = 3, .seid = PLAY_ID };
		const struct pfcp_request request = { .header = &said, .deal = &play.deals[1] };

		play.deals[1] = (struct deal){ .type = types[i], .sequence = 101, .assoc = &play.assoc };
		sessions_refuse(sessions, &request, &why);
		play_run(0);
		assert_int_equal(play.answers, 2 + i);
		assert_int_equal(play_cause(), PFCP_CAUSE_INVALID_LENGTH);
		assert_int_equal(play.header.seid, 7);
	}
	assert_non_null(play.session);
}

static void one_after_the_other(void **state)
{
	play_attach(false);
	play_handover(1, 0x91);
	play_handover(2, 0x92);
	play_handover(3, 0x93);
	play_run(0);
	assert_int_equal(play.answers, 4);
	assert_int_equal(play.header.sequence, 103);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x93);
}

// Killed after ctrl has the change: the repeat is told what would have been said, and nothing is done twice.
static void modification_after_our_death(void **state)
{
	play_attach(false);
	play.uplink = 100;
	words_begin(&play.words[1]);
	words_query(&play.words[1], 1);
	play_say(1, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play_reported(PFCP_IE_MODIFICATION_USAGE_REPORT), 100);
	assert_int_equal(play.changes, 2);
	play.uplink = 150;
	play_die();
	play_say(1, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play.answers, 3);
	assert_int_equal(play_reported(PFCP_IE_MODIFICATION_USAGE_REPORT), 100);
	assert_int_equal(play.changes, 2);
	// The next report has the rest, and only that.
	words_begin(&play.words[2]);
	words_query(&play.words[2], 1);
	play_say(2, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(0);
	assert_int_equal(play_reported(PFCP_IE_MODIFICATION_USAGE_REPORT), 50);
}

static void unapplied_change_is_undone(void **state)
{
	play_attach(false);
	play.applies = false;
	play_handover(1, 0x99);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_SYSTEM_FAILURE);
	assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x77);
}

static void others_sessions_are_not_there(void **state)
{
	static const struct assoc other = { .node_id = "10.99.4.9", .owner = "pfcp:10.99.4.9#1" };

	play_attach(false);
	play.assoc = other;
	play_handover(1, 0x99);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_SESSION_NOT_FOUND);
	play_leave(2);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_SESSION_NOT_FOUND);
	assert_non_null(play.session);
}

static void strangers_and_nonsense(void **state)
{
	const struct pfcp_header said = { .type = PFCP_SESSION_ESTABLISHMENT_REQUEST, .body = play.words[0].bytes };
	struct pfcp_request request = { .header = &said, .deal = &play.deals[0] };

	play.deals[0] = (struct deal){ .type = said.type, .sequence = 1 };
	sessions_request(sessions, &request, play.now_ms * PLAY_NS);
	assert_int_equal(play_cause(), PFCP_CAUSE_NO_ASSOCIATION);
	words_begin(&play.words[0]);
	words_head(&play.words[0], 7);
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	assert_int_equal(play_cause(), PFCP_CAUSE_MANDATORY_MISSING);
	assert_int_equal(play.header.seid, 7);
	assert_int_equal(pfcp_number(pfcp_first(&play.tree, NULL, PFCP_IE_OFFENDING_IE)), PFCP_IE_CREATE_PDR);
	words_begin(&play.words[1]);
	words_session(&play.words[1], 7, false);
	pfcp_put_bytes(&play.words[1].writer, PFCP_IE_TRACE_INFORMATION, "123456789", 9);
	play_say(1, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	assert_int_equal(play_cause(), PFCP_CAUSE_SERVICE_NOT_SUPPORTED);
	assert_int_equal(pfcp_number(pfcp_first(&play.tree, NULL, PFCP_IE_OFFENDING_IE)), PFCP_IE_TRACE_INFORMATION);
	assert_int_equal(play.changes, 0);
}

static void an_owner_is_dropped(void **state)
{
	play_attach(false);
	assert_int_equal(sessions_drop(sessions, "pfcp:other#1"), 0);
	sessions_tick(sessions, play.now_ms * PLAY_NS);
	play_run(100);
	assert_string_equal(play.dropped, "pfcp:other#1");
	assert_non_null(play.session);
	assert_int_equal(sessions_drop(sessions, play.assoc.owner), 0);
	sessions_tick(sessions, play.now_ms * PLAY_NS);
	play_run(100);
	assert_string_equal(play.dropped, play.assoc.owner);
	assert_null(play.session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(established, play_open, play_close),
		cmocka_unit_test_setup_teardown(not_in_force_is_not_accepted, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_came_too_late_goes_though_ctrl_is_busy, play_open, play_close),
		cmocka_unit_test_setup_teardown(busy_is_asked_again, play_open, play_close),
		cmocka_unit_test_setup_teardown(establishment_after_our_death, play_open, play_close),
		cmocka_unit_test_setup_teardown(refused_whole, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_does_not_belong_is_passed_over, play_open, play_close),
		cmocka_unit_test_setup_teardown(unreadable, play_open, play_close),
		cmocka_unit_test_setup_teardown(one_after_the_other, play_open, play_close),
		cmocka_unit_test_setup_teardown(modification_after_our_death, play_open, play_close),
		cmocka_unit_test_setup_teardown(unapplied_change_is_undone, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_was_made_in_silence_is_found_and_goes, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_was_changed_in_silence_is_undone, play_open, play_close),
		cmocka_unit_test_setup_teardown(unreadable_about_a_session, play_open, play_close),
		cmocka_unit_test_setup_teardown(others_sessions_are_not_there, play_open, play_close),
		cmocka_unit_test_setup_teardown(strangers_and_nonsense, play_open, play_close),
		cmocka_unit_test_setup_teardown(an_owner_is_dropped, play_open, play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
