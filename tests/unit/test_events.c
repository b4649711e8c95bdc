// test_events.c - events of a session's traffic: thresholds and quotas of them (EVETH, EVEQU) step by step, who counts them, and what is
// reported, across deaths and failures of the disk. It is longer than the house allows because what holds of one measure holds of all.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/measure/measure_inside.h"
#include "ctrl/rules/sheet_make.h"
#include "tests/unit/measures_stand.h"

#define T0 1000000000ull // milliseconds
#define EVENT_BYTES 100u
#define SERIAL 9u

// ---- One measure

static struct measure measure;
static uint64_t came; // of its events, in this life
static Shoal__Oss__UsageReport report[MEASURE_REPORTS];

static uint64_t may(void)
{
	struct sheet_urr urr[2];

	measure_fill(&measure, urr);
	return urr[1].quota[SHEET_EVENTS_MAY];
}

static unsigned times_of(uint64_t times[MEASURE_TIMES])
{
	return measure_events_times(&measure.flow.events, measure.stand.event_reported, times);
}

static void begin(Shoal__Oss__Measure *rules)
{
	const struct measure_words none = { { 0 }, { 0 } };

	rules->id = 1;
	rules->event = true;
	measure = (struct measure){ 0 };
	came = 0;
	measure_read(&measure.rules, rules, 0);
	measure_begin(&measure, &none, T0);
	measure.flow.serial = 8;
	measure_turn_events(&measure, SERIAL);
	measure_settle(&measure, T0);
}

static void follow(Shoal__Oss__Measure *rules, uint64_t at_s)
{
	const struct measure_rules before = measure.rules;

	measure_read(&measure.rules, rules, 0);
	measure_follow(&measure, &before, T0 + at_s * 1000);
	measure_settle(&measure, T0 + at_s * 1000);
}

struct step {
	unsigned events; // begin then, each with a packet
	uint64_t at_s;
	uint32_t due;
	uint64_t told, may;
};

static void events_come(unsigned events, uint64_t life, uint64_t at_s)
{
	struct measure_word word = { .life = life, .last_ms = T0 + at_s * 1000 };

	came += events;
	word.words.packets[MEASURE_UP] = came;
	assert_int_equal(measure_hear_events(&measure, &word), events != 0);
	word.words.bytes[MEASURE_UP] = came * EVENT_BYTES;
	assert_int_equal(measure_hear(&measure, &word), events != 0);
}

static void steps(const struct step *step, unsigned count)
{
	for (unsigned i = 0; i < count; i++, step++) {
		uint64_t now_ms = T0 + step->at_s * 1000, next_ms;
		uint32_t due;

		if (step->events)
			events_come(step->events, 5, step->at_s);
		due = measure_due(&measure, now_ms, &next_ms);
		measure_settle(&measure, now_ms);
		assert_int_equal(due, step->due);
		assert_true(may() == step->may);
		if (!due)
			continue;
		measure_report(&measure, due, now_ms, report);
		assert_int_equal(report[0].events, step->told);
	}
}
#define STEPS(...) \
	steps((const struct step[]){ __VA_ARGS__ }, sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step))
#define NONE UINT64_MAX

static void a_threshold_begins_anew_with_each_report(void **state)
{
	Shoal__Oss__Measure rules = SHOAL__OSS__MEASURE__INIT;

	rules.triggers = MEASURE_ASK_EVETH | MEASURE_ASK_PERIO;
	rules.event_threshold = 3;
	rules.period_s = 100;
	begin(&rules);
	STEPS({ 2, 10, 0, 0, NONE }, { 1, 20, MEASURE_EVETH, 3, NONE }, { 0, 30, 0, 0, NONE }, { 2, 40, 0, 0, NONE },
	      { 0, 100, MEASURE_PERIO, 2, NONE }, { 2, 110, 0, 0, NONE }, { 5, 120, MEASURE_EVETH, 7, NONE });
	rules.triggers = 0;
	begin(&rules);
	STEPS({ 9, 10, 0, 0, NONE });
}

static void a_quota_ends_once_and_is_granted_anew(void **state)
{
	Shoal__Oss__Measure rules = SHOAL__OSS__MEASURE__INIT;

	rules.triggers = MEASURE_ASK_EVEQU;
	rules.has_event_quota = true;
	rules.event_quota = 2;
	begin(&rules);
	assert_true(may() == 2);
	STEPS({ 1, 10, 0, 0, 2 }, { 1, 20, MEASURE_EVEQU, 2, 2 }, { 0, 30, 0, 0, 2 });
	rules.grant = 1;
	follow(&rules, 40);
	STEPS({ 0, 40, 0, 0, 4 }, { 2, 50, MEASURE_EVEQU, 2, 4 });
	rules.event_quota = 7; // no other quota: it counts from where it began
	follow(&rules, 60);
	STEPS({ 0, 60, 0, 0, 9 });
	rules.has_event_quota = false;
	follow(&rules, 70);
	STEPS({ 0, 70, 0, 0, NONE });
	rules.has_event_quota = true;
	rules.event_quota = 0;
	begin(&rules);
	STEPS({ 0, 1, 0, 0, 0 }); // that nothing may begin its giver knows
}

// What an earlier life has used is used, and words of it that come late say nothing.
static void a_quota_lives_on_in_another_life(void **state)
{
	Shoal__Oss__Measure rules = SHOAL__OSS__MEASURE__INIT;

	rules.triggers = MEASURE_ASK_EVEQU;
	rules.has_event_quota = true;
	rules.event_quota = 5;
	begin(&rules);
	STEPS({ 3, 10, 0, 0, 5 });
	came = 0;
	events_come(1, 6, 20);
	assert_true(measure_settle(&measure, T0 + 20000)); // its worker has to be told
	assert_true(may() == 2);
	assert_false(measure_hear_events(&measure, &(struct measure_word){ .life = 5, .words.packets = { 9 } }));
	assert_int_equal(measure_events_total(&measure.flow.events), 4);
	came = 0;
	events_come(4, 7, 30); // more than were left
	measure_settle(&measure, T0 + 30000);
	assert_true(may() == 1);
}

static void after_the_monitoring_time_others_hold(void **state)
{
	Shoal__Oss__Measure rules = SHOAL__OSS__MEASURE__INIT;
	uint64_t times[MEASURE_TIMES], next_ms;

	rules.triggers = MEASURE_ASK_EVETH | MEASURE_ASK_EVEQU;
	rules.event_threshold = 10;
	rules.has_event_quota = true;
	rules.event_quota = 20;
	rules.subsequent_event_threshold = 2;
	rules.subsequent_event_quota = 3;
	rules.monitoring_at_ms = T0 + 50000;
	begin(&rules);
	STEPS({ 4, 10, 0, 0, 20 }, { 0, 50, 0, 0, 7 }, { 1, 60, 0, 0, 7 });
	events_come(1, 5, 70);
	assert_int_equal(measure_due(&measure, T0 + 70000, &next_ms), MEASURE_EVETH);
	assert_int_equal(times_of(times), 6);
	assert_true(times[0] == T0 + 10000 && times[4] == T0 + 60000 && times[5] == T0 + 70000);
	assert_int_equal(measure_report(&measure, MEASURE_EVETH, T0 + 70000, report), 2);
	assert_true(report[0].events == 4 && report[1].events == 2);
	STEPS({ 1, 80, MEASURE_EVEQU, 1, 7 });
}

// The last sixteen; what came with one word came by then.
static void times_of_the_last_are_known(void **state)
{
	Shoal__Oss__Measure rules = SHOAL__OSS__MEASURE__INIT;
	uint64_t times[MEASURE_TIMES];

	rules.event_threshold = 1;
	begin(&rules);
	assert_int_equal(times_of(times), 0);
	events_come(1, 5, 7);
	events_come(2, 5, 20);
	assert_int_equal(times_of(times), 3);
	assert_true(times[0] == T0 + 7000 && times[1] == T0 + 20000 && times[2] == T0 + 20000);
	for (unsigned i = 0; i < 15; i++)
		events_come(1, 5, 100 + i);
	assert_int_equal(times_of(times), MEASURE_TIMES);
	assert_true(times[0] == T0 + 20000);
	for (unsigned i = 1; i < MEASURE_TIMES; i++)
		assert_true(times[i] == T0 + (99 + i) * 1000);
	events_come(1000, 5, 200);
	assert_int_equal(times_of(times), MEASURE_TIMES);
	assert_true(times[0] == T0 + 200000);
	measure_report(&measure, MEASURE_EVETH, T0 + 201000, report);
	assert_int_equal(report[0].events, 1018);
	assert_int_equal(times_of(times), 0);
}

// Where events are counted, START is told of as often, whatever the clock here says of it.
static void each_event_is_a_start(void **state)
{
	Shoal__Oss__Measure rules = SHOAL__OSS__MEASURE__INIT;

	rules.triggers = MEASURE_ASK_START | MEASURE_ASK_STOPT | MEASURE_ASK_EVETH;
	rules.event_threshold = 2;
	begin(&rules);
	STEPS({ 1, 5, MEASURE_START, 1, NONE }, { 0, 15, MEASURE_STOPT, 0, NONE });
	measure_hear(&measure, &(struct measure_word){ .life = 5,
						       .words.packets = { 2 },
						       .words.bytes = { 2 * EVENT_BYTES },
						       .last_ms = T0 + 14000 });
	STEPS({ 0, 16, 0, 0, NONE }); // told late, and of the event that went on
	came = 1;
	STEPS({ 2, 50, MEASURE_START | MEASURE_EVETH, 2, NONE }, { 0, 60, MEASURE_STOPT, 0, NONE });
}

// ---- With the controller

// What its worker has counted: events, each with a packet of 100 bytes.
static void happened(uint64_t life, uint64_t events)
{
	struct feed_gauge gauge = { .teid = teid,
				    .serial = measures_sheet() ? sheet_events(measures_sheet(), 7) : 1,
				    .life = life,
				    .uplink_packets = events,
				    .last_ns = clock_ms() * 1000000 };

	books_gauge(&stand->truth.books, &gauge, clock_ms());
	gauge.urr = 7;
	gauge.serial = measures_sheet() ? sheet_serial(measures_sheet(), 7) : 1;
	gauge.uplink_bytes = events * EVENT_BYTES;
	books_gauge(&stand->truth.books, &gauge, clock_ms());
}

static void events_wanted(uint32_t threshold, uint32_t quota, uint32_t grant)
{
	wanted.measure[0].event = true;
	wanted.measure[0].triggers = (threshold ? MEASURE_ASK_EVETH : 0) | (quota ? MEASURE_ASK_EVEQU : 0);
	wanted.measure[0].event_threshold = threshold;
	wanted.measure[0].has_event_quota = quota;
	wanted.measure[0].event_quota = quota;
	wanted.measure[0].grant = grant;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
}

static uint64_t sheet_may(void)
{
	const struct sheet_urr *urr = sheet_parts(measures_sheet()).urr;

	assert_true(urr[0].flags & SHEET_EVENTS);
	return urr[urr[0].events - 1].quota[SHEET_EVENTS_MAY];
}

static const Shoal__Oss__UsageReport *last_usage(unsigned reports)
{
	const Shoal__Oss__ReportListAnswer *list = reports_after(0);

	assert_int_equal(list->n_reports, reports);
	assert_int_equal(list->reports[reports - 1]->kind, SHOAL__OSS__REPORT_KIND__REPORT_USAGE);
	return list->reports[reports - 1]->usage[0];
}

// A report at each so many events, and at the end of what was granted, whatever dies meanwhile.
static void events_are_reported(void **state)
{
	events_wanted(3, 5, 0);
	assert_int_equal(sheet_may(), 5);
	happened(3, 2);
	clock_pass(1);
	assert_int_equal(reports_after(0)->n_reports, 0);
	measures_restart();
	assert_int_equal(sheet_may(), 5);
	happened(3, 3);
	stand->fail_commit = -EIO;
	clock_pass(1);
	clock_pass(5);
	assert_int_equal(last_usage(1)->triggers, MEASURE_EVETH);
	assert_int_equal(last_usage(1)->events, 3);
	assert_int_equal(last_usage(1)->n_event_ms, 3);
	assert_int_equal(last_usage(1)->uplink_bytes, 3 * EVENT_BYTES);
	measures_restart();
	happened(3, 5);
	clock_pass(1);
	assert_int_equal(last_usage(2)->triggers, MEASURE_EVEQU);
	assert_int_equal(last_usage(2)->events, 2);
	measures_restart();
	clock_pass(1);
	assert_int_equal(reports_after(0)->n_reports, 2);
	assert_int_equal(sheet_may(), 5);
	events_wanted(3, 2, 1); // granted anew
	assert_int_equal(sheet_may(), 7);
	happened(4, 1); // another life of the counters
	clock_pass(1);
	assert_int_equal(sheet_may(), 2);
	measures_restart();
	assert_int_equal(sheet_may(), 2);
	happened(4, 2);
	clock_pass(1);
	assert_int_equal(last_usage(3)->triggers, MEASURE_EVEQU);
	assert_int_equal(last_usage(3)->number, 2);
}

// The answer to a query tells of no event: the next report tells of all.
static void a_query_leaves_events_to_the_next_report(void **state)
{
	const Shoal__Oss__UsageReport *usage;

	events_wanted(3, 0, 0);
	happened(3, 2);
	assert_int_equal(measures_change(&wanted, true, NULL), 0);
	assert_int_equal(stand->answer->session->n_usage, 1);
	usage = stand->answer->session->usage[0];
	assert_true(usage->triggers == MEASURE_IMMER && !usage->events && !usage->n_event_ms);
	clock_pass(1);
	assert_int_equal(reports_after(0)->n_reports, 0);
	happened(3, 3);
	clock_pass(1);
	assert_true(last_usage(1)->events == 3 && last_usage(1)->n_event_ms == 3);
}

// What is linked is reported with it; what ends says so a last time.
static void links_and_ends_tell_of_events(void **state)
{
	uint32_t link = 8;

	wanted.session.n_measures = 2;
	wanted.ids[1] = 8;
	wanted.rule[0].n_measure_ids = 2;
	wanted.measure[1].triggers = MEASURE_ASK_VOLTH;
	wanted.measure[0].linked_ids = &link;
	wanted.measure[0].n_linked_ids = 1;
	events_wanted(9, 0, 0);
	wanted.measure[0].triggers |= MEASURE_ASK_LIUSA;
	wanted.measure[1].triggers = MEASURE_ASK_PERIO;
	wanted.measure[1].period_s = 5;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	happened(3, 2);
	clock_pass(6);
	assert_int_equal(reports_after(0)->n_reports, 1);
	assert_int_equal(reports_after(0)->reports[0]->n_usage, 2);
	assert_int_equal(last_usage(1)->triggers, MEASURE_LIUSA);
	assert_int_equal(last_usage(1)->events, 2);
	happened(3, 3);
	wanted.session.n_measures = 1;
	wanted.measures[0] = &wanted.measure[1];
	wanted.ids[0] = 8;
	wanted.rule[0].n_measure_ids = 1;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	assert_int_equal(stand->answer->session->n_usage, 1);
	assert_int_equal(stand->answer->session->usage[0]->triggers, MEASURE_TERMR);
	assert_int_equal(stand->answer->session->usage[0]->events, 1);
}

// Around the monitoring time there are two reports, each with its own.
static void times_go_with_their_reports(void **state)
{
	const Shoal__Oss__Report *told;

	wanted.measure[0].monitoring_at_ms = clock_ms() + 60000;
	wanted.measure[0].subsequent_event_threshold = 2;
	events_wanted(9, 0, 0);
	happened(3, 3);
	clock_pass(61);
	happened(3, 5);
	clock_pass(1);
	assert_int_equal(last_usage(1)->triggers, MEASURE_EVETH | MEASURE_MONIT);
	told = reports_after(0)->reports[0];
	assert_int_equal(told->n_usage, 2);
	assert_true(told->usage[0]->events == 3 && told->usage[0]->n_event_ms == 3);
	assert_true(told->usage[1]->events == 2 && told->usage[1]->n_event_ms == 2);
	assert_true(told->usage[0]->event_ms[2] + 50000 < told->usage[1]->event_ms[0]);
	assert_true(told->usage[1]->event_ms[0] == told->usage[1]->event_ms[1]);
}

// A change that is taken back leaves the gauge that counted.
static void events_stay_counted_where_a_change_fails(void **state)
{
	events_wanted(10, 0, 0);
	happened(3, 9);
	stand->fail_commit = -EIO;
	wanted.measure[0].triggers = 0;
	wanted.measure[0].event_threshold = 0;
	assert_int_equal(measures_change(&wanted, false, NULL), SHOAL__OSS__CODE__STORE_FAILED);
	happened(3, 10);
	clock_pass(5);
	assert_int_equal(last_usage(1)->triggers, MEASURE_EVETH);
	assert_int_equal(last_usage(1)->events, 10);
}

// What counts events has a place of its own, which no rule names, and a number that goes on.
static void events_are_counted_by_one_more(void **state)
{
	const struct sheet_urr *urr;
	uint32_t first;

	wanted.measure[0].inactivity_s = 4;
	wanted.measure[0].triggers = MEASURE_ASK_DROTH;
	wanted.measure[0].dropped_bytes = 1;
	events_wanted(10, 0, 0);
	wanted.measure[0].triggers |= MEASURE_ASK_DROTH;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	urr = sheet_parts(measures_sheet()).urr;
	assert_int_equal(measures_sheet()->urrs, 3);
	assert_true(urr[0].dropped == 2 && urr[0].events == 3 && urr[0].flags == SHEET_EVENTS);
	assert_true(!urr[2].id && urr[2].quota[SHEET_EVENTS_SILENCE] == 4 && sheet_may() == UINT64_MAX);
	assert_int_equal((sheet_parts(measures_sheet()).pdr[0].urrs | sheet_parts(measures_sheet()).pdr[1].urrs), 1);
	first = sheet_events(measures_sheet(), 7);
	assert_int_equal(first, urr[2].serial);
	assert_int_not_equal(first, sheet_drops(measures_sheet(), 7));
	wanted.measure[0].inactivity_s = 0;
	events_wanted(10, 3, 1);
	urr = sheet_parts(measures_sheet()).urr;
	assert_int_equal(measures_sheet()->urrs, 2);
	assert_true(urr[1].quota[SHEET_EVENTS_SILENCE] == 10 && sheet_may() == 3);
	assert_int_equal(sheet_events(measures_sheet(), 7), first);
	measures_restart();
	assert_int_equal(sheet_events(measures_sheet(), 7), first);
	events_wanted(0, 0, 1);
	assert_int_equal(measures_sheet() ? sheet_events(measures_sheet(), 7) : 0, 0);
	measures_restart();
	events_wanted(1, 0, 1);
	assert_int_not_equal(sheet_events(measures_sheet(), 7), first);
}

static void measures_with_events_count_twice(void **state)
{
	static Shoal__Oss__Measure many[16], *list[16];

	for (unsigned i = 0; i < 16; i++) {
		shoal__oss__measure__init(list[i] = &many[i]);
		many[i].id = 7 + i;
		many[i].volume = true;
	}
	wanted.session.measures = list;
	wanted.session.n_measures = 15;
	many[14].has_event_quota = true;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	assert_int_equal(measures_sheet()->urrs, 16);
	many[14].triggers = MEASURE_ASK_DROTH;
	many[14].dropped_bytes = 1;
	assert_int_equal(measures_change(&wanted, false, NULL), SHOAL__OSS__CODE__LIMIT);
	assert_string_equal(stand->answer->status->field, "session.measures[16]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, measures_one, measures_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_threshold_begins_anew_with_each_report),
		cmocka_unit_test(a_quota_ends_once_and_is_granted_anew),
		cmocka_unit_test(a_quota_lives_on_in_another_life),
		cmocka_unit_test(after_the_monitoring_time_others_hold),
		cmocka_unit_test(times_of_the_last_are_known),
		cmocka_unit_test(each_event_is_a_start),
		TEST(events_are_reported),
		TEST(a_query_leaves_events_to_the_next_report),
		TEST(links_and_ends_tell_of_events),
		TEST(times_go_with_their_reports),
		TEST(events_stay_counted_where_a_change_fails),
		TEST(events_are_counted_by_one_more),
		TEST(measures_with_events_count_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
