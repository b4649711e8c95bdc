// test_knock.c - packets that come and may not pass yet: nothing is counted, and START is told of, for whom a quota of zero is to wait for that.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/measure/measure_trigger.h"
#include "tests/unit/measures_stand.h"

#define BYTES 100u

static Shoal__Oss__Volume quota;

static uint32_t serial(void)
{
	return measures_sheet() ? sheet_parts(measures_sheet()).urr->serial : 1;
}

// The measure's gauge, as its worker tells of it now.
static void gauge_says(uint64_t packets)
{
	const struct feed_gauge gauge = { .teid = teid,
					  .life = 5,
					  .urr = 7,
					  .serial = serial(),
					  .uplink_packets = packets,
					  .uplink_bytes = packets * BYTES,
					  .last_ns = clock_ms() * 1000000 };

	books_gauge(&stand->truth.books, &gauge, clock_ms());
	clock_pass(0);
}

static void granted(uint64_t bytes, uint32_t grant)
{
	quota = (Shoal__Oss__Volume)SHOAL__OSS__VOLUME__INIT;
	quota.has_total = true;
	quota.total = bytes;
	wanted.measure[0].volume_quota = &quota;
	wanted.measure[0].grant = grant;
	wanted.measure[0].triggers = MEASURE_ASK_START | MEASURE_ASK_STOPT | MEASURE_ASK_VOLQU;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
}

static const Shoal__Oss__UsageReport *told(size_t reports)
{
	const Shoal__Oss__ReportListAnswer *list = reports_after(0);

	assert_int_equal(list->n_reports, reports);
	assert_int_equal(list->reports[reports - 1]->n_usage, 1);
	return list->reports[reports - 1]->usage[0];
}

// Without a packet nothing is told of a quota of zero; with the first the start, once; then what is granted is used.
static void the_start_is_told_of_where_nothing_may_pass(void **state)
{
	granted(0, 1);
	clock_pass(60);
	assert_int_equal(reports_after(0)->n_reports, 0);
	gauge_says(0);
	assert_int_equal(told(1)->triggers, MEASURE_START);
	assert_int_equal(told(1)->uplink_bytes | told(1)->duration_s, 0);
	clock_pass(1);
	gauge_says(0);
	measures_restart();
	clock_pass(1);
	gauge_says(0);
	told(1);
	granted(3 * BYTES, 2);
	clock_pass(1);
	gauge_says(1);
	told(1); // it has gone on
	gauge_says(3);
	assert_int_equal(told(2)->triggers, MEASURE_VOLQU);
	assert_int_equal(told(2)->uplink_bytes, 3 * BYTES);
}

// A session's gauges are told of together, whichever of them a packet has moved.
static void a_gauge_that_no_packet_has_met_knocks_not(void **state)
{
	struct feed_gauge gauge = { .teid = teid, .urr = 7 };

	granted(3 * BYTES, 1);
	for (gauge.life = 5; gauge.life < 7; gauge.life++) {
		clock_pass(1);
		gauge.serial = serial();
		books_gauge(&stand->truth.books, &gauge, clock_ms());
		clock_pass(0);
		assert_int_equal(reports_after(0)->n_reports, 0);
	}
}

// Events and time of which there are none do the same.
static void it_is_so_whatever_there_is_none_of(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		measures_session(&wanted);
		wanted.session.id = id;
		wanted.measure[0].event = wanted.measure[0].has_event_quota = !i;
		wanted.measure[0].duration = wanted.measure[0].has_time_quota = i;
		wanted.measure[0].triggers = MEASURE_ASK_START | MEASURE_ASK_EVEQU | MEASURE_ASK_TIMQU;
		wanted.measure[0].grant = i + 1;
		assert_int_equal(measures_change(&wanted, false, NULL), 0);
		clock_pass(60); // traffic of before has stopped
		gauge_says(0);
		assert_int_equal(told(i + 1)->triggers, MEASURE_START);
		clock_pass(5);
		told(i + 1);
	}
}

// Who still comes has not stopped; who comes again starts.
static void the_stop_is_when_nobody_comes_any_more(void **state)
{
	granted(2 * BYTES, 1);
	gauge_says(1);
	assert_int_equal(told(1)->triggers, MEASURE_START);
	gauge_says(2);
	assert_int_equal(told(2)->triggers, MEASURE_VOLQU);
	for (unsigned i = 0; i < 5; i++) {
		clock_pass(8);
		gauge_says(2);
		told(2);
	}
	clock_pass(11);
	assert_int_equal(told(3)->triggers, MEASURE_STOPT);
	clock_pass(60);
	gauge_says(2);
	assert_int_equal(told(4)->triggers, MEASURE_START);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_start_is_told_of_where_nothing_may_pass, measures_one,
						measures_teardown),
		cmocka_unit_test_setup_teardown(a_gauge_that_no_packet_has_met_knocks_not, measures_one,
						measures_teardown),
		cmocka_unit_test_setup_teardown(it_is_so_whatever_there_is_none_of, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(the_stop_is_when_nobody_comes_any_more, measures_one,
						measures_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
