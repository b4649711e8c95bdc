// test_measures_turn.c - what a session's lines count for a measure until its first sheet, and a gauge from then on: each byte once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/usage/measures.h"
#include "tests/unit/measures_stand.h"

static void gauged(uint64_t life, uint64_t up, uint64_t down)
{
	const struct feed_gauge gauge = {
		.teid = teid, .urr = 7, .serial = 1, .life = life, .uplink_bytes = up, .downlink_bytes = down
	};

	books_gauge(&stand->truth.books, &gauge, clock_ms());
}

// Nobody knows what was used between the last word and the first sheet: where the ways can go on counting, they do.
static void what_was_used_just_before_the_first_sheet_counts(void **state)
{
	const Shoal__Oss__UsageReport *usage;

	measures_used(3, 1000, 500);
	wanted.forward[1].buffer = true;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	measures_used(3, 1200, 900);
	gauged(3, 50, 60);
	usage = measures_asked(NULL);
	assert_int_equal(usage->uplink_bytes, 1200);
	assert_int_equal(usage->downlink_bytes, 900);
	measures_restart();
	wanted.rule[1].n_measure_ids = 0; // it is its gauge that tells what is its own, from now on
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	measures_used(3, 1300, 950);
	gauged(3, 80, 60);
	usage = measures_asked(NULL);
	assert_int_equal(usage->uplink_bytes, 30);
	assert_int_equal(usage->downlink_bytes, 0);
}

// What the lines had counted when the first sheet took over.
static void turned(uint64_t life, uint64_t up, uint64_t down)
{
	const struct report report = {
		.kind = REPORT_GAUGE, .teid = teid, .life = life, .uplink_bytes = up, .downlink_bytes = down
	};

	books_report(&stand->truth.books, &report, clock_ms());
}

// And where they can't, the worker says what they came to.
static void what_the_lines_counted_until_the_first_sheet_counts(void **state)
{
	const Shoal__Oss__UsageReport *usage;

	measures_used(2, 100, 0);
	measures_used(3, 1000, 500);
	wanted.rule[1].n_measure_ids = 0;
	wanted.forward[1].buffer = true;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	gauged(3, 50, 0);
	measures_used(3, 1200, 900); // with what others' packets came to
	turned(2, 5000, 5000);       // of a life that is over
	turned(3, 1100, 700);
	measures_restart();
	usage = measures_asked(NULL);
	assert_int_equal(usage->uplink_bytes, 100 + 1100 + 50);
	assert_int_equal(usage->downlink_bytes, 700);
	turned(3, 1100, 700); // said again by who took the shard over
	gauged(3, 60, 0);
	assert_int_equal(measures_asked(NULL)->uplink_bytes, 10);
	turned(3, 1130, 700); // who had it for a moment longer
	assert_int_equal(measures_asked(NULL)->uplink_bytes, 30);
}

// A life that began just before, and of which nothing is known yet.
static void a_life_of_which_nothing_is_known_counts_until_the_first_sheet(void **state)
{
	measures_used(3, 1000, 500);
	wanted.rule[1].n_measure_ids = 0;
	wanted.forward[1].buffer = true;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	turned(4, 40, 0);
	assert_int_equal(measures_asked(NULL)->uplink_bytes, 1040);
	measures_used(4, 90, 0);
	turned(4, 40, 0);
	assert_int_equal(measures_asked(NULL)->uplink_bytes, 0);
}

// The order of measures means nothing for who is linked with whom.
static void the_first_may_be_whom_another_is_linked_with(void **state)
{
	const Shoal__Oss__ReportListAnswer *list;
	uint32_t link = 7;

	wanted.session.n_measures = 2;
	wanted.ids[1] = 8;
	wanted.rule[0].n_measure_ids = 2;
	wanted.measure[0].triggers = MEASURE_ASK_PERIO;
	wanted.measure[0].period_s = 5;
	wanted.measure[1].triggers = MEASURE_ASK_LIUSA;
	wanted.measure[1].linked_ids = &link;
	wanted.measure[1].n_linked_ids = 1;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	clock_pass(6);
	list = reports_after(0);
	assert_int_equal(list->n_reports, 1);
	assert_int_equal(list->reports[0]->n_usage, 2);
	assert_int_equal(list->reports[0]->usage[0]->triggers, MEASURE_PERIO);
	assert_int_equal(list->reports[0]->usage[1]->measure, 8);
	assert_int_equal(list->reports[0]->usage[1]->triggers, MEASURE_LIUSA);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, measures_one, measures_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_used_just_before_the_first_sheet_counts),
		CASE(what_the_lines_counted_until_the_first_sheet_counts),
		CASE(the_first_may_be_whom_another_is_linked_with),
		CASE(a_life_of_which_nothing_is_known_counts_until_the_first_sheet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
