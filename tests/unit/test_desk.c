// test_desk.c - requests against a real store: what is answered, what is durable, what a failing store leaves behind.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/session.h"
#include "ctrl/wall.h"
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

static const Shoal__Oss__Session *get(struct ctrl_stand *stand, uint64_t id)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionGet body = SHOAL__OSS__SESSION_GET__INIT;
	const Shoal__Oss__Response *answer;

	body.id = id;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_GET;
	request.session_get = &body;
	answer = ctrl_stand_ask(stand, &request);
	return answer->status->code ? NULL : answer->session->session;
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
	session = get(stand, 1);
	assert_non_null(session);
	assert_int_equal(session->teid, teid);
	assert_int_equal(session->bearer->downlink->cir_bps, 8000000);
	assert_false(session->applied);
	assert_null(get(stand, 2));
}

static void survives_a_restart(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;
	uint64_t image;

	for (unsigned i = 0; i < 50; i++) {
		ctrl_session_init(&wanted, i);
		wanted.ue.want_ipv6 = i % 3;
		wanted.bearer.uplink = &wanted.uplink;
		wanted.uplink.cir_bps = 1000000 * (1 + i % 5);
		assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	}
	for (uint64_t id = 5; id < 20; id += 5)
		assert_int_equal(ctrl_stand_delete(stand, id), 0);
	assert_int_equal(ctrl_stand_modify(stand, 7, 0xc6336409, 64000), 0);
	image = ctrl_stand_image(stand);
	ctrl_stand_restart(stand);
	assert_true(ctrl_stand_image(stand) == image);
	assert_int_equal(stand->truth.load.starts, 2);
	assert_int_equal(get(stand, 7)->bearer->peer_ipv4, 0xc6336409);
	assert_null(get(stand, 10));
	ctrl_session_init(&wanted, 1000);
	assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	assert_int_equal(stand->answer->session->session->id, 51); // ids are never given twice
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

static int create_with_key(struct ctrl_stand *stand, struct ctrl_session *session, const char *key,
			   uint32_t deadline_ms)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;

	create.session = &session->session;
	request.key = (ProtobufCBinaryData){ strlen(key), (uint8_t *)key };
	request.deadline_ms = deadline_ms;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	return (int)ctrl_stand_ask(stand, &request)->status->code;
}

static void does_a_repeated_request_once(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;

	for (unsigned round = 0; round < 3; round++) {
		ctrl_session_init(&wanted, 1);
		assert_int_equal(create_with_key(stand, &wanted, "once", round * 1000), 0);
		assert_int_equal(stand->answer->session->session->id, 1);
		if (round == 1)
			ctrl_stand_restart(stand);
	}
	assert_int_equal(stand->truth.sessions.by_id.count, 1);
	ctrl_session_init(&wanted, 2);
	assert_int_equal(create_with_key(stand, &wanted, "once", 0), SHOAL__OSS__CODE__KEY_REUSED);
	assert_int_equal(stand->truth.sessions.by_id.count, 1);
	assert_int_equal(create_with_key(stand, &wanted, "twice", 0), 0);
}

static void leaves_nothing_of_a_failed_store(void **state)
{
	struct ctrl_stand *stand = *state;
	int *faults[] = { &stand->fail_begin, &stand->fail_put, &stand->fail_commit };
	struct ctrl_session wanted;
	uint64_t image;

	for (unsigned i = 0; i < 10; i++) {
		ctrl_session_init(&wanted, i);
		wanted.bearer.uplink = &wanted.uplink;
		wanted.uplink.cir_bps = 1000 + i;
		assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	}
	image = ctrl_stand_image(stand);
	for (unsigned i = 0; i < 3; i++) {
		*faults[i] = -ENOSPC;
		ctrl_session_init(&wanted, 100);
		wanted.bearer.uplink = &wanted.uplink;
		wanted.uplink.cir_bps = 5000;
		assert_int_equal(create_with_key(stand, &wanted, "again", 0), SHOAL__OSS__CODE__STORE_FAILED);
		*faults[i] = -EIO;
		assert_int_equal(ctrl_stand_delete(stand, 3), SHOAL__OSS__CODE__STORE_FAILED);
		*faults[i] = -EIO;
		assert_int_equal(ctrl_stand_modify(stand, 4, 0xc6336477, 7000), SHOAL__OSS__CODE__STORE_FAILED);
		assert_true(ctrl_stand_image(stand) == image);
	}
	assert_int_equal(create_with_key(stand, &wanted, "again", 0), 0);
	assert_int_equal(ctrl_stand_delete(stand, 3), 0);
	image = ctrl_stand_image(stand);
	ctrl_stand_restart(stand);
	assert_true(ctrl_stand_image(stand) == image);
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

static void exhausts_a_pool_and_reuses_late(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;
	uint32_t first, first_teid;

	for (unsigned i = 0; i < 4 * 256 - 2; i++) { // all but the first and the last address
		ctrl_session_init(&wanted, i);
		assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	}
	first = get(stand, 1)->ue->ipv4;
	first_teid = get(stand, 1)->teid;
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
	assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
}

static void refuses_a_damaged_store_or_salvages_it(void **state)
{
	struct ctrl_stand *stand = *state;
	static const uint8_t nonsense[] = { 0xff, 0xff, 0xff };
	struct store_row row = { 3, nonsense, sizeof(nonsense) };
	struct ctrl_session wanted;

	for (unsigned i = 0; i < 5; i++) {
		ctrl_session_init(&wanted, i);
		assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	}
	assert_int_equal(stand->engine.begin(stand), 0);
	assert_int_equal(stand->engine.put(stand, STORE_SESSIONS, &row), 0);
	assert_int_equal(stand->engine.commit(stand), 0);
	ctrl_stand_down(stand);
	log_open("test", "error");
	assert_int_equal(ctrl_stand_try(stand, false), -EBADMSG);
	assert_int_equal(ctrl_stand_try(stand, true), 0);
	assert_int_equal(stand->truth.load.salvaged, 1);
	assert_int_equal(stand->truth.sessions.by_id.count, 4);
	ctrl_stand_restart(stand); // the row is gone now
	assert_int_equal(stand->truth.sessions.by_id.count, 4);
	assert_null(get(stand, 3));
}

static void refuses_a_store_of_other_pools(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;

	ctrl_session_init(&wanted, 1);
	assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	ctrl_stand_down(stand);
	stand->conf.pool[0].ipv4 = 0x0a2e0000;
	assert_int_equal(ctrl_stand_try(stand, false), -EPROTO);
	stand->conf.pool[0].ipv4 = 0x0a2d0000;
	stand->conf.foreign_slots = 60; // another size of TEIDs
	assert_int_equal(ctrl_stand_try(stand, false), -EPROTO);
	stand->conf.foreign_slots = 4;
	assert_int_equal(ctrl_stand_try(stand, false), 0);
	assert_non_null(get(stand, 1));
}

// 24 hours later: the key is forgotten, in memory and in the store.
static void forgets_old_keys(void **state)
{
	struct ctrl_stand *stand = *state;
	struct keys *keys = &stand->truth.keys;
	struct batch batch;
	struct ctrl_session wanted;

	ctrl_session_init(&wanted, 1);
	assert_int_equal(create_with_key(stand, &wanted, "old", 0), 0);
	batch_open(&batch);
	keys_prune(keys, wall_ms() + KEYS_AGE_MS - 60000, &batch);
	assert_int_equal(batch.count, 0);
	keys_prune(keys, wall_ms() + KEYS_AGE_MS + 60000, &batch);
	assert_int_equal(batch.count, 1);
	assert_int_equal(batch_write(&batch, &stand->truth.store), 0);
	keys_settle(keys, true);
	batch_close(&batch);
	assert_int_equal(keys->by_hash.count, 0);
	ctrl_session_init(&wanted, 2);
	assert_int_equal(create_with_key(stand, &wanted, "old", 0), 0); // other content, and nobody minds
	ctrl_stand_restart(stand);
	assert_int_equal(keys->by_hash.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(creates_and_gets, setup, teardown),
		cmocka_unit_test_setup_teardown(survives_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_and_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_request, setup, teardown),
		cmocka_unit_test_setup_teardown(needs_a_key_to_change, setup, teardown),
		cmocka_unit_test_setup_teardown(does_a_repeated_request_once, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_nothing_of_a_failed_store, setup, teardown),
		cmocka_unit_test_setup_teardown(imports_all_or_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_in_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(waits_until_its_deadline, setup, teardown),
		cmocka_unit_test_setup_teardown(exhausts_a_pool_and_reuses_late, setup, teardown),
		cmocka_unit_test_setup_teardown(runs_out_of_rates_cleanly, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_a_damaged_store_or_salvages_it, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_a_store_of_other_pools, setup, teardown),
		cmocka_unit_test_setup_teardown(forgets_old_keys, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
