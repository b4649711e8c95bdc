// test_drop.c - packets that wait are to be dropped: that is written with the change that says so.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/usage/measures.h"
#include "tests/unit/measures_stand.h"

static void rules_wait(bool wait)
{
	wanted.forward[1].buffer = wanted.forward[1].notify = wait;
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
}

static const struct session *session(void)
{
	return session_by_id(&stand->truth.sessions, id);
}

static int dropped(bool drop, bool undrop)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;

	modify.session = &wanted.session;
	modify.drop_buffered = drop;
	modify.undrop = undrop;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	return (int)ctrl_stand_ask(stand, &request)->status->code;
}

static uint64_t dropped_ns(void)
{
	return session()->measured->state.dropped_ns;
}

// What is to be dropped is written with the change, until another one says so, and the next packet that waits is a first one.
static void a_drop_is_durable_with_its_change(void **state)
{
	uint32_t episode;
	uint64_t then;

	rules_wait(true);
	episode = session()->sheet->episode;
	rules_wait(true);
	assert_int_equal(session()->sheet->episode, episode);
	stand->fail_commit = -EIO;
	assert_int_equal(dropped(true, false), SHOAL__OSS__CODE__STORE_FAILED);
	assert_int_equal(dropped_ns(), 0);
	assert_int_equal(dropped(true, false), 0);
	assert_int_not_equal(session()->sheet->episode, episode);
	then = dropped_ns();
	assert_int_not_equal(then, 0);
	measures_restart();
	assert_int_equal(dropped_ns(), then);
	rules_wait(false);
	assert_int_equal(dropped_ns(), then);
	assert_int_equal(dropped(false, true), 0);
	assert_int_equal(dropped_ns(), 0);
}

// Told with the session as it is answered: nothing else of it changes, and what it has counted towards a quota stays.
static void a_session_as_it_is_stays_so(void **state)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;
	Shoal__Oss__Response *got;
	Shoal__Oss__Volume quota = SHOAL__OSS__VOLUME__INIT;
	struct sheet_urr before;
	uint8_t key[] = "as it is", packed[4096];

	quota.has_total = true;
	quota.total = 1000;
	wanted.measure[0].volume_quota = &quota;
	wanted.measure[0].grant = 1;
	rules_wait(true);
	measures_used(1, 100, 200);
	before = *sheet_parts(measures_sheet()).urr;
	ctrl_stand_get(stand, id);
	got = shoal__oss__response__unpack(NULL, shoal__oss__response__pack(stand->answer, packed), packed);
	assert_non_null(got);
	modify.session = got->session->session;
	modify.drop_buffered = true;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	request.key = (ProtobufCBinaryData){ sizeof(key), key };
	assert_int_equal(ctrl_stand_ask(stand, &request)->status->code, 0);
	assert_memory_equal(sheet_parts(measures_sheet()).urr, &before, sizeof(before));
	assert_int_equal(measures_sheet()->pdrs, 2);
	assert_int_equal(session()->bearer.teid, teid);
	assert_null(session()->alias);
	shoal__oss__response__free_unpacked(got, NULL);
}

// Who measures nothing can have packets that wait, too.
static void without_measures_as_well(void **state)
{
	wanted.session.n_measures = 0;
	wanted.rule[0].n_measure_ids = wanted.rule[1].n_measure_ids = 0;
	rules_wait(true);
	assert_int_equal(dropped(true, false), 0);
	measures_restart();
	assert_int_not_equal(dropped_ns(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_drop_is_durable_with_its_change, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(a_session_as_it_is_stays_so, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(without_measures_as_well, measures_one, measures_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
