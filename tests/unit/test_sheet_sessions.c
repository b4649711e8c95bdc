// test_sheet_sessions.c - sessions with a sheet through the desk: what is answered, found, kept, undone, and the same after a restart.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/rules/sheet_make.h"
#include "ctrl/session/session.h"
#include "shared/base/log.h"
#include "tests/unit/ctrl_rules.h"
#include "tests/unit/ctrl_stand.h"

static struct ctrl_rules rules;

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

static void wish(struct ctrl_session *wanted, unsigned n, uint64_t random)
{
	ctrl_session_init(wanted, n);
	wanted->ue.want_ipv6 = true;
	ctrl_rules_draw(&rules, &wanted->session, random, 0xc6336402);
}

static uint64_t creates(struct ctrl_stand *stand, unsigned n, uint64_t random)
{
	struct ctrl_session wanted;

	wish(&wanted, n, random);
	assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
	return stand->answer->session->session->id;
}

static const struct session *living(const struct ctrl_stand *stand, uint64_t id)
{
	const struct session *session = session_by_id(&stand->truth.sessions, id);

	assert_non_null(session);
	return session;
}

static void rules_are_answered_with_their_teids(void **state)
{
	struct ctrl_stand *stand = *state;
	uint64_t id = creates(stand, 1, 5);
	const Shoal__Oss__Session *answer = stand->answer->session->session;
	const struct session *session = living(stand, id);
	unsigned slot_bits = stand->truth.grid.slot_bits, tunnels = 0;

	assert_non_null(session->sheet);
	assert_int_equal(session->bearer.sheet_sum, sheet_sum(session->sheet, session->bearer.sheet_bytes));
	for (size_t i = 0; i < answer->n_rules; i++) {
		const Shoal__Oss__Match *match = answer->rules[i]->match;
		bool core = match->source == SHOAL__OSS__INTERFACE__CORE;

		assert_int_equal(match->teid, core ? 0 : sheet_tunnel_teid(answer->teid, match->tunnel, slot_bits));
		if (core)
			continue;
		tunnels |= 1u << match->tunnel;
		assert_ptr_equal(session_by_tunnel(&stand->truth.sessions, match->teid), session);
	}
	assert_true(tunnels & ~1u); // or this draw tests little
	assert_null(session_by_tunnel(&stand->truth.sessions, sheet_tunnel_teid(answer->teid, 15, slot_bits)));
	assert_int_equal(ctrl_stand_get(stand, id)->rules[0]->match->teid,
			 sheet_tunnel_teid(answer->teid, rules.match[0].tunnel, slot_bits));
}

static void survives_a_restart(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;
	uint64_t image;

	for (unsigned i = 0; i < 60; i++)
		creates(stand, i, i);
	for (unsigned i = 0; i < 60; i += 2) { // other rules, with measures that stay
		wish(&wanted, i, i + 1000);
		wanted.session.id = i + 1;
		assert_int_equal(ctrl_stand_change(stand, &wanted), 0);
	}
	assert_int_equal(ctrl_stand_modify(stand, 7, 0xc6336409, 64000), 0); // two lines
	assert_null(living(stand, 7)->sheet);
	assert_int_equal(ctrl_stand_delete(stand, 8), 0);
	image = ctrl_stand_image(stand);
	ctrl_stand_restart(stand);
	assert_true(ctrl_stand_image(stand) == image); // with sums of sheets, and the numbers given
	assert_true(living(stand, 7)->made > 0);
	assert_non_null(living(stand, 9)->sheet);
}

static void measures_go_on(void **state)
{
	struct ctrl_stand *stand = *state;
	uint64_t id = creates(stand, 1, 3);
	uint32_t serial = sheet_serial(living(stand, id)->sheet, 2), made = living(stand, id)->made;
	struct ctrl_session wanted;

	wish(&wanted, 1, 4);
	wanted.session.id = id;
	assert_int_equal(ctrl_stand_change(stand, &wanted), 0);
	assert_int_equal(sheet_serial(living(stand, id)->sheet, 2), serial);
	assert_int_equal(ctrl_stand_modify(stand, id, 0xc6336409, 64000), 0);
	ctrl_stand_restart(stand);
	assert_int_equal(ctrl_stand_change(stand, &wanted), 0);
	assert_true(sheet_serial(living(stand, id)->sheet, 2) > made);
}

static void leaves_nothing_of_a_failed_store(void **state)
{
	struct ctrl_stand *stand = *state;
	uint64_t id = creates(stand, 1, 1), image = ctrl_stand_image(stand);
	struct ctrl_session wanted;
	const struct sheet *sheet = living(stand, id)->sheet;

	log_open("test", "none");
	wish(&wanted, 2, 2);
	stand->fail_commit = -EIO;
	assert_int_equal(ctrl_stand_create(stand, &wanted), SHOAL__OSS__CODE__STORE_FAILED);
	wanted.session.id = id;
	stand->fail_put = -EIO;
	assert_int_equal(ctrl_stand_change(stand, &wanted), SHOAL__OSS__CODE__STORE_FAILED);
	stand->fail_begin = -EIO;
	assert_int_equal(ctrl_stand_delete(stand, id), SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(ctrl_stand_image(stand) == image);
	assert_ptr_equal(living(stand, id)->sheet, sheet);
	assert_int_equal(sheet_sum(sheet, living(stand, id)->bearer.sheet_bytes), living(stand, id)->bearer.sheet_sum);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct ctrl_stand *stand = *state;
	struct ctrl_session wanted;
	uint64_t image = ctrl_stand_image(stand);

	wish(&wanted, 1, 1);
	stand->conf.rules_bytes = 256;
	assert_int_equal(ctrl_stand_create(stand, &wanted), SHOAL__OSS__CODE__LIMIT);
	assert_string_equal(stand->answer->status->field, "session.rules");
	stand->conf.rules_bytes = 0;
	assert_int_equal(ctrl_stand_create(stand, &wanted), SHOAL__OSS__CODE__UNSUPPORTED);
	stand->conf.rules_bytes = 8192;
	wish(&wanted, 1, 1);
	wanted.session.n_rules = 3;
	rules.match[2].filters = rules.filters;
	rules.match[2].n_filters = 1;
	rules.filter[0].flow = "permit out ip from any to 198.51.100.7"; // the address comes from the pool
	assert_int_equal(ctrl_stand_create(stand, &wanted), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_string_equal(stand->answer->status->field, "session.rules[2].match.filters[0].flow");
	assert_true(ctrl_stand_image(stand) == image);
	rules.filter[0].flow = "permit out 6 from any to 10.45.0.0/16";
	assert_int_equal(ctrl_stand_create(stand, &wanted), 0);
}

// Where there was room for rules and is none now, ctrl says so instead of starting with others.
static void a_smaller_room_is_no_secret(void **state)
{
	struct ctrl_stand *stand = *state;

	creates(stand, 1, 1);
	ctrl_stand_down(stand);
	log_open("test", "none");
	stand->conf.rules_bytes = 256;
	assert_int_equal(ctrl_stand_try(stand, false), -EPROTO);
	stand->conf.rules_bytes = 8192;
	assert_int_equal(ctrl_stand_try(stand, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rules_are_answered_with_their_teids, setup, teardown),
		cmocka_unit_test_setup_teardown(survives_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(measures_go_on, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_nothing_of_a_failed_store, setup, teardown),
		cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_smaller_room_is_no_secret, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
