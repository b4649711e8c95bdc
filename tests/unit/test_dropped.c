// test_dropped.c - what is dropped of a session's packets for want of the radio side (DROTH): who counts it, and what is reported of it, across
// deaths and failures of the disk.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/rules/sheet_make.h"
#include "ctrl/usage/measures.h"
#include "tests/unit/measures_stand.h"

static void used(uint64_t life, uint64_t up)
{
	const struct feed_usage usage = { .teid = teid, .life = life, .count = { up / 100, up, 0, 0 } };

	books_usage(&stand->truth.books, &usage, clock_ms());
}

// What its worker has counted as dropped, by the gauge for that.
static void dropped(uint64_t life, uint64_t packets, uint64_t bytes)
{
	const struct feed_gauge gauge = { .teid = teid,
					  .serial = measures_sheet() ? sheet_drops(measures_sheet(), 7) : 1,
					  .life = life,
					  .downlink_packets = packets,
					  .downlink_bytes = bytes };

	books_gauge(&stand->truth.books, &gauge, clock_ms());
}

static void drops_wanted(uint64_t packets)
{
	wanted.measure[0].triggers = packets ? MEASURE_ASK_DROTH : 0;
	wanted.measure[0].dropped_packets = packets;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
}

static const Shoal__Oss__UsageReport *last_usage(unsigned reports)
{
	const Shoal__Oss__ReportListAnswer *list = reports_after(0);

	assert_int_equal(list->n_reports, reports);
	assert_int_equal(list->reports[reports - 1]->kind, SHOAL__OSS__REPORT_KIND__REPORT_USAGE);
	return list->reports[reports - 1]->usage[0];
}

// A report each time so much was dropped, whatever dies meanwhile; what was dropped is not what was used.
static void what_is_dropped_is_reported(void **state)
{
	drops_wanted(10);
	used(3, 1000);
	dropped(3, 9, 900);
	clock_pass(1);
	assert_int_equal(reports_after(0)->n_reports, 0);
	measures_restart();
	dropped(3, 10, 1000);
	stand->fail_commit = -EIO;
	clock_pass(1);
	clock_pass(5);
	assert_int_equal(last_usage(1)->triggers, MEASURE_DROTH);
	assert_int_equal(last_usage(1)->uplink_bytes, 1000);
	assert_int_equal(last_usage(1)->downlink_packets, 0);
	measures_restart();
	dropped(3, 19, 1900);
	clock_pass(1);
	assert_int_equal(reports_after(0)->n_reports, 1);
	drops_wanted(9); // it goes on
	clock_pass(1);
	assert_int_equal(last_usage(2)->number, 1);
	measures_restart();
	dropped(4, 9, 1);
	clock_pass(1);
	assert_int_equal(last_usage(3)->triggers, MEASURE_DROTH);
	drops_wanted(0);
	dropped(4, 100, 1000);
	drops_wanted(9); // another gauge
	dropped(4, 8, 1000);
	clock_pass(1);
	assert_int_equal(reports_after(0)->n_reports, 3);
}

// A change that is taken back leaves the gauge that counted.
static void what_is_dropped_stays_counted_where_a_change_fails(void **state)
{
	drops_wanted(10);
	dropped(3, 9, 900);
	stand->fail_commit = -EIO;
	wanted.measure[0].triggers = 0;
	assert_int_equal(measures_change(&wanted, false, NULL), SHOAL__OSS__CODE__STORE_FAILED);
	dropped(3, 10, 1000);
	clock_pass(5);
	assert_int_equal(last_usage(1)->triggers, MEASURE_DROTH);
}

// What counts what is dropped has a place of its own, which no rule names, and a number that goes on.
static void what_is_dropped_is_counted_by_one_more(void **state)
{
	const struct sheet_urr *urr;
	uint32_t first, second;

	wanted.session.n_measures = 2;
	wanted.ids[1] = 8;
	wanted.rule[1].n_measure_ids = 2;
	drops_wanted(10);
	urr = sheet_parts(measures_sheet()).urr;
	assert_int_equal(measures_sheet()->urrs, 3);
	assert_int_equal(urr[0].dropped, 3);
	assert_int_equal(urr[1].dropped | urr[2].dropped | urr[2].id, 0);
	first = sheet_drops(measures_sheet(), 7);
	assert_int_equal(first, urr[2].serial);
	assert_int_equal(sheet_drops(measures_sheet(), 8), 0);
	assert_int_equal((sheet_parts(measures_sheet()).pdr[0].urrs | sheet_parts(measures_sheet()).pdr[1].urrs), 3);
	wanted.measure[1].triggers = MEASURE_ASK_DROTH;
	wanted.measure[1].dropped_bytes = 1;
	drops_wanted(20);
	assert_int_equal(measures_sheet()->urrs, 4);
	assert_int_equal(sheet_drops(measures_sheet(), 7), first);
	second = sheet_drops(measures_sheet(), 8);
	assert_int_not_equal(second, first);
	measures_restart();
	assert_int_equal(sheet_drops(measures_sheet(), 7), first);
	assert_int_equal(sheet_drops(measures_sheet(), 8), second);
	drops_wanted(0);
	assert_int_equal(sheet_drops(measures_sheet(), 7), 0);
	assert_int_equal(sheet_drops(measures_sheet(), 8), second);
	measures_restart();
	assert_int_equal(sheet_drops(measures_sheet(), 8), second);
	drops_wanted(1);
	assert_int_not_equal(sheet_drops(measures_sheet(), 7), first);
}

static void measures_with_drops_count_twice(void **state)
{
	static Shoal__Oss__Measure many[16], *list[16];

	for (unsigned i = 0; i < 16; i++) {
		shoal__oss__measure__init(list[i] = &many[i]);
		many[i].id = 7 + i;
		many[i].volume = true;
	}
	wanted.session.measures = list;
	wanted.session.n_measures = 15;
	many[14].triggers = MEASURE_ASK_DROTH;
	many[14].dropped_bytes = 1;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	assert_int_equal(measures_sheet()->urrs, 16);
	wanted.session.n_measures = 16;
	assert_int_equal(measures_change(&wanted, false, NULL), SHOAL__OSS__CODE__LIMIT);
	assert_string_equal(stand->answer->status->field, "session.measures[16]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, measures_one, measures_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_dropped_is_reported),
		TEST(what_is_dropped_stays_counted_where_a_change_fails),
		TEST(what_is_dropped_is_counted_by_one_more),
		TEST(measures_with_drops_count_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
