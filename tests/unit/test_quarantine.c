// test_quarantine.c - sessions set apart: durable, listed, released, and gone with their session.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/unit/ctrl_stand.h"

#define PRIMARY 7u

static struct ctrl_stand stand;

static int open_stand(void **state)
{
	ctrl_stand_open(&stand);
	return 0;
}

static int close_stand(void **state)
{
	ctrl_stand_close(&stand);
	return 0;
}

static const struct session *session_make(const char *imsi)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	Shoal__Oss__Session session = SHOAL__OSS__SESSION__INIT;
	Shoal__Oss__Identity identity = SHOAL__OSS__IDENTITY__INIT;
	Shoal__Oss__UeAddress ue = SHOAL__OSS__UE_ADDRESS__INIT;
	Shoal__Oss__DefaultBearer bearer = SHOAL__OSS__DEFAULT_BEARER__INIT;
	const Shoal__Oss__Response *answer;

	identity.imsi = (char *)imsi;
	ue.want_ipv4 = ue.want_ipv6 = true;
	session.identity = &identity;
	session.ue = &ue;
	session.bearer = &bearer;
	create.session = &session;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	answer = ctrl_stand_ask(&stand, &request);
	assert_int_equal(answer->status->code, SHOAL__OSS__CODE__OK);
	return session_by_id(&stand.truth.sessions, answer->session->session->id);
}

// The primary says that a packet of this suspect has killed.
static void poison(uint64_t number, const Shoal__Fleet__Suspect *suspect)
{
	Shoal__Fleet__Event event = SHOAL__FLEET__EVENT__INIT;

	event.number = number;
	event.kind = SHOAL__FLEET__EVENT_KIND__POISON;
	event.suspect = (Shoal__Fleet__Suspect *)suspect;
	event.record = (char *)"/records/a.pcap";
	quarantine_event(&stand.quarantine, &event, PRIMARY);
}

static void poison_teid(uint64_t number, uint32_t teid)
{
	Shoal__Fleet__Suspect suspect = SHOAL__FLEET__SUSPECT__INIT;

	suspect.teid = teid;
	poison(number, &suspect);
}

static const Shoal__Oss__Response *list(void)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__QuarantineList body = SHOAL__OSS__QUARANTINE_LIST__INIT;

	request.body_case = SHOAL__OSS__REQUEST__BODY_QUARANTINE_LIST;
	request.quarantine_list = &body;
	return ctrl_stand_ask(&stand, &request);
}

static int release(uint64_t session)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__QuarantineRelease body = SHOAL__OSS__QUARANTINE_RELEASE__INIT;

	body.session = session;
	request.body_case = SHOAL__OSS__REQUEST__BODY_QUARANTINE_RELEASE;
	request.quarantine_release = &body;
	return (int)ctrl_stand_ask(&stand, &request)->status->code;
}

static bool marked(uint64_t session)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionGet get = SHOAL__OSS__SESSION_GET__INIT;

	get.id = session;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_GET;
	request.session_get = &get;
	return ctrl_stand_ask(&stand, &request)->session->session->quarantined;
}

static void stays_until_it_is_released(void **state)
{
	uint64_t bad = session_make("001010000000001")->id, good = session_make("001010000000002")->id;
	const Shoal__Oss__Response *answer;

	poison_teid(3, session_by_id(&stand.truth.sessions, bad)->bearer.teid);
	assert_int_equal(stand.told, 1);
	assert_true(marked(bad));
	assert_false(marked(good));
	ctrl_stand_restart(&stand);
	assert_true(marked(bad));
	answer = list();
	assert_int_equal(answer->quarantine_list->n_sessions, 1);
	assert_int_equal(answer->quarantine_list->sessions[0]->session, bad);
	assert_string_equal(answer->quarantine_list->sessions[0]->identity->imsi, "001010000000001");
	assert_string_equal(answer->quarantine_list->sessions[0]->record, "/records/a.pcap");
	assert_true(answer->quarantine_list->sessions[0]->at_ms > 0);
	assert_int_equal(release(good), SHOAL__OSS__CODE__NOT_FOUND);
	assert_int_equal(release(bad), SHOAL__OSS__CODE__OK);
	assert_int_equal(release(bad), SHOAL__OSS__CODE__NOT_FOUND);
	assert_false(marked(bad));
	ctrl_stand_restart(&stand);
	assert_false(marked(bad));
}

static void known_by_any_key(void **state)
{
	const struct session *one = session_make("001010000000001"), *other = session_make("001010000000002");
	Shoal__Fleet__Suspect suspect = SHOAL__FLEET__SUSPECT__INIT;

	suspect.ipv4 = one->bearer.ue_ipv4;
	poison(1, &suspect);
	suspect.ipv4 = 0;
	suspect.ipv6 = other->bearer.ue_ipv6;
	poison(2, &suspect);
	assert_true(marked(one->id) && marked(other->id));
}

// Where networks share addresses.
static void known_by_its_place(void **state)
{
	const struct session *one = session_make("001010000000001"), *other = session_make("001010000000002");
	const struct grid *grid = stand.truth.sessions.place->grid;
	Shoal__Fleet__Suspect suspect = SHOAL__FLEET__SUSPECT__INIT;

	suspect.place = 1 + (cell_slot(grid, other->cell) << SHARD_BITS | cell_shard(grid, other->cell));
	poison(1, &suspect);
	assert_true(marked(other->id));
	assert_false(marked(one->id));
	suspect.place = UINT32_MAX;
	poison(2, &suspect);
	assert_false(marked(one->id));
}

// A restart hears old events again, whoever was released meanwhile.
static void an_event_counts_once(void **state)
{
	const struct session *session = session_make("001010000000001");
	uint64_t id = session->id;
	uint32_t teid = session->bearer.teid;

	poison_teid(5, teid);
	assert_int_equal(release(id), SHOAL__OSS__CODE__OK);
	poison_teid(5, teid);
	assert_false(marked(id));
	ctrl_stand_restart(&stand);
	poison_teid(5, teid);
	assert_false(marked(id));
	poison_teid(6, teid);
	assert_true(marked(id));
}

// The primary must let go of somebody who is no session any more.
static void a_suspect_without_a_session(void **state)
{
	stand.quarantine.changed = false;
	poison_teid(1, 0x12345678);
	assert_true(stand.quarantine.changed);
	assert_int_equal(stand.quarantine.count, 0);
	stand.quarantine.changed = false;
	poison(2, NULL);
	assert_true(stand.quarantine.changed);
}

static void leaves_with_its_session(void **state)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionDelete delete = SHOAL__OSS__SESSION_DELETE__INIT;
	const struct session *session = session_make("001010000000001");

	poison_teid(1, session->bearer.teid);
	delete.id = session->id;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
	request.session_delete = &delete;
	assert_int_equal(ctrl_stand_ask(&stand, &request)->status->code, SHOAL__OSS__CODE__OK);
	quarantine_tick(&stand.quarantine);
	assert_int_equal(stand.quarantine.count, 0);
	ctrl_stand_restart(&stand);
	assert_int_equal(stand.quarantine.count, 0);
}

static void a_failing_store_refuses_the_release(void **state)
{
	const struct session *session = session_make("001010000000001");

	poison_teid(1, session->bearer.teid);
	stand.fail_commit = -ENOSPC;
	assert_int_equal(release(session->id), SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(marked(session->id));
	assert_false(stand.truth.scribe.lost);
	stand.fail_commit = -EUCLEAN;
	assert_int_equal(release(session->id), SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(stand.truth.scribe.lost); // ctrl ends: it may be there
	ctrl_stand_restart(&stand);
	assert_int_equal(stand.quarantine.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stays_until_it_is_released, open_stand, close_stand),
		cmocka_unit_test_setup_teardown(known_by_any_key, open_stand, close_stand),
		cmocka_unit_test_setup_teardown(known_by_its_place, open_stand, close_stand),
		cmocka_unit_test_setup_teardown(an_event_counts_once, open_stand, close_stand),
		cmocka_unit_test_setup_teardown(a_suspect_without_a_session, open_stand, close_stand),
		cmocka_unit_test_setup_teardown(leaves_with_its_session, open_stand, close_stand),
		cmocka_unit_test_setup_teardown(a_failing_store_refuses_the_release, open_stand, close_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
