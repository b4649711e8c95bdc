// test_delete.c - a session that its owner deletes: nobody else can, the answer comes with the last usage reports, once, and the same again
// whoever has died between.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/feed/push_inside.h"
#include "ctrl/kit/wall.h"
#include "ctrl/session/session.h"
#include "ctrl/usage/closing_inside.h"
#include "shared/base/clock.h"
#include "tests/unit/measures_stand.h"

#define OWNER "pfcp/a"
#define FRONT_LEFT_MAX 8192u

// The code, or CTRL_STAND_WAITS. left: instead of the session's own words; null: those.
static int delete_owned(const char *owner, const char *left, bool waits, const char *key)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionDelete body = SHOAL__OSS__SESSION_DELETE__INIT;
	Shoal__Oss__Owned owned = SHOAL__OSS__OWNED__INIT;
	const Shoal__Oss__Response *answer;

	owned.id = id;
	owned.owner = (char *)owner;
	body.owned = &owned;
	body.wait_applied = waits;
	body.brief = true;
	body.front = (ProtobufCBinaryData){ left ? strlen(left) : 0, (uint8_t *)left };
	request.key = (ProtobufCBinaryData){ key ? strlen(key) : 0, (uint8_t *)key };
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
	request.session_delete = &body;
	answer = ctrl_stand_ask(stand, &request);
	return answer ? (int)answer->status->code : CTRL_STAND_WAITS;
}

static void keep(const char *front)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionFront body = SHOAL__OSS__SESSION_FRONT__INIT;

	body.id = id;
	body.owner = (char *)OWNER;
	body.front = (ProtobufCBinaryData){ strlen(front), (uint8_t *)front };
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_FRONT;
	request.session_front = &body;
	assert_int_equal(ctrl_stand_ask(stand, &request)->status->code, 0);
}

// Its worker has done all that was asked of it,
static void confirmed(void)
{
	uint8_t shard = shard_of_teid(teid);

	push_advance(&stand->push, shard, chain_seq(stand->desk.ledger->number[shard], CHAIN_CHANGE), clock_ns());
}

// and told what it had counted.
static void told(uint64_t life, uint64_t up)
{
	const struct report last = {
		.kind = REPORT_FINAL, .teid = teid, .life = life, .uplink_packets = up / 100, .uplink_bytes = up
	};

	books_report(&stand->truth.books, &last, clock_ms());
}

static const Shoal__Oss__ClosedSession *account(void)
{
	const Shoal__Oss__ClosedSession *closed = stand->answer->session->closed;

	assert_non_null(closed);
	assert_true(closed->session->id == id && closed->session->teid == teid);
	assert_string_equal(closed->session->owner, OWNER);
	return closed;
}

static bool left(const char *front)
{
	const ProtobufCBinaryData *words = &account()->session->front;

	return words->len == strlen(front) && !memcmp(words->data, front, words->len);
}

static void assert_reported(uint64_t up)
{
	assert_int_equal(stand->answer->status->code, 0);
	assert_true(stand->answer->session->session->applied);
	assert_true(account()->number && account()->final);
	assert_int_equal(account()->n_reports, 1);
	assert_int_equal(account()->reports[0]->measure, 7);
	assert_int_equal(account()->reports[0]->uplink_bytes, up);
	assert_true(left("words"));
}

static void its_last_usage_comes_with_the_answer(void **state)
{
	keep("words");
	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), CTRL_STAND_WAITS);
	confirmed();
	assert_int_equal(stand->desk.waiting, 1); // its counters have not come
	told(1, 700);
	assert_int_equal(stand->desk.waiting, 1); // nor are they on disk
	ctrl_stand_keep(stand);
	assert_int_equal(stand->desk.waiting, 0);
	assert_reported(700);
	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), SHOAL__OSS__CODE__NOT_FOUND);
}

// Counters may be there before the word that it is done; the worker's word is waited for all the same.
static void counters_may_come_first(void **state)
{
	keep("words");
	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), CTRL_STAND_WAITS);
	told(1, 300);
	ctrl_stand_keep(stand);
	assert_int_equal(stand->settled, 1);
	assert_int_equal(stand->desk.waiting, 1);
	confirmed();
	assert_reported(300);
}

static void nobody_else_deletes_it(void **state)
{
	uint64_t image = ctrl_stand_image(stand);

	assert_int_equal(delete_owned("pfcp/b", NULL, true, NULL), SHOAL__OSS__CODE__NOT_FOUND);
	assert_string_equal(stand->answer->status->field, "owned");
	assert_int_equal(delete_owned("", NULL, true, NULL), SHOAL__OSS__CODE__NOT_FOUND);
	id += 1000;
	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), SHOAL__OSS__CODE__NOT_FOUND);
	id = 0;
	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), SHOAL__OSS__CODE__MISSING_FIELD);
	assert_true(ctrl_stand_image(stand) == image);
}

static void words_that_are_too_long_are_refused(void **state)
{
	static char front[FRONT_LEFT_MAX + 2];
	uint64_t image;

	memset(front, 'f', FRONT_LEFT_MAX + 1);
	keep(front);
	image = ctrl_stand_image(stand);
	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_string_equal(stand->answer->status->field, "front");
	assert_true(ctrl_stand_image(stand) == image);
	assert_int_equal(delete_owned(OWNER, "less", true, NULL), CTRL_STAND_WAITS);
	confirmed();
	told(1, 100);
	ctrl_stand_keep(stand);
	assert_true(left("less"));
}

static void words_that_just_fit_are_kept(void **state)
{
	static char front[FRONT_LEFT_MAX + 1];

	memset(front, 'f', FRONT_LEFT_MAX);
	keep(front);
	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), CTRL_STAND_WAITS);
	confirmed();
	told(1, 100);
	ctrl_stand_keep(stand);
	assert_true(left(front));
}

// By its id, as an operator does: the worker's word is waited for, but no account.
static void who_is_not_its_owner_hears_of_no_account(void **state)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionDelete body = SHOAL__OSS__SESSION_DELETE__INIT;

	body.id = id;
	body.wait_applied = true;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
	request.session_delete = &body;
	assert_null(ctrl_stand_ask(stand, &request));
	confirmed();
	assert_int_equal(stand->desk.waiting, 0);
	assert_int_equal(stand->answer->status->code, 0);
	assert_true(stand->answer->session->session->applied);
	assert_string_equal(stand->answer->session->session->identity->imsi, "001010000000001");
	assert_null(stand->answer->session->closed);
}

// That it was in force is no word about its deletion.
static void what_was_applied_is_not_deleted_yet(void **state)
{
	confirmed();
	assert_true(ctrl_stand_get(stand, id)->applied);
	assert_int_equal(delete_owned(OWNER, NULL, false, NULL), 0);
	assert_false(stand->answer->session->session->applied);
}

static void who_does_not_wait_is_answered_at_once(void **state)
{
	assert_int_equal(delete_owned(OWNER, NULL, false, NULL), 0);
	assert_null(stand->answer->session->closed);
}

// Without a measure there is nothing to wait for but the worker's word.
static void without_measures_its_account_is_open(void **state)
{
	keep("words");
	wanted.session.n_measures = wanted.rule[0].n_measure_ids = wanted.rule[1].n_measure_ids = 0;
	wanted.session.front = (ProtobufCBinaryData){ 5, (uint8_t *)"words" };
	assert_int_equal(measures_change(&wanted, false, NULL), 0);
	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), CTRL_STAND_WAITS);
	confirmed();
	assert_int_equal(stand->desk.waiting, 0);
	assert_int_equal(stand->answer->status->code, 0);
	assert_int_equal(account()->number, 0);
	assert_int_equal(account()->n_reports, 0);
	assert_true(left("words"));
}

static void what_is_not_settled_in_time_is_said(void **state)
{
	keep("words");
	assert_int_equal(delete_owned(OWNER, NULL, true, "once"), CTRL_STAND_WAITS);
	desk_tick(&stand->desk, clock_ns() + 6000000000ull);
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__NOT_APPLIED_YET);
	assert_false(stand->answer->session->session->applied);
	assert_in_range(account()->deleted_ms, wall_ms() - 60000, wall_ms());
	assert_int_equal(account()->number, 0);
	assert_int_equal(account()->n_reports, 0);
	assert_int_equal(stand->desk.unsettled, 1);
	assert_true(left("words"));
	assert_int_equal(delete_owned(OWNER, NULL, true, "once"), CTRL_STAND_WAITS); // and may be asked for again
	confirmed();
	told(1, 50);
	ctrl_stand_keep(stand);
	assert_reported(50);
}

// Whose TEID was another's before: that one's account is not taken for its own.
static void an_account_of_the_same_teid_is_not_its_own(void **state)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate body = SHOAL__OSS__SESSION_CREATE__INIT;

	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), CTRL_STAND_WAITS);
	confirmed();
	told(1, 700);
	ctrl_stand_keep(stand);
	assert_int_equal(account()->number, 1);
	wanted.session.id = 0;
	wanted.identity.imsi = "001010000000002";
	wanted.ue.want_ipv4 = true;
	body.session = &wanted.session;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &body;
	assert_int_equal(ctrl_stand_ask(stand, &request)->status->code, 0);
	id = stand->answer->session->session->id;
	teid = stand->answer->session->session->teid;
	keep("words");
	closing_note(&stand->truth.books.closing, teid, 1);
	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), CTRL_STAND_WAITS);
	desk_tick(&stand->desk, clock_ns() + 6000000000ull);
	assert_int_equal(account()->number, 0);
	assert_true(left("words"));
}

// A ctrl died with the deletion on disk, the next one with the account settled: the same request has the same answer.
static void it_is_the_same_after_a_death(void **state)
{
	keep("words");
	assert_int_equal(delete_owned(OWNER, NULL, true, "once"), CTRL_STAND_WAITS);
	measures_restart();
	assert_int_equal(delete_owned(OWNER, NULL, true, "once"), CTRL_STAND_WAITS);
	told(1, 900);
	confirmed();
	assert_int_equal(stand->desk.waiting, 1);
	ctrl_stand_keep(stand);
	assert_reported(900);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(delete_owned(OWNER, NULL, true, "once"), i ? CTRL_STAND_WAITS : 0);
		if (i)
			confirmed(); // who has just started waits for a word of the worker
		assert_reported(900);
		measures_restart();
	}
	assert_int_equal(delete_owned("pfcp/b", NULL, true, "once"), SHOAL__OSS__CODE__KEY_REUSED);
}

static void a_failed_disk_undoes_it(void **state)
{
	uint64_t image = ctrl_stand_image(stand);

	stand->fail_commit = -EIO;
	assert_int_equal(delete_owned(OWNER, NULL, true, NULL), SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(ctrl_stand_image(stand) == image);
	assert_int_equal(stand->desk.waiting, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(its_last_usage_comes_with_the_answer, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(counters_may_come_first, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(nobody_else_deletes_it, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(words_that_are_too_long_are_refused, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(words_that_just_fit_are_kept, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(who_is_not_its_owner_hears_of_no_account, measures_one,
						measures_teardown),
		cmocka_unit_test_setup_teardown(what_was_applied_is_not_deleted_yet, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(who_does_not_wait_is_answered_at_once, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(without_measures_its_account_is_open, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(what_is_not_settled_in_time_is_said, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(an_account_of_the_same_teid_is_not_its_own, measures_one,
						measures_teardown),
		cmocka_unit_test_setup_teardown(it_is_the_same_after_a_death, measures_one, measures_teardown),
		cmocka_unit_test_setup_teardown(a_failed_disk_undoes_it, measures_one, measures_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
