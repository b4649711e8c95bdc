// test_measures.c - measures of a session: what answers, accounts and reports say of them, each byte once, across deaths and failures of
// the disk.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "ctrl/usage/measures.h"
#include "ctrl/usage/measures_inside.h"
#include "tests/unit/measures_stand.h"

static void a_query_takes_what_there_is_and_no_byte_twice(void **state)
{
	const Shoal__Oss__UsageReport *usage;

	measures_used(3, 1000, 2000);
	usage = measures_asked(NULL);
	assert_int_equal(usage->measure, 7);
	assert_int_equal(usage->number, 0);
	assert_int_equal(usage->triggers, MEASURE_IMMER);
	assert_int_equal(usage->uplink_bytes, 1000);
	assert_int_equal(usage->downlink_bytes, 2000);
	assert_int_equal(usage->downlink_packets, 20);
	measures_used(3, 1500, 2000);
	measures_used(4, 7, 0);
	measures_restart();
	usage = measures_asked(NULL);
	assert_int_equal(usage->number, 1);
	assert_int_equal(usage->uplink_bytes, 507);
	assert_int_equal(usage->downlink_bytes, 0);
}

// Whoever did not hear the answer asks again, and is told the same.
static void the_same_request_is_told_the_same(void **state)
{
	measures_used(3, 1000, 0);
	assert_int_equal(measures_asked("key")->uplink_bytes, 1000);
	measures_used(3, 1700, 0);
	measures_restart();
	assert_int_equal(measures_asked("key")->uplink_bytes, 1000);
	assert_int_equal(stand->answer->session->usage[0]->number, 0);
	assert_int_equal(measures_asked("other")->uplink_bytes, 700);
}

// Most words of a measure that has just begun are zeros: those at the end of each list are not written, and come back as they were.
static void a_row_is_as_long_as_what_it_says(void **state)
{
	const struct session *session = session_by_id(&stand->truth.sessions, id);
	struct measured *before = session->measured, *after;
	struct store_row row = { .key = id };
	struct batch batch = { 0 };

	assert_int_equal(stand->truth.store.engine->get(stand->truth.store.self, STORE_MEASURES, &row), 0);
	assert_in_range(row.length, 1, 100);
	before->measure[0].stand.told_events = before->measure[0].flow.knock_ms = 4711; // their last words
	before->state.waiting_ms = 42;
	batch_open(&batch);
	assert_int_equal(measured_row(session, &batch), 0);
	assert_int_equal(batch_write(&batch, &stand->truth.store), 0);
	batch_close(&batch);
	ctrl_stand_restart(stand);
	stand->desk.wall = clock_ms;
	after = session_by_id(&stand->truth.sessions, id)->measured;
	assert_int_equal(after->measure[0].stand.told_events, 4711);
	assert_int_equal(after->measure[0].flow.knock_ms, 4711);
	assert_int_equal(after->state.waiting_ms, 42);
}

// As many measures as a session can have are its measures after a start, too; of more there is no row.
static void a_row_of_as_many_as_there_can_be_is_read(void **state)
{
	struct measures *measures = &stand->truth.measures;
	struct session *session = session_by_id(&stand->truth.sessions, id);
	struct measured *own = session->measured;
	struct batch batch;

	batch_open(&batch);
	for (unsigned count = MEASURES_MAX; count <= MEASURES_MAX + 1; count++) {
		struct session like = { .id = 4711 + count };

		like.measured = measured_make(count, 0);
		assert_non_null(like.measured);
		assert_int_equal(measured_row(&like, &batch), 0);
		assert_int_equal(measures_load(measures, &batch.rows[batch.count - 1].row, &batch.bytes),
				 count > MEASURES_MAX ? -EBADMSG : 0);
		assert_true(!table_get(&measures->loaded, like.id) == (count > MEASURES_MAX));
		free(like.measured);
	}
	free(table_get(&measures->loaded, 4711 + MEASURES_MAX));
	table_drop(&measures->loaded, 4711 + MEASURES_MAX);
	batch_close(&batch);
	assert_ptr_equal(session->measured, own);
}

// A row may be behind when its session goes, or has no measures any more: there is none to write.
static void rows_of_who_is_gone_are_not_written(void **state)
{
	struct measures *measures = &stand->truth.measures;
	struct session *session = session_by_id(&stand->truth.sessions, id);
	struct measured *own = session->measured;
	struct session gone = { .id = 4711, .measured = own };
	struct batch batch;

	batch_open(&batch);
	for (unsigned round = 0; round < 2; round++) {
		own->marked = false;
		measured_mark(measures, &gone);
		own->marked = false;
		measured_mark(measures, session);
		session->measured = round ? NULL : own;
		batch.count = 0;
		assert_int_equal(measures_fill(measures, &batch), 0);
		assert_int_equal(batch.count, !round);
		measures_filled(measures, false); // and once more
		assert_int_equal(measures_fill(measures, &batch), 0);
		assert_int_equal(batch.count, 2 * !round);
		measures_filled(measures, true);
		assert_false(measures_waits(measures));
		session->measured = own;
	}
	batch_close(&batch);
}

// What workers count is told once in a while: a query waits for that.
static void a_query_waits_for_fresh_counts(void **state)
{
	measures_used(3, 1000, 0);
	stand->conf.usage_interval_ms = 60000;
	usleep(5000); // so that before and after are different milliseconds
	assert_int_equal(measures_change(&wanted, true, NULL), CTRL_STAND_WAITS);
	assert_int_equal(ctrl_stand_get(stand, id)->id, id); // others do not wait
	clock_pass(0);
	usleep(5000);
	measures_used(3, 1100, 0);
	assert_non_null(measures_wait());
	assert_int_equal(stand->answer->session->usage[0]->uplink_bytes, 1100);
}

static void a_measure_that_goes_is_told_of_with_the_answer(void **state)
{
	measures_used(3, 1000, 50);
	wanted.session.n_measures = 0;
	wanted.rule[0].n_measure_ids = wanted.rule[1].n_measure_ids = 0;
	if (measures_change(&wanted, false, NULL) == CTRL_STAND_WAITS)
		assert_non_null(measures_wait());
	assert_int_equal(stand->answer->session->n_usage, 1);
	assert_int_equal(stand->answer->session->usage[0]->triggers, MEASURE_TERMR);
	assert_int_equal(stand->answer->session->usage[0]->uplink_bytes, 1000);
	measures_used(3, 5000, 50);
	wanted.session.n_measures = 1;
	wanted.rule[0].n_measure_ids = wanted.rule[1].n_measure_ids = 1;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	assert_int_equal(stand->answer->session->n_usage, 0);
	measures_used(3, 5300, 50);
	measures_restart();
	assert_int_equal(measures_asked(NULL)->uplink_bytes, 300);
	assert_int_equal(stand->answer->session->usage[0]->number, 0);
}

static void a_failed_disk_takes_nothing(void **state)
{
	const Shoal__Oss__Response *answer;

	measures_used(3, 1000, 0);
	stand->fail_commit = -EIO;
	answer = measures_change(&wanted, true, NULL) == CTRL_STAND_WAITS ? measures_wait() : stand->answer;
	assert_int_equal(answer->status->code, SHOAL__OSS__CODE__STORE_FAILED);
	assert_int_equal(measures_asked(NULL)->uplink_bytes, 1000);
	assert_int_equal(stand->answer->session->usage[0]->number, 0);
}

static void refuses_to_query_what_there_is_not(void **state)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;
	uint32_t unknown = 8;

	modify.session = &wanted.session;
	modify.query = &unknown;
	modify.n_query = 1;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	assert_int_equal(ctrl_stand_ask(stand, &request)->status->code, SHOAL__OSS__CODE__INVALID_FIELD);
	assert_string_equal(stand->answer->status->field, "query");
}

static void finished(uint64_t life, uint64_t up)
{
	struct report last = { .kind = REPORT_FINAL, .teid = teid, .life = life, .uplink_bytes = up };

	books_report(&stand->truth.books, &last, clock_ms());
}

static void the_account_has_the_last_of_each_measure(void **state)
{
	const Shoal__Oss__ClosedSession *closed;

	measures_used(3, 1000, 50);
	assert_int_equal(measures_asked(NULL)->uplink_bytes, 1000);
	measures_used(3, 1200, 50);
	assert_int_equal(ctrl_stand_delete(stand, id), 0);
	measures_restart();
	finished(3, 1234);
	ctrl_stand_keep(stand);
	closed = closed_of(id);
	assert_non_null(closed);
	assert_int_equal(closed->n_reports, 1);
	assert_int_equal(closed->reports[0]->measure, 7);
	assert_int_equal(closed->reports[0]->number, 1);
	assert_int_equal(closed->reports[0]->triggers, MEASURE_TERMR);
	assert_int_equal(closed->reports[0]->uplink_bytes, 234);
	assert_int_equal(closed->reports[0]->downlink_bytes, 0);
	measures_restart();
	assert_int_equal(closed_of(id)->n_reports, 1);
	assert_int_equal(stand->truth.measures.loaded.count, 0);
}

static void a_failed_disk_settles_once(void **state)
{
	measures_used(3, 1000, 50);
	assert_int_equal(ctrl_stand_delete(stand, id), 0);
	finished(3, 1111);
	stand->fail_commit = -EIO;
	ctrl_stand_keep(stand);
	ctrl_stand_keep(stand);
	assert_int_equal(closed_of(id)->n_reports, 1);
	assert_int_equal(closed_of(id)->reports[0]->uplink_bytes, 1111);
	assert_int_equal(closed_of(id)->reports[0]->number, 0);
}

// ---- Reports

static unsigned count_of(uint64_t after, Shoal__Oss__ReportKind kind)
{
	const Shoal__Oss__ReportListAnswer *list = reports_after(after);
	unsigned count = 0;

	for (size_t i = 0; i < list->n_reports; i++)
		count += list->reports[i]->kind == kind && list->reports[i]->session == id;
	return count;
}

static void a_silence_is_told_once(void **state)
{
	wanted.session.inactivity_s = 10;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	clock_pass(5);
	measures_used(3, 100, 0);
	clock_pass(9);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE), 0);
	clock_pass(2);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE), 1);
	assert_string_equal(reports_after(0)->reports[0]->owner, "pfcp/a");
	clock_pass(100);
	measures_restart();
	clock_pass(100);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE), 1);
	measures_used(3, 200, 0);
	clock_pass(9);
	measures_restart();
	clock_pass(2);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE), 2);
	clock_pass(100);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE), 2);
}

static void waits(uint32_t episode)
{
	const struct report report = {
		.kind = REPORT_DATA, .teid = teid, .episode = episode, .pdr = 2, .tos = 0xb8, .qfi = 9
	};

	books_report(&stand->truth.books, &report, clock_ms());
}

static void data_that_waits_is_told_once_an_episode(void **state)
{
	waits(5);
	waits(5);
	measures_restart(); // it was heard, and nothing more
	clock_pass(0);
	waits(5);
	clock_pass(0);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_DATA), 1);
	assert_int_equal(stand->answer->report_list->reports[0]->rule, 2);
	assert_int_equal(stand->answer->report_list->reports[0]->tos, 0xb8);
	assert_int_equal(stand->answer->report_list->reports[0]->qfi, 9);
	measures_restart();
	waits(5);
	clock_pass(0);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_DATA), 1);
	stand->fail_commit = -EIO;
	waits(6);
	clock_pass(0);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_DATA), 1);
	clock_pass(2);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_DATA), 2);
}

static uint32_t sheet_sum_now(void)
{
	const struct session *session = session_by_id(&stand->truth.sessions, id);

	return session->sheet ? session->bearer.sheet_sum : 0;
}

static void rules_are(bool buffer, bool notify)
{
	wanted.forward[1].buffer = buffer;
	wanted.forward[1].notify = notify;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
}

// What comes after packets that waited has to wait for them, and two lines could not say so: the next rules have a sheet for once.
static void rules_after_waiting_packets_keep_a_sheet(void **state)
{
	uint32_t sum;

	assert_int_equal(sheet_sum_now(), 0);
	rules_are(true, true);
	rules_are(false, false);
	assert_int_equal(sheet_sum_now(), 0); // nobody waited
	rules_are(true, true);
	waits(session_by_id(&stand->truth.sessions, id)->sheet->episode);
	clock_pass(0);
	rules_are(false, false);
	sum = sheet_sum_now();
	assert_int_not_equal(sum, 0);
	measures_restart();
	assert_int_equal(sheet_sum_now(), sum);
	rules_are(false, false);
	assert_int_equal(sheet_sum_now(), 0);
	rules_are(true, false); // nobody is told
	rules_are(false, false);
	assert_int_not_equal(sheet_sum_now(), 0);
}

static void reports_go_with_their_session(void **state)
{
	waits(5);
	clock_pass(0);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_DATA), 1);
	assert_int_equal(ctrl_stand_delete(stand, id), 0);
	finished(3, 0);
	ctrl_stand_keep(stand);
	assert_int_equal(count_of(0, SHOAL__OSS__REPORT_KIND__REPORT_DATA), 0);
	assert_int_equal(closed_of(id)->n_reports, 1);
}

static void a_damaged_row_is_named_or_left_out(void **state)
{
	static const uint8_t nonsense[] = { 0xff, 0xff, 0xff };
	const struct store_engine *engine = stand->lmdb.engine;
	const struct store_row row = { id, nonsense, sizeof(nonsense) };

	measures_used(3, 100, 0);
	ctrl_stand_keep(stand);
	assert_int_equal(engine->begin(stand->lmdb.self), 0);
	assert_int_equal(engine->put(stand->lmdb.self, STORE_MEASURES, &row), 0);
	assert_int_equal(engine->commit(stand->lmdb.self), 0);
	ctrl_stand_down(stand);
	assert_int_equal(ctrl_stand_try(stand, false), -EBADMSG);
	assert_int_equal(ctrl_stand_try(stand, true), 0);
	assert_int_equal(stand->truth.load.salvaged, 1);
	assert_int_equal(measures_asked(NULL)->uplink_bytes, 100);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, measures_one, measures_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_query_takes_what_there_is_and_no_byte_twice),
		CASE(the_same_request_is_told_the_same),
		CASE(a_row_is_as_long_as_what_it_says),
		CASE(a_row_of_as_many_as_there_can_be_is_read),
		CASE(rows_of_who_is_gone_are_not_written),
		CASE(a_query_waits_for_fresh_counts),
		CASE(a_measure_that_goes_is_told_of_with_the_answer),
		CASE(a_failed_disk_takes_nothing),
		CASE(refuses_to_query_what_there_is_not),
		CASE(the_account_has_the_last_of_each_measure),
		CASE(a_failed_disk_settles_once),
		CASE(a_silence_is_told_once),
		CASE(data_that_waits_is_told_once_an_episode),
		CASE(rules_after_waiting_packets_keep_a_sheet),
		CASE(reports_go_with_their_session),
		CASE(a_damaged_row_is_named_or_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
