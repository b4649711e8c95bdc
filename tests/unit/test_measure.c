// test_measure.c - one URR: each trigger from a table, what a report takes, and quotas as the worker is told them. This file is
// longer than the house allows because triggers are many.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/measure/measure_inside.h"

#define T0 1000000000ull // milliseconds
#define ASK_VOLQU (1u << 8)
#define ASK_TIMQU (1u << 9)

static struct measure measure;
static struct measure_word word; // what the gauge stands at
static uint64_t now_ms, next_ms;
static Shoal__Oss__UsageReport report[MEASURE_REPORTS];
static const struct measure_words none;

static void begin(Shoal__Oss__Measure *wanted)
{
	wanted->id = 1;
	now_ms = T0;
	word = (struct measure_word){ .life = 5 };
	measure = (struct measure){ 0 };
	measure_read(&measure.rules, wanted, 0);
	measure_begin(&measure, &none, now_ms);
	measure.flow.serial = 9;
	measure_settle(&measure, now_ms);
}

// A packet each way, at this time after the start.
static void packets(uint64_t up, uint64_t down, uint64_t after_s)
{
	now_ms = T0 + after_s * 1000;
	word.words.packets[MEASURE_UP] += up != 0;
	word.words.packets[MEASURE_DOWN] += down != 0;
	word.words.bytes[MEASURE_UP] += up;
	word.words.bytes[MEASURE_DOWN] += down;
	word.last_ms = up || down ? now_ms : word.last_ms;
	assert_int_equal(measure_hear(&measure, &word), up || down);
}

// As a decision does it. What was reported, or 0.
static uint32_t look(uint64_t after_s)
{
	uint32_t due;

	now_ms = T0 + after_s * 1000;
	due = measure_due(&measure, now_ms, &next_ms);
	measure_settle(&measure, now_ms);
	if (due)
		measure_report(&measure, due, now_ms, report);
	return due;
}

static Shoal__Oss__Volume total(uint64_t bytes)
{
	Shoal__Oss__Volume volume = SHOAL__OSS__VOLUME__INIT;

	volume.has_total = true;
	volume.total = bytes;
	return volume;
}

struct step {
	uint64_t up, down, at_s; // packets then; both 0: only time passes
	uint32_t due;            // what is reported
	uint64_t up_bytes, down_bytes, duration_s;
};

static void steps(const struct step *step, unsigned count)
{
	unsigned reports = 0;

	for (unsigned i = 0; i < count; i++, step++) {
		if (step->up || step->down)
			packets(step->up, step->down, step->at_s);
		assert_int_equal(look(step->at_s), step->due);
		if (!step->due)
			continue;
		assert_int_equal(report[0].number, reports++);
		assert_int_equal(report[0].uplink_bytes, step->up_bytes);
		assert_int_equal(report[0].downlink_bytes, step->down_bytes);
		assert_int_equal(report[0].duration_s, step->duration_s);
		assert_true(report[0].end_ms == T0 + step->at_s * 1000);
	}
}
#define STEPS(...) \
	steps((const struct step[]){ __VA_ARGS__ }, sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step))

static void a_volume_threshold_begins_anew_with_each_report(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;
	Shoal__Oss__Volume threshold = total(1000);

	wanted.triggers = MEASURE_VOLTH;
	wanted.volume_threshold = &threshold;
	begin(&wanted);
	STEPS({ 400, 400, 1, 0, 0, 0, 0 }, { 200, 0, 2, MEASURE_VOLTH, 600, 400, 1 }, { 0, 999, 3, 0, 0, 0, 0 },
	      { 0, 5000, 4, MEASURE_VOLTH, 0, 5999, 2 }, { 0, 0, 5, 0, 0, 0, 0 });
	wanted.triggers = 0;
	begin(&wanted);
	STEPS({ 4000, 400, 1, 0, 0, 0, 0 });
}

static void directions_have_thresholds_of_their_own(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;
	Shoal__Oss__Volume threshold = SHOAL__OSS__VOLUME__INIT;

	wanted.triggers = MEASURE_VOLTH;
	wanted.volume_threshold = &threshold;
	threshold.has_uplink = threshold.has_downlink = true;
	threshold.uplink = 100;
	threshold.downlink = 1000;
	begin(&wanted);
	STEPS({ 99, 999, 1, 0, 0, 0, 0 }, { 1, 0, 1, MEASURE_VOLTH, 100, 999, 0 },
	      { 0, 1000, 1, MEASURE_VOLTH, 0, 1000, 0 });
}

static void time_counts_from_the_first_packet(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;

	wanted.triggers = MEASURE_TIMTH;
	wanted.time_threshold_s = 10;
	begin(&wanted);
	STEPS({ 0, 0, 100, 0, 0, 0, 0 }, { 7, 0, 101, 0, 0, 0, 0 }, { 0, 0, 110, 0, 0, 0, 0 });
	assert_true(next_ms == T0 + 111000);
	assert_int_equal(look(111), MEASURE_TIMTH);
	assert_int_equal(report[0].duration_s, 10);
	assert_true(report[0].first_ms == T0 + 101000);
	assert_int_equal(look(120), 0);
	assert_int_equal(look(121), MEASURE_TIMTH);
	wanted.information = 1 << 3; // ISTM: at once
	begin(&wanted);
	STEPS({ 0, 0, 9, 0, 0, 0, 0 }, { 0, 0, 10, MEASURE_TIMTH, 0, 0, 10 });
}

static void time_stands_still_without_packets(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;

	wanted.triggers = MEASURE_TIMTH;
	wanted.time_threshold_s = 20;
	wanted.inactivity_s = 5;
	begin(&wanted);
	STEPS({ 1, 0, 0, 0, 0, 0, 0 }, { 1, 0, 3, 0, 0, 0, 0 }, { 0, 0, 50, 0, 0, 0, 0 });
	assert_true(next_ms == UINT64_MAX); // nothing comes by itself: 8 s, and it stands
	STEPS({ 1, 0, 100, 0, 0, 0, 0 });   // 8 s
	STEPS({ 1, 0, 105, 0, 0, 0, 0 });   // 13 s
	STEPS({ 1, 0, 109, 0, 0, 0, 0 });   // 17 s
	assert_true(next_ms == T0 + 112000);
	assert_int_equal(look(112), MEASURE_TIMTH);
	assert_int_equal(report[0].duration_s, 20);
}

static void periods_come_whatever_else_is_reported(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;

	wanted.triggers = MEASURE_PERIO;
	wanted.period_s = 60;
	begin(&wanted);
	STEPS({ 0, 0, 59, 0, 0, 0, 0 }, { 0, 0, 60, MEASURE_PERIO, 0, 0, 0 }, { 100, 0, 90, 0, 0, 0, 0 },
	      { 0, 0, 119, 0, 0, 0, 0 }, { 0, 0, 120, MEASURE_PERIO, 100, 0, 30 },
	      { 0, 0, 1000, MEASURE_PERIO, 0, 0, 880 });
	look(1001);
	assert_true(next_ms == T0 + 1020000);
}

static void a_volume_quota_ends_once(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;
	Shoal__Oss__Volume quota = total(1000);
	struct measure_rules before;
	struct sheet_urr urr[2];

	wanted.triggers = ASK_VOLQU;
	wanted.volume_quota = &quota;
	begin(&wanted);
	measure_fill(&measure, urr);
	assert_int_equal(urr->flags, SHEET_QUOTA);
	assert_true(urr->quota[SHEET_TOTAL] == 1000 && urr->quota[SHEET_UP] == UINT64_MAX);
	STEPS({ 500, 499, 1, 0, 0, 0, 0 }, { 1, 0, 2, MEASURE_VOLQU, 501, 499, 1 }, { 5, 0, 3, 0, 0, 0, 0 });
	before = measure.rules;
	wanted.grant = 1; // the same again
	measure_read(&measure.rules, &wanted, 0);
	measure_follow(&measure, &before, now_ms);
	assert_true(measure_settle(&measure, now_ms));
	measure_fill(&measure, urr);
	assert_true(urr->quota[SHEET_TOTAL] == 2005);
	packets(0, 1000, 4);
	assert_int_equal(look(4), MEASURE_VOLQU);
	assert_int_equal(report[0].number, 1);
	assert_int_equal(report[0].downlink_bytes, 1000);
	assert_int_equal(report[0].uplink_bytes, 5);
}

// The counters begin anew (a worker's memory is gone): what may still pass is what was left.
static void a_quota_goes_on_in_another_life(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;
	Shoal__Oss__Volume quota = total(1000);
	struct sheet_urr urr[2];

	wanted.volume_quota = &quota;
	begin(&wanted);
	packets(600, 0, 1);
	assert_false(measure_settles(&measure, now_ms));
	word = (struct measure_word){ .life = 6 };
	packets(100, 0, 2);
	assert_true(measure_settles(&measure, now_ms));
	assert_true(measure_settle(&measure, now_ms));
	measure_fill(&measure, urr);
	assert_true(urr->quota[SHEET_TOTAL] == 400);
	word = (struct measure_word){ .life = 7 };
	packets(500, 0, 3);
	measure_settle(&measure, now_ms);
	measure_fill(&measure, urr);
	assert_true(urr->quota[SHEET_TOTAL] == 300);
	assert_true(measure.stand.flags & MEASURE_SPENT);
	word.life = 6; // late
	word.words.bytes[MEASURE_UP] = 99999;
	assert_false(measure_hear(&measure, &word));
}

static void time_quotas_stop_what_passes(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;
	struct sheet_urr urr[2];

	wanted.triggers = ASK_TIMQU | MEASURE_QUHTI;
	wanted.has_time_quota = true;
	wanted.time_quota_s = 30;
	wanted.quota_holding_s = 100;
	begin(&wanted);
	STEPS({ 1, 0, 5, 0, 0, 0, 0 }, { 0, 0, 34, 0, 0, 0, 0 });
	assert_true(next_ms == T0 + 35000);
	assert_int_equal(look(35), MEASURE_TIMQU);
	measure_fill(&measure, urr);
	assert_int_equal(urr->flags, SHEET_STOPPED);
	assert_int_equal(look(500), 0);
	begin(&wanted);
	assert_int_equal(look(99), 0);
	assert_int_equal(look(100), MEASURE_QUHTI);
	measure_fill(&measure, urr);
	assert_int_equal(urr->flags, SHEET_STOPPED);
	wanted.triggers = 0; // stopped, though nobody wants to hear of it
	begin(&wanted);
	assert_true(measure_settles(&measure, T0 + 100000));
}

static void a_quota_that_gets_old_is_told_once(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;
	Shoal__Oss__Volume quota = total(1000);
	struct measure_rules before;

	wanted.triggers = MEASURE_ASK_QUVTI;
	wanted.volume_quota = &quota;
	wanted.quota_validity_s = 60;
	begin(&wanted);
	STEPS({ 100, 0, 1, 0, 0, 0, 0 }, { 0, 0, 59, 0, 0, 0, 0 }, { 0, 0, 60, MEASURE_QUVTI, 100, 0, 59 },
	      { 100, 0, 70, 0, 0, 0, 0 }, { 0, 0, 200, 0, 0, 0, 0 });
	assert_int_equal(measure.stand.told_flags, SHEET_QUOTA); // what is left of it may be used
	assert_true(measure.stand.told[SHEET_TOTAL] == 1000);
	before = measure.rules;
	wanted.grant = 1;
	measure_read(&measure.rules, &wanted, 0);
	measure_follow(&measure, &before, now_ms);
	assert_int_equal(look(259), 0);
	assert_true(next_ms == T0 + 260 * 1000);
	assert_int_equal(look(260), MEASURE_QUVTI);
}

// What the gauge of what is dropped came to.
static bool dropped(uint64_t life, uint64_t packets, uint64_t bytes)
{
	const struct measure_word said = { .life = life, .words = { { 0, packets }, { 0, bytes } }, .last_ms = T0 };

	return measure_hear_dropped(&measure, &said);
}

// Reported when so much was dropped, by a report that takes what was used, too; nothing else begins the count anew.
static void what_is_dropped_is_told_when_there_is_so_much(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;
	Shoal__Oss__UsageReport reports[MEASURE_REPORTS];

	wanted.triggers = MEASURE_ASK_DROTH;
	wanted.dropped_packets = 10;
	wanted.dropped_bytes = 5000;
	begin(&wanted);
	measure_turn_dropped(&measure, 5);
	assert_true(dropped(1, 9, 4999));
	assert_false(dropped(1, 9, 4999));
	assert_int_equal(look(1), 0);
	assert_true(dropped(1, 10, 4999));
	assert_int_equal(look(2), MEASURE_DROTH);
	assert_int_equal(look(3), 0);
	assert_true(dropped(1, 19, 9998));
	assert_int_equal(look(4), 0);
	measure_report(&measure, MEASURE_PERIO, now_ms, reports);
	assert_true(dropped(2, 1, 0)); // another life of the counters goes on with what there was
	assert_int_equal(look(5), MEASURE_DROTH);
	assert_false(dropped(1, 100, 100));
	assert_true(dropped(2, 2, 5000));
	assert_int_equal(look(6), MEASURE_DROTH); // bytes do, too
	assert_true(dropped(2, 11, 5000));
	measure_turn_dropped(&measure, 5); // the same one
	assert_true(dropped(2, 12, 5000));
	assert_int_equal(look(7), MEASURE_DROTH);
	measure_turn_dropped(&measure, 6);
	assert_true(dropped(1, 9, 1));
	assert_int_equal(look(8), 0);
	assert_true(dropped(1, 10, 1));
	measure.rules.triggers = 0;
	assert_int_equal(look(9), 0);
}

static void traffic_starts_and_stops(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;

	wanted.triggers = MEASURE_START | MEASURE_STOPT;
	wanted.inactivity_s = 20;
	begin(&wanted);
	STEPS({ 0, 0, 10, 0, 0, 0, 0 }, { 9, 0, 11, MEASURE_START, 9, 0, 0 }, { 9, 0, 20, 0, 0, 0, 0 },
	      { 0, 0, 39, 0, 0, 0, 0 }, { 0, 0, 40, MEASURE_STOPT, 9, 0, 29 }, { 0, 0, 100, 0, 0, 0, 0 },
	      { 3, 0, 101, MEASURE_START, 3, 0, 0 });
	wanted.triggers = MEASURE_STOPT;
	begin(&wanted);
	STEPS({ 9, 0, 11, 0, 0, 0, 0 }, { 0, 0, 31, MEASURE_STOPT, 9, 0, 20 }, { 1, 0, 50, 0, 0, 0, 0 },
	      { 0, 0, 70, MEASURE_STOPT, 1, 0, 20 });
}

static void the_monitoring_time_makes_two_reports(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;
	Shoal__Oss__Volume threshold = total(1000), later = total(500);

	wanted.triggers = MEASURE_VOLTH;
	wanted.volume_threshold = &threshold;
	wanted.subsequent_volume_threshold = &later;
	wanted.monitoring_at_ms = T0 + 60000;
	begin(&wanted);
	packets(800, 0, 10);
	assert_int_equal(look(10), 0);
	assert_true(next_ms == T0 + 60000);
	assert_true(measure_settles(&measure, T0 + 60000));
	assert_int_equal(look(60), 0);
	packets(300, 0, 70);
	assert_int_equal(look(70), 0);
	packets(200, 0, 80);
	now_ms = T0 + 80000;
	assert_int_equal(measure_due(&measure, now_ms, &next_ms), MEASURE_VOLTH);
	assert_int_equal(measure_report(&measure, MEASURE_VOLTH, now_ms, report), 2);
	assert_int_equal(report[0].uplink_bytes, 800);
	assert_int_equal(report[0].triggers, MEASURE_VOLTH | MEASURE_MONIT);
	assert_int_equal(report[0].information, 1);
	assert_int_equal(report[0].number, 0);
	assert_true(report[0].end_ms == T0 + 60000 && report[1].start_ms == T0 + 60000);
	assert_int_equal(report[1].uplink_bytes, 500);
	assert_int_equal(report[1].information, 2);
	assert_int_equal(report[1].number, 1);
	packets(499, 0, 90);
	assert_int_equal(look(90), 0);
	packets(1, 0, 91);
	assert_int_equal(look(91), MEASURE_VOLTH);
	assert_int_equal(report[0].uplink_bytes, 500);
	assert_int_equal(report[0].number, 2);
}

// Whatever comes when, in which order and how often: together the reports say each byte once.
static void every_byte_is_said_once(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;
	Shoal__Oss__Volume threshold = total(5000);
	uint64_t sent = 0, said = 0, duration = 0;
	uint32_t seed = 4711;
	struct measure_word before = { 0 };

	wanted.triggers = MEASURE_VOLTH | MEASURE_PERIO | MEASURE_TIMTH;
	wanted.volume_threshold = &threshold;
	wanted.period_s = 13;
	wanted.time_threshold_s = 7;
	wanted.monitoring_at_ms = T0 + 900000;
	begin(&wanted);
	for (uint64_t second = 0; second < 2000; second++) {
		unsigned count;

		seed = seed * 1103515245 + 12345;
		if (seed >> 16 & 3) {
			before = word;
			packets(seed >> 20, 0, second);
			sent += seed >> 20;
		}
		measure_hear(&measure, &before); // late
		measure_hear(&measure, &word);   // twice
		if ((seed >> 8 & 63) == 0)
			word = (struct measure_word){ .life = word.life + 1 };
		now_ms = T0 + second * 1000;
		seed = seed * 1103515245 + 12345;
		count = seed >> 16 & 15 ? measure_due(&measure, now_ms, &next_ms) : MEASURE_IMMER;
		measure_settle(&measure, now_ms);
		count = count ? measure_report(&measure, count, now_ms, report) : 0;
		for (unsigned i = 0; i < count; i++) {
			said += report[i].uplink_bytes;
			duration += report[i].duration_s;
		}
	}
	measure_report(&measure, MEASURE_TERMR, now_ms, report);
	said += report[0].uplink_bytes;
	duration += report[0].duration_s;
	assert_true(said == sent && sent);
	assert_in_range(duration, 1990, 2000);
}

// What a session's ways came to is what the measure begins from, and a gauge goes on from there.
static void another_gauge_goes_on(void **state)
{
	Shoal__Oss__Measure wanted = SHOAL__OSS__MEASURE__INIT;
	struct measure_words ways = { { 10, 20 }, { 1000, 2000 } };
	struct measure_word heard = { .words = { { 11, 20 }, { 1100, 2000 } }, .last_ms = T0 };

	measure = (struct measure){ 0 };
	measure_read(&measure.rules, &wanted, 3);
	measure_begin(&measure, &ways, T0);
	assert_true(measure_hear(&measure, &heard));
	measure.flow.turned_ways = 3;
	measure_turn(&measure, 4, &heard.words);
	assert_int_equal(measure.flow.turned_ways, 0); // what is told of an earlier turn is not of this one
	heard = (struct measure_word){ 77, { { 1, 1 }, { 50, 60 } }, T0, T0 };
	assert_true(measure_hear(&measure, &heard));
	measure_report(&measure, MEASURE_IMMER, T0, report);
	assert_int_equal(report[0].uplink_bytes, 150);
	assert_int_equal(report[0].downlink_bytes, 60);
	ways = (struct measure_words){ { 12, 21 }, { 1150, 2060 } };
	measure_turn(&measure, 0, &ways);
	heard = (struct measure_word){ 0, { { 13, 21 }, { 1157, 2060 } }, T0, T0 };
	assert_true(measure_hear(&measure, &heard));
	measure_report(&measure, MEASURE_IMMER, T0, report);
	assert_int_equal(report[0].uplink_bytes, 7);
	assert_int_equal(report[0].downlink_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quota_that_gets_old_is_told_once),
		cmocka_unit_test(a_volume_threshold_begins_anew_with_each_report),
		cmocka_unit_test(directions_have_thresholds_of_their_own),
		cmocka_unit_test(time_counts_from_the_first_packet),
		cmocka_unit_test(time_stands_still_without_packets),
		cmocka_unit_test(periods_come_whatever_else_is_reported),
		cmocka_unit_test(a_volume_quota_ends_once),
		cmocka_unit_test(a_quota_goes_on_in_another_life),
		cmocka_unit_test(time_quotas_stop_what_passes),
		cmocka_unit_test(traffic_starts_and_stops),
		cmocka_unit_test(what_is_dropped_is_told_when_there_is_so_much),
		cmocka_unit_test(the_monitoring_time_makes_two_reports),
		cmocka_unit_test(every_byte_is_said_once),
		cmocka_unit_test(another_gauge_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
