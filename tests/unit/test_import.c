// test_import.c - many sessions in one request: what is waited for, and what workers refuse of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/feed/push_inside.h"
#include "ctrl/session/session.h"
#include "shared/base/clock.h"
#include "tests/unit/ctrl_stand.h"

#define COUNT 6u
#define BAD 2u // has no IMSI that could be one

static struct ctrl_stand stand;

static int setup(void **state)
{
	static struct feed_hello hello;

	ctrl_stand_open(&stand);
	for (unsigned i = 0; i < SHARDS; i++)
		hello.stand[i].seat = 0;
	push_hello(&stand.push, 0, &hello, clock_ns());
	return 0;
}

static int teardown(void **state)
{
	ctrl_stand_close(&stand);
	return 0;
}

static const Shoal__Oss__Response *import(const char *key)
{
	static struct ctrl_session session[COUNT];
	Shoal__Oss__Session *list[COUNT];
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionImport body = SHOAL__OSS__SESSION_IMPORT__INIT;

	for (unsigned i = 0; i < COUNT; i++) {
		ctrl_session_init(&session[i], i);
		list[i] = &session[i].session;
	}
	session[BAD].identity.imsi = "12x456";
	body.sessions = list;
	body.n_sessions = COUNT;
	body.go_on = body.wait_applied = true;
	request.key = (ProtobufCBinaryData){ strlen(key), (uint8_t *)key };
	request.deadline_ms = 2000;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT;
	request.session_import = &body;
	return ctrl_stand_ask(&stand, &request);
}

static void refusal_comes(uint64_t id)
{
	static struct feed_reports reports;
	uint32_t cell = session_by_id(&stand.truth.sessions, id)->cell;

	reports.count = 1;
	reports.report[0] = (struct report){ .kind = REPORT_REFUSED };
	reports.report[0].seq = chain_seq(stand.truth.grid.cells[cell].number, CHAIN_CHANGE);
	reports.report[0].shard = cell_shard(&stand.truth.grid, cell);
	reports.report[0].slot = cell_slot(&stand.truth.grid, cell);
	push_reports(&stand.push, 0, &reports, clock_ns());
}

static void all_else_stands(void)
{
	for (unsigned i = 0; i < SHARDS; i++)
		push_advance(&stand.push, (uint8_t)i, chain_seq(stand.truth.chains.chain[i].number, CHAIN_CHANGE),
			     clock_ns());
}

static void answered(Shoal__Oss__Code code, uint32_t applied, size_t faults)
{
	const Shoal__Oss__SessionImportAnswer *answer = stand.answer->session_import;

	assert_int_equal(stand.answer->status->code, code);
	assert_int_equal(answer->created, COUNT - 1);
	assert_int_equal(answer->first, 1);
	assert_int_equal(answer->applied, applied);
	assert_int_equal(answer->n_faults, faults);
}

static void fault_is(unsigned n, uint32_t index, Shoal__Oss__Code code, const char *field)
{
	const Shoal__Oss__ImportFault *fault = stand.answer->session_import->faults[n];

	assert_int_equal(fault->index, index);
	assert_int_equal(fault->status->code, code);
	assert_string_equal(fault->status->field, field);
}

static void is_answered_when_all_stand(void **state)
{
	assert_null(import("once"));
	all_else_stands();
	assert_int_equal(stand.answers, 1);
	answered(SHOAL__OSS__CODE__OK, COUNT - 1, 1);
	fault_is(0, BAD, SHOAL__OSS__CODE__INVALID_FIELD, "sessions[2].identity.imsi");
}

// Ids are in the order of the request, without the bad one.
static void names_whom_workers_refuse(void **state)
{
	assert_null(import("once"));
	refusal_comes(1);
	refusal_comes(3);
	assert_int_equal(stand.answers, 0); // the others are waited for
	all_else_stands();
	for (unsigned again = 0; again < 3; again++) {
		assert_int_equal(stand.answers, again + 1);
		answered(SHOAL__OSS__CODE__NOT_APPLIED_YET, COUNT - 3, 3);
		fault_is(0, 0, SHOAL__OSS__CODE__NOT_APPLIED_YET, "sessions[0]");
		fault_is(1, BAD, SHOAL__OSS__CODE__INVALID_FIELD, "sessions[2].identity.imsi");
		fault_is(2, 3, SHOAL__OSS__CODE__NOT_APPLIED_YET, "sessions[3]");
		import("once");
	}
	assert_int_equal(ctrl_stand_delete(&stand, 1), 0);
	all_else_stands();
	assert_non_null(import("once"));
	answered(SHOAL__OSS__CODE__NOT_APPLIED_YET, COUNT - 3, 2);
	fault_is(1, 3, SHOAL__OSS__CODE__NOT_APPLIED_YET, "sessions[3]");
}

static void says_at_its_deadline_what_it_knows(void **state)
{
	assert_null(import("once"));
	refusal_comes(5);
	desk_tick(&stand.desk, clock_ns() + 2000000000ull);
	assert_int_equal(stand.answers, 1);
	answered(SHOAL__OSS__CODE__NOT_APPLIED_YET, 0, 2);
	assert_string_equal(stand.answer->status->message, "Durable, but no worker has confirmed it yet.");
	fault_is(1, 5, SHOAL__OSS__CODE__NOT_APPLIED_YET, "sessions[5]");
	assert_string_equal(stand.answer->session_import->faults[1]->status->message,
			    "Durable, but its worker refuses it.");
}

// These two in turn, so many in all.
static const Shoal__Oss__Response *import_of(struct ctrl_session two[2], size_t count, bool go_on)
{
	Shoal__Oss__Session **list = calloc(count, sizeof(*list));
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionImport body = SHOAL__OSS__SESSION_IMPORT__INIT;
	const Shoal__Oss__Response *answer;

	for (size_t i = 0; i < count; i++)
		list[i] = &two[i % 2].session;
	body.sessions = list;
	body.n_sessions = count;
	body.go_on = go_on;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT;
	request.session_import = &body;
	answer = ctrl_stand_ask(&stand, &request);
	free(list);
	return answer;
}

// The third is the first once more: none of them is there, in memory or on disk.
static void one_that_is_bad_ends_it_and_leaves_nothing(void **state)
{
	struct ctrl_session two[2], other;
	uint64_t image = ctrl_stand_image(&stand);

	ctrl_session_init(&two[0], 1);
	ctrl_session_init(&two[1], 2);
	ctrl_session_init(&other, 3);
	assert_int_equal(import_of(two, 3, false)->status->code, SHOAL__OSS__CODE__EXISTS);
	assert_int_equal(stand.answer->session_import->created, 0);
	assert_int_equal(stand.answer->session_import->first, 0);
	assert_true(ctrl_stand_image(&stand) == image);
	assert_int_equal(ctrl_stand_create(&stand, &other), 0); // what is written then is this one alone
	ctrl_stand_restart(&stand);
	assert_int_equal(stand.truth.sessions.by_id.count, 1);
	assert_string_equal(ctrl_stand_get(&stand, 1)->identity->imsi, other.imsi);
}

static void as_many_as_a_message_may_have(void **state)
{
	struct ctrl_session two[2];

	ctrl_session_init(&two[0], 1);
	ctrl_session_init(&two[1], 2);
	assert_int_equal(import_of(two, 0, true)->status->code, SHOAL__OSS__CODE__INVALID_FIELD);
	assert_int_equal(import_of(two, 4097, true)->status->code, SHOAL__OSS__CODE__INVALID_FIELD);
	assert_int_equal(import_of(two, 4096, true)->status->code, 0);
	assert_int_equal(stand.answer->session_import->created, 2);
	assert_int_equal(stand.answer->session_import->n_faults, 4094);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(is_answered_when_all_stand),         CASE(names_whom_workers_refuse),
		CASE(says_at_its_deadline_what_it_knows), CASE(one_that_is_bad_ends_it_and_leaves_nothing),
		CASE(as_many_as_a_message_may_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
