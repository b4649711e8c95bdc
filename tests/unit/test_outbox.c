// test_outbox.c - reports: numbered, kept until they are done, waited for; across deaths, failures of the disk and a full table.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/door/role.h"
#include "ctrl/tell/outbox.h"
#include "shared/base/clock.h"
#include "tests/unit/ctrl_stand.h"

static struct ctrl_stand *stand;

static int setup(void **state)
{
	static struct ctrl_stand one;

	stand = &one;
	ctrl_stand_open(stand);
	return 0;
}

static int teardown(void **state)
{
	ctrl_stand_close(stand);
	return 0;
}

static int code(const Shoal__Oss__Response *answer)
{
	return answer ? (int)answer->status->code : CTRL_STAND_WAITS;
}

static void on_settled(void *with, int error)
{
	*(int *)with = error;
	outbox_settle(&stand->truth.outbox, !error);
}

// As whoever has something to say adds it: a transaction of its own. The first error.
static int tell(const char *owner, unsigned count)
{
	struct batch batch;
	int error = 0, written = -EINPROGRESS;

	batch_open(&batch);
	for (unsigned i = 0; !error && i < count; i++) {
		Shoal__Store__Report stored = SHOAL__STORE__REPORT__INIT;
		Shoal__Oss__Report report = SHOAL__OSS__REPORT__INIT;

		report.session = 7;
		report.kind = SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE;
		report.at_ms = i;
		report.owner = (char *)owner;
		stored.report = &report;
		error = outbox_add(&stand->truth.outbox, &stored, &batch);
	}
	scribe_write(&stand->truth.scribe, &batch, on_settled, &written);
	batch_close(&batch);
	return error ? error : written;
}

static Shoal__Oss__Request list_request(Shoal__Oss__ReportList *body)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;

	request.body_case = SHOAL__OSS__REQUEST__BODY_REPORT_LIST;
	request.report_list = body;
	return request;
}

static const Shoal__Oss__ReportListAnswer *list(uint64_t after, uint32_t limit, const char *prefix)
{
	Shoal__Oss__ReportList body = SHOAL__OSS__REPORT_LIST__INIT;
	Shoal__Oss__Request request = list_request(&body);

	body.after = after;
	body.limit = limit;
	body.owner_prefix = (char *)prefix;
	return code(ctrl_stand_ask(stand, &request)) ? NULL : stand->answer->report_list;
}

static int done(uint64_t *numbers, size_t count)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__ReportDone body = SHOAL__OSS__REPORT_DONE__INIT;

	body.numbers = numbers;
	body.n_numbers = count;
	request.body_case = SHOAL__OSS__REQUEST__BODY_REPORT_DONE;
	request.report_done = &body;
	return code(ctrl_stand_ask(stand, &request));
}

static int done_one(uint64_t number)
{
	return done(&number, 1);
}

static void a_report_stays_until_it_is_done(void **state)
{
	assert_int_equal(tell("pfcp/a", 2), 0);
	assert_int_equal(tell("pfcp/b", 1), 0);
	assert_int_equal(list(0, 0, "")->n_reports, 3);
	assert_int_equal(list(0, 0, "pfcp/b")->n_reports, 1);
	assert_true(stand->answer->report_list->reports[0]->number == 3);
	assert_string_equal(stand->answer->report_list->reports[0]->owner, "pfcp/b");
	ctrl_stand_restart(stand);
	assert_int_equal(list(1, 0, "")->n_reports, 2);
	assert_int_equal(done_one(2), 0);
	assert_int_equal(stand->answer->report_done->done, 1);
	assert_int_equal(done_one(2), 0);
	assert_int_equal(stand->answer->report_done->done, 0);
	assert_true(outbox_any(&stand->truth.outbox, 7));
	ctrl_stand_restart(stand);
	assert_int_equal(list(0, 0, "")->n_reports, 2);
	assert_true(stand->answer->report_list->reports[1]->number == 3);
	assert_int_equal(done((uint64_t[]){ 3, 1, 99 }, 3), 0);
	assert_int_equal(stand->answer->report_done->done, 2);
	assert_false(outbox_any(&stand->truth.outbox, 7));
	assert_int_equal(list(0, 0, "")->n_reports, 0);
}

static void a_number_is_never_given_again(void **state)
{
	assert_int_equal(tell("pfcp/a", 3), 0);
	assert_int_equal(done((uint64_t[]){ 1, 2, 3 }, 3), 0);
	ctrl_stand_restart(stand);
	assert_int_equal(list(0, 0, "")->n_reports, 0);
	assert_int_equal(tell("pfcp/a", 1), 0);
	assert_true(list(0, 0, "")->reports[0]->number == 4);
	stand->fail_commit = -EIO;
	assert_int_equal(tell("pfcp/a", 1), -EIO);
	assert_int_equal(tell("pfcp/a", 1), 0);
	assert_true(list(4, 0, "")->reports[0]->number == 5);
}

static void lists_in_pages(void **state)
{
	uint64_t next = 0;
	unsigned seen = 0;

	assert_int_equal(tell("a", 20), 0);
	assert_int_equal(tell("b", 20), 0);
	do {
		const Shoal__Oss__ReportListAnswer *page = list(next, 7, "b");

		assert_non_null(page);
		seen += (unsigned)page->n_reports;
		next = page->next;
	} while (next);
	assert_int_equal(seen, 20);
	assert_null(list(0, 1001, ""));
	assert_string_equal(stand->answer->status->field, "limit");
}

static void a_failed_disk_leaves_everything_as_it_was(void **state)
{
	assert_int_equal(tell("a", 2), 0);
	stand->fail_commit = -EIO;
	assert_int_equal(tell("a", 1), -EIO);
	assert_int_equal(list(0, 0, "")->n_reports, 2);
	stand->fail_commit = -EIO;
	assert_int_equal(done_one(1), SHOAL__OSS__CODE__STORE_FAILED);
	assert_int_equal(list(0, 0, "")->n_reports, 2);
	assert_int_equal(done_one(1), 0);
	assert_int_equal(stand->answer->report_done->done, 1);
	ctrl_stand_restart(stand);
	assert_int_equal(list(0, 0, "")->n_reports, 1);
}

static void there_are_only_so_many(void **state)
{
	for (unsigned i = 0; i < OUTBOX_MAX / 4096; i++)
		assert_int_equal(tell("a", 4096), 0);
	assert_int_equal(outbox_room(&stand->truth.outbox), 0);
	assert_int_equal(tell("a", 1), -ENOSPC);
	assert_true(stand->truth.outbox.refused == 1);
	ctrl_stand_restart(stand);
	assert_int_equal(tell("a", 1), -ENOSPC);
	assert_int_equal(done((uint64_t[]){ 100, 200 }, 2), 0);
	assert_int_equal(tell("a", 2), 0);
	assert_int_equal(tell("a", 1), -ENOSPC);
	assert_true(list(OUTBOX_MAX, 0, "")->reports[1]->number == OUTBOX_MAX + 2);
}

static void refuses_what_is_no_request(void **state)
{
	static uint64_t many[1001];
	static const struct role_pass read = { CONF_READ, -1 }, network = { CONF_PROVISION, 0 };

	assert_int_equal(done(NULL, 0), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_int_equal(done(many, 1001), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_int_equal(done(many, 1000), 0);
	stand->pass = &read;
	assert_null(list(0, 0, ""));
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__FORBIDDEN);
	stand->pass = &network;
	assert_int_equal(done_one(1), SHOAL__OSS__CODE__FORBIDDEN);
	stand->pass = NULL;
}

// ---- Waiting

struct asked {
	struct request request; // first
	uint8_t bytes[64];
	unsigned answers, reports;
	int code;
};

static void on_answer(struct request *request)
{
	struct asked *asked = (struct asked *)request;
	Shoal__Oss__Response *answer = shoal__oss__response__unpack(NULL, request->answer_bytes, request->answer);

	asked->answers++;
	asked->code = (int)answer->status->code;
	asked->reports = answer->report_list ? (unsigned)answer->report_list->n_reports : 0;
	shoal__oss__response__free_unpacked(answer, NULL);
	free(request->answer);
}

static void wait_for(struct asked *asked, uint64_t after, const char *prefix)
{
	Shoal__Oss__ReportList body = SHOAL__OSS__REPORT_LIST__INIT;
	Shoal__Oss__Request request = list_request(&body);

	*asked = (struct asked){ .request = { .bytes = asked->bytes, .answered = on_answer } };
	body.wait = true;
	body.after = after;
	body.owner_prefix = (char *)prefix;
	request.version = 1;
	request.deadline_ms = 1000;
	asked->request.length = shoal__oss__request__pack(&request, asked->bytes);
	asked->request.arrived_ns = clock_ns();
	desk_take(&stand->desk, &asked->request);
	desk_run(&stand->desk);
}

static void whoever_waits_hears_of_the_next(void **state)
{
	struct asked one, other;

	wait_for(&one, 0, "a");
	wait_for(&other, 0, "b");
	assert_int_equal(one.answers + other.answers, 0);
	assert_int_equal(tell("a", 2), 0);
	desk_run(&stand->desk);
	assert_int_equal(one.answers, 1);
	assert_int_equal(one.reports, 2);
	assert_int_equal(other.answers, 0);
	wait_for(&one, 2, "a");
	assert_int_equal(one.answers, 0);
	assert_int_equal(tell("b", 1), 0);
	desk_run(&stand->desk);
	assert_int_equal(other.reports, 1);
	assert_int_equal(one.answers, 0);
	wait_for(&other, 0, "b");
	assert_int_equal(other.reports, 1);
	desk_tick(&stand->desk, one.request.arrived_ns + 2000000000);
	assert_int_equal(one.answers, 1);
	assert_int_equal(one.code, 0);
	assert_int_equal(one.reports, 0);
}

static void only_so_many_wait(void **state)
{
	static struct asked asked[66];
	unsigned refused = 0, told = 0;

	for (unsigned i = 0; i < 66; i++) {
		wait_for(&asked[i], 0, "");
		refused += asked[i].answers && asked[i].code == SHOAL__OSS__CODE__BUSY;
	}
	assert_int_equal(refused, 2);
	assert_int_equal(tell("a", 1), 0);
	desk_run(&stand->desk);
	for (unsigned i = 0; i < 66; i++)
		told += asked[i].reports;
	assert_int_equal(told, 64);
}

static void a_damaged_report_is_named_or_left_out(void **state)
{
	static const uint8_t nonsense[] = { 0xff, 0xff, 0xff };
	const struct store_engine *engine = stand->lmdb.engine;
	const struct store_row row = { 2, nonsense, sizeof(nonsense) };

	assert_int_equal(tell("a", 1), 0);
	assert_int_equal(engine->begin(stand->lmdb.self), 0);
	assert_int_equal(engine->put(stand->lmdb.self, STORE_REPORTS, &row), 0);
	assert_int_equal(engine->commit(stand->lmdb.self), 0);
	ctrl_stand_down(stand);
	assert_int_equal(ctrl_stand_try(stand, false), -EBADMSG);
	assert_int_equal(ctrl_stand_try(stand, true), 0);
	assert_int_equal(stand->truth.load.salvaged, 1);
	assert_int_equal(list(0, 0, "")->n_reports, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_report_stays_until_it_is_done, setup, teardown),
		cmocka_unit_test_setup_teardown(a_number_is_never_given_again, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_in_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_disk_leaves_everything_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(there_are_only_so_many, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_request, setup, teardown),
		cmocka_unit_test_setup_teardown(whoever_waits_hears_of_the_next, setup, teardown),
		cmocka_unit_test_setup_teardown(only_so_many_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_report_is_named_or_left_out, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
