// test_pfcp_outbox.c - session reports on their way: order, repeats, silence, fairness. Peers, clock and controller are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/outbox_play.h"
#include "ctrl/pfcp/codec/ie_get.h"

// ---- Order

static void of_a_session_one_after_the_other(void **state)
{
	struct world *world = *state;

	hear(world, ONE_OWNER, 1, 7);
	hear(world, ONE_OWNER, 2, 7);
	hear(world, OTHER_OWNER, 3, 8);
	tick(world, 1);
	assert_int_equal(world->asked, 2);
	answer(world, 1, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(world->asked, 2);
	answer(world, 0, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(world->asked, 3);
	tick(world, 1);
	assert_int_equal(world->numbers, 2);
	answer(world, 2, PFCP_CAUSE_ACCEPTED);
	tick(world, 1);
	assert_int_equal(world->closes, 1); // one at a time
	outbox_closed(&world->outbox, true);
	tick(world, 1);
	assert_int_equal(world->closes, 2);
	assert_int_equal(world->number[0], 2);
	outbox_closed(&world->outbox, true);
	assert_int_equal(world->outbox.count, 0);
	assert_int_equal(world->tally[TALLY_REPORTS_TOLD], 3);
}

static void more_are_under_way_the_more_are_answered(void **state)
{
	struct world *world = *state;

	for (unsigned i = 1; i <= 100; i++)
		hear(world, ONE_OWNER, i, i);
	tick(world, 1);
	assert_int_equal(world->asked, 1);
	answer(world, 0, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(world->asked, 3);
	for (unsigned i = 1; i < world->asked; i++) {
		answer(world, i, PFCP_CAUSE_ACCEPTED);
		assert_true(world->asked - i - 1 <= PILE_ASKED);
	}
	assert_int_equal(world->asked, 100);
}

static void what_was_listed_before_is_known(void **state)
{
	struct world *world = *state;

	hear(world, ONE_OWNER, 1, 7);
	hear(world, ONE_OWNER, 1, 7);
	tick(world, 1);
	answer(world, 0, PFCP_CAUSE_ACCEPTED);
	hear(world, ONE_OWNER, 1, 7);
	tick(world, 1);
	assert_int_equal(world->asked, 1);
}

// ---- Answers, and none

static void unknown_there_is_done(void **state)
{
	struct world *world = *state;

	hear(world, ONE_OWNER, 1, 7);
	tick(world, 1);
	answer(world, 0, PFCP_CAUSE_SESSION_NOT_FOUND);
	tick(world, 1);
	assert_int_equal(world->closes, 1);
	assert_int_equal(world->tally[TALLY_REPORTS_UNKNOWN], 1);
	hear(world, ONE_OWNER, 2, 8);
	tick(world, 1);
	answer(world, 1, PFCP_CAUSE_MANDATORY_INCORRECT);
	assert_int_equal(world->tally[TALLY_REPORTS_REFUSED], 1);
}

static void not_now_is_later(void **state)
{
	static const uint8_t causes[] = { PFCP_CAUSE_CONGESTION, PFCP_CAUSE_NO_ASSOCIATION, PFCP_CAUSE_SYSTEM_FAILURE };
	struct world *world = *state;

	hear(world, ONE_OWNER, 1, 7);
	hear(world, ONE_OWNER, 2, 7);
	tick(world, 1);
	for (unsigned i = 0; i < 3; i++) {
		answer(world, i, causes[i]);
		tick(world, 4 * SECOND);
		assert_int_equal(world->asked, i + 1);
		assert_true(outbox_due(&world->outbox) <= world->now_ns + SECOND);
		tick(world, SECOND);
		assert_int_equal(world->asked, i + 2);
	}
	assert_int_equal(world->closes, 0);
	assert_memory_equal(world->question[0].body, world->question[3].body, world->question[0].question.bytes);
}

static void silence_is_tried_ever_more_seldom(void **state)
{
	struct world *world = *state;
	uint64_t waited = 0;

	for (unsigned i = 1; i <= 20; i++)
		hear(world, ONE_OWNER, i, i);
	tick(world, 1);
	for (unsigned i = 0; i < 8; i++) {
		uint64_t before = world->now_ns;

		assert_int_equal(world->asked, i + 1);
		answer(world, i, 0);
		assert_int_equal(world->asked, i + 1);
		while (world->asked == i + 1)
			tick(world, SECOND / 2);
		assert_true(world->now_ns - before >= waited && world->now_ns - before <= 33 * SECOND);
		waited = world->now_ns - before;
	}
	assert_true(waited >= 32 * SECOND);
	hear(world, OTHER_OWNER, 30, 30); // whom that does not concern
	tick(world, 1);
	assert_int_equal(world->asked, 10);
	assert_int_equal(world->question[9].question.to.bytes[3], 9);
	answer(world, 8, PFCP_CAUSE_ACCEPTED); // they are back
	assert_int_equal(world->asked, 12);
	assert_int_equal(world->closes, 0);
	tick(world, 1);
	assert_int_equal(world->closes, 1);
	assert_int_equal(world->numbers, 1);
}

// ---- More than can be in hand

static void who_is_behind_is_listed_alone(void **state)
{
	struct world *world = *state;
	const struct wish wish = { ONE_OWNER, PILE_MAX + 1, PILE_MAX + 1 };
	Shoal__Oss__Report report;

	for (unsigned i = 1; i <= PILE_MAX + 5; i++)
		hear(world, ONE_OWNER, i, i);
	tick(world, 1);
	assert_int_equal(world->outbox.count, PILE_MAX);
	assert_int_equal(world->listed, 0);
	for (unsigned i = 0; i < PILE_MAX - 1; i++)
		answer(world, i, PFCP_CAUSE_ACCEPTED);
	tick(world, 1);
	outbox_closed(&world->outbox, true);
	tick(world, 1);
	assert_int_equal(world->listed, 1);
	assert_int_equal(world->after, PILE_MAX);
	hear(world, ONE_OWNER, PILE_MAX + 6, 1); // not before those that were not taken
	tick(world, 1);
	assert_int_equal(world->asked, PILE_MAX);
	report = made(world, &wish);
	hear_from(world, ONE_OWNER, &report, 0);
	tick(world, 1);
	assert_int_equal(world->asked, PILE_MAX + 1);
	assert_int_equal(world->listed, 2);
	assert_int_equal(world->after, PILE_MAX + 1);
}

// What has piled up while it was away: each list takes what there is room for, and the next goes on behind that.
static void a_page_of_many_is_taken_whole(void **state)
{
	enum { PAGE = 64 };
	static Shoal__Oss__Report report[PAGE], *reports[PAGE];
	Shoal__Oss__ReportListAnswer list = SHOAL__OSS__REPORT_LIST_ANSWER__INIT;
	struct world *world = *state;

	for (unsigned i = 1; i <= PILE_MAX + 1; i++)
		hear(world, ONE_OWNER, i, i);
	tick(world, 1);
	for (unsigned i = 0; i < PILE_MAX; i++)
		answer(world, i, PFCP_CAUSE_ACCEPTED);
	tick(world, 1);
	outbox_closed(&world->outbox, true);
	tick(world, 1);
	assert_int_equal(world->outbox.count, 0);
	for (unsigned i = 0; i < PAGE; i++) {
		const struct wish wish = { ONE_OWNER, PILE_MAX + 1 + i, PILE_MAX + 1 + i };

		report[i] = made(world, &wish);
		reports[i] = &report[i];
	}
	list.reports = reports, list.n_reports = PAGE, list.next = PILE_MAX + PAGE; // there are more
	outbox_heard(&world->outbox, ONE_OWNER, &list);
	assert_int_equal(world->outbox.count, PAGE);
	tick(world, 1);
	assert_int_equal(world->after, PILE_MAX + PAGE);
}

static void what_ctrl_does_not_do_is_asked_again(void **state)
{
	struct world *world = *state;

	hear(world, ONE_OWNER, 1, 7);
	tick(world, 1);
	answer(world, 0, PFCP_CAUSE_ACCEPTED);
	world->deaf = true;
	tick(world, 1);
	assert_int_equal(world->closes, 0);
	world->deaf = false;
	tick(world, SECOND);
	assert_int_equal(world->closes, 1);
	outbox_closed(&world->outbox, false);
	tick(world, SECOND);
	assert_int_equal(world->closes, 2);
	assert_int_equal(world->number[0], 1);
	world->lists = 0;
	outbox_heard(&world->outbox, "", NULL);
	tick(world, 1);
	assert_int_equal(world->lists, 0);
	tick(world, SECOND);
	assert_int_equal(world->lists, 1);
}

static void who_is_gone_hears_nothing(void **state)
{
	struct world *world = *state;

	hear(world, ONE_OWNER, 1, 7);
	hear(world, ONE_OWNER, 2, 7);
	hear(world, ONE_OWNER, 3, 8);
	hear(world, "pfcp:nobody#1", 4, 9);
	tick(world, 1);
	world->gone = true;
	tick(world, 2 * SECOND);
	answer(world, 0, 0);
	tick(world, 40 * SECOND);
	assert_int_equal(world->asked, 1);
	assert_int_equal(world->closes, 0);
	assert_int_equal(world->outbox.count, 0);
	assert_true(TAILQ_EMPTY(&world->outbox.piles));
}

static void nobody_chooses_where_ours_go(void **state)
{
	struct world *world = *state;
	const struct wish wish = { ONE_OWNER, 1, 7 };
	Shoal__Oss__Report report = made(world, &wish);

	hear_from(world, "", &report, 0);
	tick(world, 1);
	assert_int_equal(world->question[0].question.seid, 0xc0ffee);
	assert_int_equal(world->question[0].question.to.bytes[3], 9);
	answer(world, 0, PFCP_CAUSE_ACCEPTED);
	report.number = 2;
	report.front.len = front_of(world, 0xc0000209); // not among pfcp.peers
	hear_from(world, "", &report, 0);
	tick(world, 1);
	assert_int_equal(world->question[1].question.to.bytes[0], 10);
	assert_int_equal(world->question[1].question.to.bytes[3], 1);
}

// ---- SMF sets (5.22)

// The question goes there, without a SEID, and names the SEID that the session was known by.
static void assert_to_another(struct world *world, unsigned i, uint8_t last)
{
	const struct node_question *question = &world->question[i].question;
	struct pfcp_fault fault;
	struct pfcp_fseid cp;

	assert_int_equal(world->asked, i + 1);
	assert_int_equal(question->to.bytes[3], last);
	assert_int_equal(question->to.port, PFCP_PORT);
	assert_int_equal(question->seid, 0);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_REPORT_REQUEST), world->question[i].body, question->bytes,
				   &world->tree, &fault),
			 0);
	assert_int_equal(pfcp_get_fseid(pfcp_first(&world->tree, NULL, PFCP_IE_F_SEID), &cp), 0);
	assert_int_equal(cp.seid, 0xc0ffee);
	assert_int_equal(cp.address.ipv4, 0x0a000009);
}

static void another_of_the_set_hears_for_who_is_silent(void **state)
{
	struct world *world = *state;

	hear(world, ONE_OWNER, 1, 7);
	tick(world, 1);
	assert_int_equal(world->question[0].question.seid, 0xc0ffee);
	world->absent = true;
	answer(world, 0, 0);
	tick(world, 2 * SECOND);
	assert_to_another(world, 1, 1);
	answer(world, 1, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(world->tally[TALLY_REPORTS_TOLD], 1);
}

static struct report_to told_instead(uint32_t ipv4)
{
	return (struct report_to){ { 0xc0ffee, { .has_ipv4 = true, .ipv4 = 0x0a000009 } },
				   { .has_ipv4 = ipv4 != 0, .ipv4 = ipv4 } };
}

// Who is to hear of a session instead of its CP function (TS 29.244 7.4.7), noted with it or said since; if he does not answer, who did before.
static void others_hear_of_what_was_moved(void **state)
{
	struct report_to to = told_instead(0x0a000007);
	struct front front = { .cp = to.cp, .elsewhere = to.elsewhere };
	struct world *world = *state;
	const struct wish wish = { ONE_OWNER, 1, 7 };
	Shoal__Oss__Report report = made(world, &wish);

	report.front.len = (size_t)front_write(&front, &world->rules, world->front, sizeof(world->front));
	hear_from(world, "", &report, 0);
	tick(world, 1);
	assert_to_another(world, 0, 7);
	answer(world, 0, 0);
	tick(world, 2 * SECOND);
	assert_int_equal(world->question[1].question.seid, 0xc0ffee);
	assert_int_equal(world->question[1].question.to.bytes[3], 9);
	answer(world, 1, 0);
	to = told_instead(0x0a000008);
	outbox_moved(&world->outbox, 7, &to);
	tick(world, 4 * SECOND);
	assert_to_another(world, 2, 8);
	answer(world, 2, 0);
	to = told_instead(0); // taken over
	to.cp.seid = 0xbeef;
	outbox_moved(&world->outbox, 7, &to);
	tick(world, 8 * SECOND);
	assert_int_equal(world->question[3].question.seid, 0xbeef);
	answer(world, 3, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(world->tally[TALLY_REPORTS_TOLD], 1);
}

static void who_is_redirected_asks_there_once(void **state)
{
	const struct pfcp_address there = { .has_ipv4 = true, .ipv4 = 0x0a000007 };
	const struct pfcp_address nowhere = { .has_ipv4 = true, .ipv4 = 0xc0000207 };
	struct world *world = *state;

	hear(world, ONE_OWNER, 1, 7);
	tick(world, 1);
	answer_elsewhere(world, 0, PFCP_CAUSE_REDIRECTION_REQUESTED, &there);
	assert_to_another(world, 1, 7);
	answer_elsewhere(world, 1, PFCP_CAUSE_REDIRECTION_REQUESTED, &there);
	assert_int_equal(world->tally[TALLY_REPORTS_REFUSED], 1);
	hear(world, ONE_OWNER, 2, 8);
	tick(world, 1);
	answer_elsewhere(world, 2, PFCP_CAUSE_REDIRECTION_REQUESTED, &nowhere); // not among pfcp.peers
	assert_int_equal(world->asked, 3);
	assert_int_equal(world->tally[TALLY_REPORTS_REFUSED], 2);
}

static void what_nobody_can_be_told_is_counted(void **state)
{
	struct world *world = *state;
	const struct wish wish = { ONE_OWNER, 1, 7 };
	Shoal__Oss__Report report = made(world, &wish);

	report.front.len = 0; // its session is gone
	hear_from(world, "", &report, 0);
	tick(world, 1);
	assert_int_equal(world->closes, 1);
	outbox_closed(&world->outbox, true);
	report = made(world, &wish);
	report.number = 2;
	world->front[0] = 99; // of another build: for another build
	hear_from(world, "", &report, 0);
	tick(world, 1);
	assert_int_equal(world->closes, 1);
	assert_int_equal(world->asked, 0);
	assert_int_equal(world->tally[TALLY_REPORTS_VOID], 2);
	assert_int_equal(world->outbox.count, 0);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)
	const struct CMUnitTest tests[] = {
		ONE(of_a_session_one_after_the_other),
		ONE(more_are_under_way_the_more_are_answered),
		ONE(what_was_listed_before_is_known),
		ONE(unknown_there_is_done),
		ONE(not_now_is_later),
		ONE(silence_is_tried_ever_more_seldom),
		ONE(who_is_behind_is_listed_alone),
		ONE(a_page_of_many_is_taken_whole),
		ONE(what_ctrl_does_not_do_is_asked_again),
		ONE(who_is_gone_hears_nothing),
		ONE(nobody_chooses_where_ours_go),
		ONE(another_of_the_set_hears_for_who_is_silent),
		ONE(others_hear_of_what_was_moved),
		ONE(who_is_redirected_asks_there_once),
		ONE(what_nobody_can_be_told_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
