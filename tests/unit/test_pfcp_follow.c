// test_pfcp_follow.c - sessions that name an application follow it when its PFDs change, in turn with what their CP function asks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/pfcp_apps.h"
#include "tests/unit/session_play.h"

static const char *const one[] = { "permit out 17 from 192.0.2.1 to assigned", NULL };
static const char *const two[] = { "permit out 6 from 192.0.2.1 to assigned", "permit out ip from 192.0.2.2 to any",
				   NULL };
static const char *const none[] = { NULL };

static void app_put(struct words *words)
{
	struct pfcp_writer *writer = &words->writer;
	const struct pfcp_ue_address ue = { .address = { .has_ipv4 = true, .ipv4 = WORDS_UE }, .destination = true };
	uint8_t *mark, *pdi;

	pfcp_begin(writer, PFCP_IE_CREATE_PDR, &mark);
	pfcp_put_u16(writer, PFCP_IE_PDR_ID, 3);
	pfcp_put_u32(writer, PFCP_IE_PRECEDENCE, 3);
	pfcp_begin(writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_CORE);
	pfcp_put_ue_address(writer, PFCP_IE_UE_IP_ADDRESS, &ue);
	pfcp_put_text(writer, PFCP_IE_APPLICATION_ID, "video");
	pfcp_end(writer, pdi);
	pfcp_put_u32(writer, PFCP_IE_FAR_ID, 2);
	pfcp_end(writer, mark);
}

static void attach(bool with_app)
{
	words_begin(&play.words[0]);
	words_session(&play.words[0], 7, false);
	if (with_app)
		app_put(&play.words[0]);
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	play.changes = 0;
}

static const Shoal__Oss__Match *match(void)
{
	for (size_t i = 0; i < play.session->n_rules; i++)
		if (play.session->rules[i]->id == 4)
			return play.session->rules[i]->match;
	fail();
	return NULL;
}

static void it_follows(void **state)
{
	apps_know(&play_pfds, "video", one);
	attach(true);
	assert_int_equal(match()->n_filters, 1);
	apps_know(&play_pfds, "video", two);
	sessions_follow(sessions);
	play_run(5000);
	assert_int_equal(play.follows, 1);
	assert_int_equal(play.followed, 1);
	assert_int_equal(play.changes, 1);
	assert_int_equal(play.undrops, 0); // an order of its CP function's is left alone
	assert_int_equal(match()->n_filters, 2);
	assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x77);
	sessions_follow(sessions); // nothing has changed
	play_run(5000);
	assert_int_equal(play.follows, 2);
	assert_int_equal(play.followed, 0);
	assert_int_equal(play.changes, 1);
	apps_know(&play_pfds, "video", none);
	sessions_follow(sessions);
	play_run(5000);
	assert_int_equal(match()->n_filters, 1);
	assert_string_equal(match()->filters[0]->flow, "permit out 255 from 0.0.0.0/32 to assigned");
	play_handover(1, 0x99);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
}

static void one_of_an_earlier_build_follows(void **state)
{
	apps_know(&play_pfds, "video", one);
	attach(true);
	play_first_version();
	sessions_follow(sessions); // it is as it should be
	play_run(5000);
	assert_int_equal(play.changes, 0);
	assert_int_equal(play.session->front.data[0], 1);
	apps_know(&play_pfds, "video", two);
	sessions_follow(sessions);
	play_run(5000);
	assert_int_equal(play.changes, 1);
	assert_int_equal(match()->n_filters, 2);
	assert_int_equal(play.session->front.data[0], 2); // its rules have the ids of this build now
	sessions_follow(sessions);
	play_run(5000);
	assert_int_equal(play.changes, 1);
	play_handover(1, 0x99);
	play_run(0);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play.session->rules[0]->id, 2);
	assert_int_equal(play.session->rules[0]->match->teid, PLAY_TEID);
}

static void those_that_name_none_are_left_alone(void **state)
{
	attach(false);
	sessions_follow(sessions);
	play_run(5000);
	assert_int_equal(play.follows, 1);
	assert_int_equal(play.changes, 0);
}

// What was asked for before, and is in no list yet.
static void one_that_is_being_made_follows(void **state)
{
	apps_know(&play_pfds, "video", one);
	words_begin(&play.words[0]);
	words_session(&play.words[0], 7, false);
	app_put(&play.words[0]);
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	apps_know(&play_pfds, "video", two);
	sessions_follow(sessions);
	sessions_tick(sessions, play.now_ms * PLAY_NS);
	play_delay();
	play_run(5000);
	assert_int_equal(play.follows, 1);
	assert_int_equal(match()->n_filters, 2);
}

// Of both what each has changed stands.
static void in_turn_with_its_cp_function(void **state)
{
	for (unsigned after = 0; after < 4; after++) {
		apps_know(&play_pfds, "video", one);
		attach(true);
		apps_know(&play_pfds, "video", two);
		sessions_follow(sessions);
		sessions_tick(sessions, play.now_ms * PLAY_NS);
		for (unsigned i = 0; i < after; i++)
			play_step();
		play_handover(1, 0x99);
		play_run(5000);
		assert_int_equal(play.follows, 1);
		assert_int_equal(match()->n_filters, 2);
		assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x99);
		play_close(NULL);
		play_open(NULL);
	}
}

static void what_ctrl_cannot_do_now_is_done_later(void **state)
{
	apps_know(&play_pfds, "video", one);
	attach(true);
	apps_know(&play_pfds, "video", two);
	play.busy = 410; // longer than a task has patience, then for those that list
	play.served = 1;
	sessions_follow(sessions);
	play_run(60000);
	assert_int_equal(play.follows, 1);
	assert_int_equal(play.left, 0);
	assert_int_equal(match()->n_filters, 2);
}

static void silence_is_asked_again(void **state)
{
	apps_know(&play_pfds, "video", one);
	attach(true);
	apps_know(&play_pfds, "video", two);
	play.silent = 3;
	sessions_follow(sessions);
	play_run(60000);
	assert_int_equal(play.follows, 1);
	assert_int_equal(match()->n_filters, 2);
}

// Asked again, it looks at the session anew before it changes it.
static void busy_between_look_and_change_is_asked_again(void **state)
{
	apps_know(&play_pfds, "video", one);
	attach(true);
	apps_know(&play_pfds, "video", two);
	play.served = 2; // the list, and what the session is
	play.busy = 1;
	sessions_follow(sessions);
	play_run(1000);
	assert_int_equal(play.follows, 1);
	assert_int_equal(play.followed, 1);
	assert_int_equal(match()->n_filters, 2);
}

static void what_cannot_be_done_is_left(void **state)
{
	apps_know(&play_pfds, "video", one);
	attach(true);
	apps_know(&play_pfds, "video", two);
	play.full = true;
	sessions_follow(sessions);
	play_run(60000);
	assert_int_equal(play.follows, 1);
	assert_int_equal(play.left, 1);
	assert_int_equal(match()->n_filters, 1);
}

static void killed_it_is_done_anew(void **state)
{
	apps_know(&play_pfds, "video", one);
	attach(true);
	apps_know(&play_pfds, "video", two);
	sessions_follow(sessions);
	sessions_tick(sessions, play.now_ms * PLAY_NS);
	play_step();
	play_step(); // it has been read, and is about to be changed
	play_die();
	assert_int_equal(match()->n_filters, 1);
	sessions_follow(sessions);
	play_run(5000);
	assert_int_equal(play.follows, 1);
	assert_int_equal(match()->n_filters, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_follows, play_open, play_close),
		cmocka_unit_test_setup_teardown(one_of_an_earlier_build_follows, play_open, play_close),
		cmocka_unit_test_setup_teardown(those_that_name_none_are_left_alone, play_open, play_close),
		cmocka_unit_test_setup_teardown(one_that_is_being_made_follows, play_open, play_close),
		cmocka_unit_test_setup_teardown(in_turn_with_its_cp_function, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_ctrl_cannot_do_now_is_done_later, play_open, play_close),
		cmocka_unit_test_setup_teardown(silence_is_asked_again, play_open, play_close),
		cmocka_unit_test_setup_teardown(busy_between_look_and_change_is_asked_again, play_open, play_close),
		cmocka_unit_test_setup_teardown(what_cannot_be_done_is_left, play_open, play_close),
		cmocka_unit_test_setup_teardown(killed_it_is_done_anew, play_open, play_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
