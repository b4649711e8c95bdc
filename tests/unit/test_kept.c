// test_kept.c - packets that wait are kept for a time that is asked for: it is written with the change that says so, and ends by itself. And they
// are told of later, where that is asked for.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/usage/measures.h"
#include "tests/unit/measures_stand.h"

#define LONGEST 100u // seconds

static int setup(void **state)
{
	int error = measures_one(state);

	stand->conf.buffer_longest = LONGEST;
	return error;
}

static const struct session *session(void)
{
	return session_by_id(&stand->truth.sessions, id);
}

static int rules_wait(bool wait)
{
	wanted.forward[1].buffer = wanted.forward[1].notify = wait;
	return measures_change(&wanted, false, NULL);
}

// packets: -1 = not said.
static int keep(uint32_t seconds, int packets)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;

	modify.session = &wanted.session;
	modify.buffer_s = seconds;
	modify.has_buffer_packets = packets >= 0;
	modify.buffer_packets = packets >= 0 ? (uint32_t)packets : 0;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	return (int)ctrl_stand_ask(stand, &request)->status->code;
}

// What the sheet says of packets that wait: whether they last; how many, and 1.
static void sheet_says(uint32_t lasts, uint32_t waits)
{
	const struct sheet *sheet = session()->sheet;
	const struct sheet_far *far = sheet_parts(sheet).far;

	for (unsigned i = 0; i < sheet->fars; i++) {
		if (far[i].action != SHEET_BUFFER)
			continue;
		assert_int_equal(far[i].flags & SHEET_NOTIFY, SHEET_NOTIFY);
		assert_int_equal(far[i].flags & SHEET_HAS_PEER ? 0 : far[i].lasts, lasts);
		assert_int_equal(far[i].flags & SHEET_HAS_PEER ? 0 : far[i].waits, waits);
		return;
	}
	fail_msg("nothing waits");
}

static void what_waits_is_kept_and_then_dropped(void **state)
{
	uint32_t episode;

	assert_int_equal(rules_wait(true), 0);
	episode = session()->sheet->episode;
	sheet_says(0, 0);
	stand->fail_commit = -EIO;
	assert_int_equal(keep(20, 6), SHOAL__OSS__CODE__STORE_FAILED);
	sheet_says(0, 0);
	assert_int_equal(session()->measured->state.kept_ms, 0);
	assert_int_equal(keep(20, 6), 0);
	sheet_says(1, 7);
	assert_int_equal(session()->sheet->episode, episode); // it is not told of anew
	clock_pass(19);
	sheet_says(1, 7);
	assert_int_equal(session()->measured->state.dropped_ns, 0);
	clock_pass(2);
	sheet_says(0, 0);
	assert_int_not_equal(session()->sheet->episode, episode); // what comes then is
	assert_int_not_equal(session()->measured->state.dropped_ns, 0);
	assert_int_equal(session()->measured->state.kept_ms, 0);
}

static void who_starts_goes_on_with_the_same_sheet(void **state)
{
	uint32_t sum;

	assert_int_equal(rules_wait(true), 0);
	assert_int_equal(keep(20, -1), 0);
	sheet_says(1, 0);
	sum = session()->bearer.sheet_sum;
	measures_restart();
	assert_int_equal(session()->bearer.sheet_sum, sum);
	sheet_says(1, 0);
	clock_pass(21);
	sheet_says(0, 0);
	sum = session()->bearer.sheet_sum;
	measures_restart();
	assert_int_equal(session()->bearer.sheet_sum, sum);
}

// Other changes of rules that let packets wait leave it as it is; who lets them go ends it.
static void it_ends_with_its_episode(void **state)
{
	assert_int_equal(rules_wait(true), 0);
	assert_int_equal(keep(20, 6), 0);
	wanted.forward[1].has_buffer_packets = true;
	wanted.forward[1].buffer_packets = 3;
	assert_int_equal(rules_wait(true), 0);
	sheet_says(1, 7);
	assert_int_equal(keep(20, -1), 0); // as many as the rules say
	sheet_says(1, 4);
	wanted.forward[1].has_buffer_packets = false;
	wanted.forward[1].buffer_packets = 0;
	assert_int_equal(rules_wait(false), 0);
	assert_int_equal(session()->measured->state.kept_ms, 0);
	assert_int_equal(rules_wait(true), 0);
	sheet_says(0, 0);
	clock_pass(30);
	assert_int_equal(session()->measured->state.dropped_ns, 0);
}

static void it_is_as_long_as_it_may_be(void **state)
{
	assert_int_equal(keep(20, 6), 0); // nothing waits
	assert_int_equal(session()->measured->state.kept_ms, 0);
	assert_int_equal(rules_wait(true), 0);
	sheet_says(0, 0);
	assert_int_equal(keep(UINT32_MAX, 65535), 0);
	sheet_says(1, SHEET_WAITS_MAX + 1);
	clock_pass(LONGEST - 1);
	sheet_says(1, SHEET_WAITS_MAX + 1);
	clock_pass(2);
	sheet_says(0, 0);
}

// Who measures nothing can have packets that wait, too.
static void without_measures_as_well(void **state)
{
	wanted.session.n_measures = 0;
	wanted.rule[0].n_measure_ids = wanted.rule[1].n_measure_ids = 0;
	assert_int_equal(rules_wait(true), 0);
	assert_int_equal(keep(20, -1), 0);
	measures_restart();
	sheet_says(1, 0);
	clock_pass(21);
	sheet_says(0, 0);
}

// The first packet waits now: one of this rule.
static void waits_of(uint16_t pdr)
{
	const struct report report = { .kind = REPORT_DATA,
				       .teid = teid,
				       .episode = session()->sheet->episode,
				       .pdr = pdr,
				       .tos = 0xb8,
				       .qfi = 9 };

	books_report(&stand->truth.books, &report, clock_ms());
	clock_pass(0);
}

static void waits(void)
{
	waits_of(2);
}

static size_t told(void)
{
	return reports_after(0)->n_reports;
}

static void the_first_is_told_of_later(void **state)
{
	wanted.forward[1].notify_delay_ms = 10000;
	assert_int_equal(rules_wait(true), 0);
	waits();
	clock_pass(8);
	assert_int_equal(told(), 0);
	assert_int_equal(rules_wait(true), 0); // the same wait
	measures_restart();
	waits(); // the worker says so until it is heard
	assert_int_equal(told(), 0);
	clock_pass(3);
	assert_int_equal(told(), 1);
	assert_int_equal(reports_after(0)->reports[0]->rule, 2);
	assert_int_equal(reports_after(0)->reports[0]->qfi, 9);
	waits();
	clock_pass(60);
	assert_int_equal(told(), 1);
}

static void who_waits_no_more_is_not_told_of(void **state)
{
	wanted.forward[1].notify_delay_ms = 10000;
	assert_int_equal(rules_wait(true), 0);
	waits();
	wanted.forward[1].notify_delay_ms = 0;
	assert_int_equal(rules_wait(false), 0);
	clock_pass(60);
	assert_int_equal(told(), 0);
	assert_int_equal(rules_wait(true), 0);
	waits(); // at once, as it is now
	assert_int_equal(told(), 1);
}

static void without_measures_it_is_told_of_later_as_well(void **state)
{
	wanted.session.n_measures = 0;
	wanted.rule[0].n_measure_ids = wanted.rule[1].n_measure_ids = 0;
	wanted.forward[1].notify_delay_ms = 10000;
	assert_int_equal(rules_wait(true), 0);
	measures_restart();
	waits();
	assert_int_equal(told(), 0);
	clock_pass(11);
	assert_int_equal(told(), 1);
}

// What waits goes, and what comes then waits again.
static void waits_anew(void)
{
	Shoal__Oss__Forward *forward = wanted.session.rules[2]->forward;

	wanted.forward[1].buffer = wanted.forward[1].notify = forward->buffer = forward->notify = false;
	forward->notify_delay_ms = wanted.forward[1].notify_delay_ms = 0;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
}

// A third rule's packets wait, too: told of so late.
static void another_rule(uint32_t delay_ms)
{
	static Shoal__Oss__Rule rule, *rules[3];
	static Shoal__Oss__Match match;
	static Shoal__Oss__Forward forward;

	rule = wanted.rule[1];
	match = wanted.match[1];
	forward = wanted.forward[1];
	forward.notify_delay_ms = delay_ms;
	rule.id = 3;
	rule.precedence = 50;
	rule.match = &match;
	rule.forward = &forward;
	rules[0] = wanted.rules[0];
	rules[1] = wanted.rules[1];
	rules[2] = &rule;
	wanted.session.rules = rules;
	wanted.session.n_rules = 3;
}

static void both_wait(uint32_t second_ms, uint32_t third_ms)
{
	wanted.forward[1].notify_delay_ms = second_ms;
	wanted.forward[1].buffer = wanted.forward[1].notify = true;
	another_rule(third_ms);
	assert_int_equal(rules_wait(true), 0);
}

static void each_rules_packets_are_told_of_as_late_as_it_says(void **state)
{
	both_wait(10000, 3000);
	measures_restart();
	waits_of(3);
	clock_pass(2);
	assert_int_equal(told(), 0);
	clock_pass(2);
	assert_int_equal(told(), 1);
	assert_int_equal(reports_after(0)->reports[0]->rule, 3);
	waits_anew();
	both_wait(10000, 0);
	waits_of(3); // at once, as it is now
	assert_int_equal(told(), 2);
	waits_anew();
	both_wait(10000, 0);
	waits_of(2);
	clock_pass(8);
	assert_int_equal(told(), 2);
	clock_pass(3);
	assert_int_equal(told(), 3);
}

// Another session is the one that this is about: it never measured anything, and its packets wait from the first.
static void made_without_measures(uint32_t delay_ms)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;

	measures_session(&wanted);
	wanted.identity.imsi = (char *)"001010000000002";
	wanted.session.n_measures = 0;
	wanted.rule[0].n_measure_ids = wanted.rule[1].n_measure_ids = 0;
	wanted.forward[1].buffer = wanted.forward[1].notify = true;
	wanted.forward[1].notify_delay_ms = delay_ms;
	create.session = &wanted.session;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	assert_int_equal(ctrl_stand_ask(stand, &request)->status->code, 0);
	id = wanted.session.id = stand->answer->session->session->id;
	teid = stand->answer->session->session->teid;
	wanted.session.identity = NULL;
	wanted.session.ue = NULL;
}

static void who_never_measured_is_told_of_later(void **state)
{
	made_without_measures(10000);
	waits();
	assert_int_equal(told(), 0);
	clock_pass(11);
	assert_int_equal(told(), 1);
}

static void who_never_measured_is_kept_and_then_dropped(void **state)
{
	made_without_measures(0);
	assert_null(session()->measured);
	assert_int_equal(keep(20, -1), 0);
	sheet_says(1, 0);
	clock_pass(19);
	sheet_says(1, 0);
	clock_pass(2);
	sheet_says(0, 0);
	assert_int_not_equal(session()->measured->state.dropped_ns, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, measures_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_waits_is_kept_and_then_dropped),
		TEST(who_starts_goes_on_with_the_same_sheet),
		TEST(it_ends_with_its_episode),
		TEST(it_is_as_long_as_it_may_be),
		TEST(without_measures_as_well),
		TEST(the_first_is_told_of_later),
		TEST(who_waits_no_more_is_not_told_of),
		TEST(without_measures_it_is_told_of_later_as_well),
		TEST(each_rules_packets_are_told_of_as_late_as_it_says),
		TEST(who_never_measured_is_told_of_later),
		TEST(who_never_measured_is_kept_and_then_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
