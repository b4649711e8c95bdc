// test_pfcp_said.c - what a CP function says of a session in its answer to a report (TS 29.244 7.5.9): another F-SEID, that what waits is
// dropped, what is new of a BAR. It is kept with the session, or asked for again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/front.h"
#include "tests/unit/pfcp_shape.h"
#include "tests/unit/session_play.h"

#define OTHER_SMF 0x0a000003u

static const struct report_said moves = { .moves = true, .cp = { 9, { .has_ipv4 = true, .ipv4 = OTHER_SMF } } };
static const struct report_said drops = { .drops = true };

static int attached(void **state)
{
	if (play_open(state))
		return -1;
	words_begin(&play.words[0]);
	words_session(&play.words[0], 7, false);
	pfcp_put_text(&play.words[0].writer, PFCP_IE_GROUP_ID, "two");
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	play_run(100);
	return play_cause() == PFCP_CAUSE_ACCEPTED ? 0 : -1;
}

static struct front kept(void)
{
	static struct pfcp_tree tree;
	struct front front;

	assert_int_equal(front_read(&front, play.session->front.data, play.session->front.len, &tree), 0);
	return front;
}

static void said(const struct report_said *what, bool done)
{
	unsigned saids = play.saids, keeps = play.kept;

	assert_int_equal(sessions_said(sessions, PLAY_ID, what), 0);
	play_run(100);
	assert_int_equal(play.saids, saids + 1);
	assert_int_equal(play.kept, keeps + done);
}

static void another_f_seid_is_kept(void **state)
{
	size_t rules = play.session->n_rules, length = play.session->front.len;

	said(&moves, true);
	assert_int_equal(kept().cp.seid, 9);
	assert_int_equal(kept().cp.address.ipv4, OTHER_SMF);
	assert_int_equal(kept().group_bytes, 4 + 3);
	assert_int_equal(play.session->front.len, length); // and all else
	assert_int_equal(play.session->n_rules, rules);
	assert_int_equal(play.moves, 1);
	assert_int_equal(play.to.cp.seid, 9);
	assert_int_equal(play.drops, 0);
	said(&moves, true); // once more
	assert_int_equal(kept().cp.seid, 9);
}

static void what_waits_is_dropped(void **state)
{
	said(&drops, true);
	assert_int_equal(play.drops, 1);
	assert_int_equal(kept().cp.seid, 7);
	assert_int_equal(play.moves, 0);
}

static void both_together(void **state)
{
	struct report_said both = moves;

	both.drops = true;
	said(&both, true);
	assert_int_equal(play.drops, 1);
	assert_int_equal(kept().cp.seid, 9);
	assert_int_equal(play.moves, 1);
}

static void kept_bar(int packets)
{
	static struct pfcp_tree tree;
	struct front front;
	const struct pfcp_ie *bar, *count;

	assert_int_equal(front_read(&front, play.session->front.data, play.session->front.len, &tree), 0);
	bar = pfcp_first(&tree, NULL, PFCP_IE_CREATE_BAR);
	assert_non_null(bar);
	count = pfcp_first(&tree, bar, PFCP_IE_SUGGESTED_BUFFERING_PACKETS_COUNT);
	assert_int_equal(count ? (int)pfcp_number(count) : -1, packets);
	assert_int_equal(play.session->rules[1]->forward->has_buffer_packets, packets >= 0);
	assert_int_equal(play.session->rules[1]->forward->buffer_packets, packets >= 0 ? packets : 0);
}

// The subscriber is idle, and its FAR names BAR 1.
static void idle(void)
{
	words_begin(&play.words[1]);
	shape_far_update(
	    &play.words[1].writer,
	    &(struct far){ .id = 2, .action = PFCP_APPLY_ACTION_BUFF | PFCP_APPLY_ACTION_NOCP, .to = -1, .bar = 1 });
	shape_bar(&play.words[1].writer, PFCP_IE_CREATE_BAR, &(struct bar){ 1, -1, -1 });
	play_say(1, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(100);
	assert_int_equal(play_cause(), PFCP_CAUSE_ACCEPTED);
}

// What it says of the BAR stays with the session; how what waits is kept is said once.
static void a_bar_says_how_packets_wait(void **state)
{
	static const struct {
		struct report_bar bar;
		int packets; // of the BAR then
		uint32_t seconds;
		int packets_now;
	} bars[] = {
		{ { .said = true, .id = 1, .has_packets = true, .packets = 9 }, 9, 0, -1 },
		{ { .said = true, .id = 1, .seconds = 60 }, 9, 60, -1 },
		{ { .said = true, .id = 1, .seconds = 60, .has_packets_now = true, .packets_now = 300 }, 9, 60, 300 },
		{ { .said = true, .id = 1, .has_packets = true, .packets = 4, .seconds = UINT32_MAX },
		  4,
		  UINT32_MAX,
		  -1 },
		{ { .said = true, .id = 2, .has_packets = true, .packets = 5, .seconds = 60 },
		  4,
		  0,
		  -1 }, // there is none
	};

	idle();
	for (unsigned i = 0; i < sizeof(bars) / sizeof(*bars); i++) {
		const struct report_said bar = { .bar = bars[i].bar };

		play.buffer_s = 0, play.buffer_packets = -1;
		said(&bar, true);
		kept_bar(bars[i].packets);
		assert_int_equal(play.buffer_s, bars[i].seconds);
		assert_int_equal(play.buffer_packets, bars[i].packets_now);
		assert_int_equal(play.drops, 0);
		assert_int_equal(kept().cp.seid, 7);
	}
}

static void a_bar_says_when_they_are_told_of(void **state)
{
	const struct report_said late = { .bar = { .said = true, .id = 1, .has_delay = true, .delay = 4 } };

	idle();
	assert_int_equal(play.session->rules[1]->forward->notify_delay_ms, 0);
	said(&late, true);
	assert_int_equal(play.session->rules[1]->forward->notify_delay_ms, 200);
	kept_bar(-1);
}

static void all_together(void **state)
{
	struct report_said all = moves;

	idle();
	all.drops = true;
	all.bar = (struct report_bar){ .said = true, .id = 1, .has_packets = true, .packets = 9, .seconds = 60 };
	said(&all, true);
	kept_bar(9);
	assert_int_equal(play.drops, 1);
	assert_int_equal(play.buffer_s, 60);
	assert_int_equal(kept().cp.seid, 9);
	assert_int_equal(kept().group_bytes, 4 + 3);
	all.bar.id = 2; // there is none: the rest is done
	play.buffer_s = 0;
	said(&all, true);
	assert_int_equal(play.drops, 2);
	assert_int_equal(play.buffer_s, 0);
}

// A session of an earlier build's keeps its rules, and the ids they have; only its BAR can't be changed so.
static void what_waits_of_an_earlier_builds_session_is_dropped(void **state)
{
	struct report_said all = moves;
	uint32_t rule, measure;

	play_first_version();
	rule = play.session->rules[0]->id;
	measure = play.session->measures[0]->id;
	said(&drops, true);
	assert_int_equal(play.drops, 1);
	all.drops = all.bar.said = true;
	all.bar.seconds = 5;
	said(&all, true);
	assert_int_equal(play.drops, 2);
	assert_int_equal(play.buffer_s, 0);
	assert_int_equal(kept().cp.seid, 9);
	assert_true(kept().first_version);
	assert_int_equal(play.session->rules[0]->id, rule);
	assert_int_equal(play.session->measures[0]->id, measure);
}

// A full disk: not now. A session that is gone, or an earlier controller: never.
static void what_is_not_kept_is_told(void **state)
{
	play.disk = SHOAL__OSS__CODE__STORE_FAILED;
	said(&moves, false);
	assert_int_equal(kept().cp.seid, 7);
	assert_int_equal(play.moves, 0);
	play.busy = 3;
	said(&moves, true);
	play.disk = SHOAL__OSS__CODE__BAD_REQUEST;
	said(&moves, true);
	play_say(1, PFCP_SESSION_DELETION_REQUEST, PLAY_ID);
	play_run(1000);
	assert_null(play.session);
	said(&drops, true);
	assert_int_equal(play.drops, 0);
}

// It is in its turn: a modification that has come before is there, and the next finds it.
static void requests_meanwhile_lose_nothing(void **state)
{
	words_begin(&play.words[1]);
	words_handover(&play.words[1], 2, 0x99);
	play_say(1, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	assert_int_equal(sessions_said(sessions, PLAY_ID, &moves), 0);
	words_begin(&play.words[2]);
	words_handover(&play.words[2], 2, 0x9a);
	play_say(2, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
	play_run(100);
	assert_int_equal(play.kept, 1);
	assert_int_equal(play.answers, 3);
	assert_int_equal(kept().cp.seid, 9);
	assert_int_equal(play.session->rules[1]->forward->peer_teid, 0x9a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, attached, play_close)

// A controller that has no time when it is to be done: it is asked again, soon but not all the time, and it is done once.
static void a_busy_controller_is_asked_again(void **state)
{
	unsigned asked;

	for (unsigned i = 0; i < 2; i++) {
		play.served = 1; // what the session is
		play.busy = 1;
		said(i ? &drops : &moves, true);
		assert_int_equal(kept().cp.seid, 9);
		assert_int_equal(play.moves, 1);
		assert_int_equal(play.drops, i);
	}
	play.busy = 1000;
	asked = play.asked;
	assert_int_equal(sessions_said(sessions, PLAY_ID, &drops), 0);
	play_run(200);
	assert_in_range(play.asked - asked, 8, 12);
	play.busy = 0;
	play_run(100);
	assert_int_equal(play.drops, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_f_seid_is_kept),
		TEST(what_waits_is_dropped),
		TEST(both_together),
		TEST(a_bar_says_how_packets_wait),
		TEST(all_together),
		TEST(a_bar_says_when_they_are_told_of),
		TEST(what_waits_of_an_earlier_builds_session_is_dropped),
		TEST(what_is_not_kept_is_told),
		TEST(requests_meanwhile_lose_nothing),
		TEST(a_busy_controller_is_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
