// test_truth.c - memory and store: alike after any restart, after any failure of the store, and refused where they do not fit.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
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
	assert_int_equal(ctrl_stand_get(stand, 7)->bearer->peer_ipv4, 0xc6336409);
	assert_null(ctrl_stand_get(stand, 10));
	ctrl_session_init(&wanted, 1000);
	assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	assert_int_equal(stand->answer->session->session->id, 51); // ids are never given twice
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
		assert_int_equal(ctrl_stand_create_as(stand, &wanted, "again", 0), SHOAL__OSS__CODE__STORE_FAILED);
		*faults[i] = -EIO;
		assert_int_equal(ctrl_stand_delete(stand, 3), SHOAL__OSS__CODE__STORE_FAILED);
		*faults[i] = -EIO;
		assert_int_equal(ctrl_stand_modify(stand, 4, 0xc6336477, 7000), SHOAL__OSS__CODE__STORE_FAILED);
		assert_true(ctrl_stand_image(stand) == image);
	}
	assert_int_equal(ctrl_stand_create_as(stand, &wanted, "again", 0), 0);
	assert_int_equal(ctrl_stand_delete(stand, 3), 0);
	image = ctrl_stand_image(stand);
	ctrl_stand_restart(stand);
	assert_true(ctrl_stand_image(stand) == image);
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
	assert_null(ctrl_stand_get(stand, 3));
}

static void refuses_a_store_of_other_pools(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;

	for (unsigned i = 1; i <= 32; i++) { // a TEID by itself may by chance be good in both sizes
		ctrl_session_init(&wanted, i);
		assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	}
	ctrl_stand_down(stand);
	stand->conf.pool[0].ipv4 = 0x0a2e0000;
	assert_int_equal(ctrl_stand_try(stand, false), -EPROTO);
	stand->conf.pool[0].ipv4 = 0x0a2d0000;
	stand->conf.foreign_slots = 60; // another size of TEIDs
	assert_int_equal(ctrl_stand_try(stand, false), -EPROTO);
	stand->conf.foreign_slots = 4;
	assert_int_equal(ctrl_stand_try(stand, false), 0);
	assert_non_null(ctrl_stand_get(stand, 1));
}

// Stands down.
static int again(struct ctrl_stand *stand, const char *first, const char *second)
{
	log_open("test", "error");
	strcpy(stand->conf.pool[0].network, first);
	strcpy(stand->conf.pool[1].network, second);
	return ctrl_stand_try(stand, false);
}

static int behind(struct ctrl_stand *stand, unsigned n, const char *dnn, uint32_t ipv4)
{
	Shoal__Oss__Ipv4Prefix prefix = SHOAL__OSS__IPV4_PREFIX__INIT, *list = &prefix;
	struct ctrl_session wanted;

	prefix.address = ipv4;
	prefix.length = 24;
	ctrl_session_init(&wanted, n);
	wanted.identity.dnn = (char *)dnn;
	wanted.session.n_framed_ipv4 = 1;
	wanted.session.framed_ipv4 = &list;
	return ctrl_stand_create(stand, &wanted);
}

// A store of one routing domain is good for two; one of two is good for one only if nobody has what somebody else has.
static void keeps_what_is_behind_sessions_of_each_domain(void **state)
{
	struct ctrl_stand *stand = *state;

	ctrl_stand_down(stand);
	stand->conf.pool[1].ipv4 = 0x0a2e0000;
	stand->conf.pool[1].ipv4_len = 24;
	assert_int_equal(again(stand, "", ""), 0);
	assert_int_equal(behind(stand, 1, "internet", 0xc6336400), 0);
	assert_int_equal(behind(stand, 2, "ims", 0xc6336400), SHOAL__OSS__CODE__ADDRESS_TAKEN);
	assert_int_equal(behind(stand, 3, "ims", 0xcb007100), 0);
	ctrl_stand_down(stand);
	assert_int_equal(again(stand, "one", "other"), 0);
	assert_int_equal(stand->truth.framed.count, 2);
	assert_int_equal(behind(stand, 2, "ims", 0xc6336400), 0);
	assert_int_equal(behind(stand, 4, "ims", 0xc6336400), SHOAL__OSS__CODE__ADDRESS_TAKEN);
	assert_int_equal(behind(stand, 4, "internet", 0xcb007100), 0);
	assert_int_equal(behind(stand, 5, "internet", 0x0a2e0000), 0); // the other's pool
	ctrl_stand_restart(stand);
	assert_int_equal(stand->truth.framed.count, 5);
	assert_int_equal(ctrl_stand_get(stand, 4)->framed_ipv4[0]->address, 0xcb007100);
	ctrl_stand_down(stand);
	assert_int_equal(again(stand, "", ""), -EPROTO);
	assert_int_equal(again(stand, "one", "other"), 0);
}

// 24 hours later: the key is forgotten, in memory and in the store.
static void forgets_old_keys(void **state)
{
	struct ctrl_stand *stand = *state;
	struct keys *keys = &stand->truth.keys;
	struct batch batch;
	struct ctrl_session wanted;

	ctrl_session_init(&wanted, 1);
	assert_int_equal(ctrl_stand_create_as(stand, &wanted, "old", 0), 0);
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
	assert_int_equal(ctrl_stand_create_as(stand, &wanted, "old", 0), 0); // other content, and nobody minds
	ctrl_stand_restart(stand);
	assert_int_equal(keys->by_hash.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(survives_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_nothing_of_a_failed_store, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_a_damaged_store_or_salvages_it, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_a_store_of_other_pools, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_what_is_behind_sessions_of_each_domain, setup, teardown),
		cmocka_unit_test_setup_teardown(forgets_old_keys, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
