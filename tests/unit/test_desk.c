// test_desk.c - requests against a real store: what is answered, and what of it is done.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/feed/push_inside.h"
#include "ctrl/kit/wall.h"
#include "ctrl/session/session.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "tests/unit/ctrl_stand.h"

static int setup(void **state)
{
	static struct ctrl_stand stand;

	ctrl_stand_open(&stand);
	*state = &stand;
	return 0;
}

static int teardown(void **state)
{
	ctrl_stand_close(*state);
	return 0;
}

static void creates_and_gets(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;
	const Shoal__Oss__Session *session;
	uint32_t teid;

	ctrl_session_init(&wanted, 7);
	wanted.bearer.downlink = &wanted.downlink;
	wanted.downlink.cir_bps = 8000000;
	assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	session = stand->answer->session->session;
	teid = session->teid;
	assert_int_equal(session->id, 1);
	assert_int_equal(session->gtpu_ipv4, stand->conf.gtpu_address);
	assert_int_equal(session->shard, shard_of_ipv4(session->ue->ipv4));
	assert_int_equal(session->shard, shard_of_teid(session->teid));
	assert_string_equal(session->identity->dnn, "internet");
	assert_int_equal(session->n_rules, 2);
	assert_int_equal(session->rules[0]->match->teid, teid);
	assert_int_equal(session->rules[1]->forward->peer_teid, 8);
	assert_int_equal(session->n_rates, 1);
	session = ctrl_stand_get(stand, 1);
	assert_non_null(session);
	assert_int_equal(session->teid, teid);
	assert_int_equal(session->bearer->downlink->cir_bps, 8000000);
	assert_false(session->applied);
	assert_null(ctrl_stand_get(stand, 2));
}

static void refuses_and_changes_nothing(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted, bad;
	uint64_t image;

	ctrl_session_init(&wanted, 1);
	wanted.ue.ipv4 = 0x0a2d0105;
	assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	image = ctrl_stand_image(stand);

	ctrl_session_init(&bad, 1);
	assert_int_equal(ctrl_stand_create(stand, &bad), SHOAL__OSS__CODE__EXISTS);
	assert_string_equal(stand->answer->status->field, "session.identity.imsi");
	ctrl_session_init(&bad, 2);
	bad.ue.ipv4 = 0x0a2d0105;
	assert_int_equal(ctrl_stand_create(stand, &bad), SHOAL__OSS__CODE__ADDRESS_TAKEN);
	assert_string_equal(stand->answer->status->field, "session.ue.ipv4");
	bad.ue.ipv4 = 0xc0000201;
	assert_int_equal(ctrl_stand_create(stand, &bad), SHOAL__OSS__CODE__ADDRESS_TAKEN);
	ctrl_session_init(&bad, 2);
	bad.bearer.uplink = &bad.uplink;
	bad.uplink.mark = 17;
	assert_int_equal(ctrl_stand_create(stand, &bad), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_string_equal(stand->answer->status->field, "session.bearer.uplink.mark");
	ctrl_session_init(&bad, 2);
	bad.identity.dnn = "nowhere";
	assert_int_equal(ctrl_stand_create(stand, &bad), SHOAL__OSS__CODE__INVALID_FIELD);
	bad.session.identity = NULL;
	assert_int_equal(ctrl_stand_create(stand, &bad), SHOAL__OSS__CODE__MISSING_FIELD);
	assert_int_equal(ctrl_stand_delete(stand, 99), SHOAL__OSS__CODE__NOT_FOUND);
	assert_int_equal(ctrl_stand_modify(stand, 99, 0xc6336409, 0), SHOAL__OSS__CODE__NOT_FOUND);
	assert_true(ctrl_stand_image(stand) == image);
}

static void refuses_what_is_no_request(void **state)
{
	struct ctrl_stand *stand = *state;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__StatusGet body = SHOAL__OSS__STATUS_GET__INIT;
	uint8_t bytes[64];
	size_t length;

	assert_int_equal(ctrl_stand_send(stand, "\xff\xff\xff", 3)->status->code, SHOAL__OSS__CODE__BAD_REQUEST);
	assert_int_equal(ctrl_stand_send(stand, "", 0)->status->code, SHOAL__OSS__CODE__BAD_REQUEST);
	assert_int_equal(ctrl_stand_ask(stand, &request)->status->code, SHOAL__OSS__CODE__BAD_REQUEST);
	request.body_case = SHOAL__OSS__REQUEST__BODY_STATUS_GET;
	request.status_get = &body;
	request.version = 2;
	length = shoal__oss__request__pack(&request, bytes);
	assert_int_equal(ctrl_stand_send(stand, bytes, length)->status->code, SHOAL__OSS__CODE__BAD_REQUEST);
	assert_string_equal(stand->answer->status->field, "version");
	request.deadline_ms = 60001;
	assert_int_equal(ctrl_stand_ask(stand, &request)->status->code, SHOAL__OSS__CODE__INVALID_FIELD);
}

static void needs_a_key_to_change(void **state)
{
	struct ctrl_stand *stand = *state;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionDelete body = SHOAL__OSS__SESSION_DELETE__INIT;
	uint8_t bytes[64];
	size_t length;

	request.version = 1;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
	request.session_delete = &body;
	length = shoal__oss__request__pack(&request, bytes);
	assert_int_equal(ctrl_stand_send(stand, bytes, length)->status->code, SHOAL__OSS__CODE__MISSING_FIELD);
	assert_string_equal(stand->answer->status->field, "key");
}

static void does_a_repeated_request_once(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;

	for (unsigned round = 0; round < 3; round++) {
		ctrl_session_init(&wanted, 1);
		assert_int_equal(ctrl_stand_create_as(stand, &wanted, "once", round * 1000), 0);
		assert_int_equal(stand->answer->session->session->id, 1);
		if (round == 1)
			ctrl_stand_restart(stand);
	}
	assert_int_equal(stand->truth.sessions.by_id.count, 1);
	ctrl_session_init(&wanted, 2);
	assert_int_equal(ctrl_stand_create_as(stand, &wanted, "once", 0), SHOAL__OSS__CODE__KEY_REUSED);
	assert_int_equal(stand->truth.sessions.by_id.count, 1);
	assert_int_equal(ctrl_stand_create_as(stand, &wanted, "twice", 0), 0);
}

static int import(struct ctrl_stand *stand, unsigned count, unsigned bad, bool go_on)
{
	static struct ctrl_session sessions[64];
	Shoal__Oss__Session *list[64];
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionImport body = SHOAL__OSS__SESSION_IMPORT__INIT;

	for (unsigned i = 0; i < count; i++) {
		ctrl_session_init(&sessions[i], i);
		list[i] = &sessions[i].session;
	}
	if (bad < count)
		sessions[bad].identity.imsi = "12x456";
	body.sessions = list;
	body.n_sessions = count;
	body.go_on = go_on;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT;
	request.session_import = &body;
	return (int)ctrl_stand_ask(stand, &request)->status->code;
}

static void imports_all_or_nothing(void **state)
{
	struct ctrl_stand *stand = *state;
	uint64_t image = ctrl_stand_image(stand);

	assert_int_equal(import(stand, 40, 39, false), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_string_equal(stand->answer->status->field, "sessions[39].identity.imsi");
	assert_int_equal(stand->answer->session_import->created, 0);
	assert_true(ctrl_stand_image(stand) == image);
	assert_int_equal(import(stand, 40, 39, true), 0);
	assert_int_equal(stand->answer->session_import->created, 39);
	assert_int_equal(stand->answer->session_import->n_faults, 1);
	assert_int_equal(stand->answer->session_import->faults[0]->index, 39);
	assert_int_equal(stand->truth.sessions.by_id.count, 39);
}

static void lists_in_pages(void **state)
{
	struct ctrl_stand *stand = *state;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList body = SHOAL__OSS__SESSION_LIST__INIT;
	unsigned seen = 0;

	assert_int_equal(import(stand, 40, 40, false), 0);
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &body;
	body.limit = 7;
	do {
		const Shoal__Oss__SessionListAnswer *page = ctrl_stand_ask(stand, &request)->session_list;

		for (size_t i = 0; i < page->n_sessions; i++)
			assert_int_equal(page->sessions[i]->id, ++seen);
		assert_int_equal(page->total, 40);
		body.after = page->next;
	} while (body.after);
	assert_int_equal(seen, 40);
	body.imsi_prefix = "00100000000001";
	body.limit = 1000;
	assert_int_equal(ctrl_stand_ask(stand, &request)->session_list->n_sessions, 10);
	body.limit = 1001;
	assert_int_equal(ctrl_stand_ask(stand, &request)->status->code, SHOAL__OSS__CODE__INVALID_FIELD);
}

static void waits_until_its_deadline(void **state)
{
	struct ctrl_stand *stand = *state;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	struct ctrl_session wanted;

	ctrl_session_init(&wanted, 1);
	create.session = &wanted.session;
	create.wait_applied = true;
	request.deadline_ms = 2000;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	assert_null(ctrl_stand_ask(stand, &request));
	assert_int_equal(stand->desk.waiting, 1);
	desk_tick(&stand->desk, clock_ns());
	assert_int_equal(stand->answers, 0);
	desk_tick(&stand->desk, clock_ns() + 2000000000ull);
	assert_int_equal(stand->answers, 1);
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__NOT_APPLIED_YET);
	assert_int_equal(stand->answer->session->session->id, 1);
}

// Each when its own number is there, or its own deadline, whoever came to the shard before and comes behind.
static void answers_what_waits_for_a_cell(void **state)
{
	struct ctrl_stand *stand = *state;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	struct ctrl_session wanted;
	uint64_t number = 0;
	uint8_t shard = 0;

	create.wait_applied = true;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	for (unsigned i = 0; i < 600; i++) { // more than shards
		ctrl_session_init(&wanted, i);
		create.session = &wanted.session;
		request.deadline_ms = i < 300 ? 60000 : 30000;
		assert_null(ctrl_stand_ask(stand, &request));
	}
	assert_int_equal(stand->desk.waiting, 600);
	while (stand->desk.ledger->number[shard] < 2)
		shard++;
	number = stand->desk.ledger->number[shard];
	push_advance(&stand->push, shard, chain_seq(number - 1, CHAIN_CHANGE), clock_ns());
	assert_int_equal(stand->desk.waiting, 600 - (number - 1));
	assert_int_equal(stand->answer->status->code, 0);
	assert_true(stand->answer->session->session->applied);
	assert_int_equal(shard_of_teid(stand->answer->session->session->teid), shard);
	assert_string_not_equal(stand->answer->session->session->identity->imsi, "");
	push_advance(&stand->push, shard, chain_seq(number, CHAIN_CHANGE), clock_ns());
	assert_int_equal(stand->desk.waiting, 600 - number);
	desk_tick(&stand->desk, clock_ns() + 40000000000ull);
	assert_in_range(stand->desk.waiting, 298, 300);
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__NOT_APPLIED_YET);
	for (unsigned i = 600; i < 900; i++) { // behind those that are left
		ctrl_session_init(&wanted, i);
		create.session = &wanted.session;
		assert_null(ctrl_stand_ask(stand, &request));
	}
	assert_in_range(stand->desk.waiting, 598, 600);
	desk_tick(&stand->desk, clock_ns() + 70000000000ull);
	assert_int_equal(stand->desk.waiting, 0);
	assert_int_equal(stand->answers, 900);
}

static void answers_briefly(void **state)
{
	struct ctrl_stand *stand = *state;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	const Shoal__Oss__Session *session;
	struct ctrl_session wanted;

	ctrl_session_init(&wanted, 7);
	create.session = &wanted.session;
	create.brief = true;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	session = ctrl_stand_ask(stand, &request)->session->session;
	assert_int_equal(session->id, 1);
	assert_int_not_equal(session->teid, 0);
	assert_int_not_equal(session->ue->ipv4, 0);
	assert_int_equal(session->gtpu_ipv4, stand->conf.gtpu_address);
	assert_null(session->identity);
	assert_null(session->bearer);
	assert_int_equal(session->n_rules, 0);
	assert_int_equal(ctrl_stand_get(stand, 1)->n_rules, 2);
}

static void exhausts_a_pool_and_reuses_late(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;
	uint32_t first, first_teid;

	for (unsigned i = 0; i < 4 * 256 - 2; i++) { // all but the first and the last address
		ctrl_session_init(&wanted, i);
		assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	}
	first = ctrl_stand_get(stand, 1)->ue->ipv4;
	first_teid = ctrl_stand_get(stand, 1)->teid;
	ctrl_session_init(&wanted, 5000);
	assert_int_equal(ctrl_stand_create(stand, &wanted), SHOAL__OSS__CODE__POOL_EXHAUSTED);
	assert_int_equal(ctrl_stand_delete(stand, 1), 0);
	assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	assert_int_equal(stand->answer->session->session->ue->ipv4, first);
	assert_int_not_equal(stand->answer->session->session->teid, first_teid);
	assert_int_equal(shard_slot_of_teid(first_teid, stand->truth.grid.slot_bits),
			 stand->answer->session->session->slot);
}

static void runs_out_of_rates_cleanly(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;
	uint64_t image;

	for (unsigned i = 0; i < 15; i++) { // indexes 1..15
		ctrl_session_init(&wanted, i);
		wanted.bearer.uplink = &wanted.uplink;
		wanted.uplink.cir_bps = 1000 + i;
		assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	}
	image = ctrl_stand_image(stand);
	ctrl_session_init(&wanted, 100);
	wanted.bearer.uplink = &wanted.uplink;
	wanted.uplink.cir_bps = 9999;
	assert_int_equal(ctrl_stand_create(stand, &wanted), SHOAL__OSS__CODE__LIMIT);
	assert_true(ctrl_stand_image(stand) == image);
	wanted.uplink.cir_bps = 1003;
	wanted.bearer.downlink = &wanted.downlink; // there is one for the other way alone
	wanted.downlink.cir_bps = 9999;
	assert_int_equal(ctrl_stand_create(stand, &wanted), SHOAL__OSS__CODE__LIMIT);
	assert_true(ctrl_stand_image(stand) == image);
	wanted.bearer.downlink = NULL;
	assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(creates_and_gets, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_and_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_request, setup, teardown),
		cmocka_unit_test_setup_teardown(needs_a_key_to_change, setup, teardown),
		cmocka_unit_test_setup_teardown(does_a_repeated_request_once, setup, teardown),
		cmocka_unit_test_setup_teardown(imports_all_or_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_in_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(waits_until_its_deadline, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_what_waits_for_a_cell, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_briefly, setup, teardown),
		cmocka_unit_test_setup_teardown(exhausts_a_pool_and_reuses_late, setup, teardown),
		cmocka_unit_test_setup_teardown(runs_out_of_rates_cleanly, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
