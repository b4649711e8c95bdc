// test_owner.c - sessions that belong to a front end: whose they are, what it keeps with them, and that others' stay as they were.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/door/role.h"
#include "ctrl/session/session.h"
#include "tests/unit/ctrl_stand.h"

#define FRONT_MAX 16384u

static struct ctrl_stand *stand;
static const struct role_pass reader = { CONF_READ, -1 }, provider = { CONF_PROVISION, -1 };

static int setup(void **state)
{
	static struct ctrl_stand one;

	stand = &one;
	ctrl_stand_open(stand);
	return 0;
}

static int teardown(void **state)
{
	stand->pass = NULL;
	ctrl_stand_close(stand);
	return 0;
}

static void front_set(Shoal__Oss__Session *session, const char *front)
{
	session->front = (ProtobufCBinaryData){ strlen(front), (uint8_t *)front };
}

static bool front_is(const Shoal__Oss__Session *session, const char *front)
{
	return session && session->front.len == strlen(front) &&
	       !memcmp(session->front.data, front, session->front.len);
}

// n 0: without an IMSI. Its id, or 0 and the answer says why not.
static uint64_t create(const char *owner, unsigned n, const char *front)
{
	struct ctrl_session session;

	ctrl_session_init(&session, n);
	if (!n)
		session.imsi[0] = '\0';
	session.session.owner = (char *)owner;
	front_set(&session.session, front);
	return ctrl_stand_create(stand, &session) ? 0 : stand->answer->session->session->id;
}

static int modify(uint64_t id, const char *owner, const char *front)
{
	struct ctrl_session session;

	ctrl_session_init(&session, 0);
	session.session.id = id;
	session.bearer.peer_teid = 4711;
	session.session.owner = (char *)owner;
	front_set(&session.session, front);
	return ctrl_stand_change(stand, &session);
}

static const Shoal__Oss__SessionListAnswer *list(const char *owner, uint64_t after, uint32_t limit)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList body = SHOAL__OSS__SESSION_LIST__INIT;

	body.owner = (char *)owner;
	body.after = after;
	body.limit = limit;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &body;
	return ctrl_stand_ask(stand, &request)->session_list;
}

static int get_by_imsi(unsigned n)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionGet body = SHOAL__OSS__SESSION_GET__INIT;
	struct ctrl_session session;

	ctrl_session_init(&session, n);
	body.identity = &session.identity;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_GET;
	request.session_get = &body;
	return (int)ctrl_stand_ask(stand, &request)->status->code;
}

static void an_owner_has_many_of_one_subscriber_and_of_nobody(void **state)
{
	uint64_t first = create("pfcp:a", 7, "1"), second = create("pfcp:a", 7, "2"), other = create("pfcp:b", 7, "3");
	uint64_t nobody = create("pfcp:a", 0, "4"), nobody_else = create("pfcp:a", 0, "5");

	assert_true(first && second && other && nobody && nobody_else);
	assert_int_equal(get_by_imsi(7), SHOAL__OSS__CODE__NOT_FOUND);
	assert_int_equal(create("", 0, ""), 0);
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__MISSING_FIELD);
	assert_true(create("", 7, ""));
	assert_int_equal(get_by_imsi(7), 0);
	assert_true(create("pfcp:a", 7, "6"));
	assert_int_equal(create("", 7, ""), 0);
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__EXISTS);
	ctrl_stand_restart(stand);
	assert_int_equal(create("", 7, ""), 0);
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__EXISTS);
	assert_int_equal(ctrl_stand_delete(stand, first), 0);
	assert_int_equal(get_by_imsi(7), 0); // another's end is not its
	assert_true(front_is(ctrl_stand_get(stand, second), "2"));
	assert_true(front_is(ctrl_stand_get(stand, nobody), "4"));
	assert_string_equal(ctrl_stand_get(stand, other)->owner, "pfcp:b");
	assert_string_equal(ctrl_stand_get(stand, nobody_else)->identity->imsi, "");
}

static void only_its_owner_changes_it(void **state)
{
	uint64_t id = create("pfcp:a", 1, "old"), plain = create("", 2, "");
	uint64_t image = ctrl_stand_image(stand);

	assert_int_equal(modify(id, "", ""), SHOAL__OSS__CODE__UNSUPPORTED);
	assert_string_equal(stand->answer->status->field, "session.owner");
	assert_int_equal(modify(id, "pfcp:b", "new"), SHOAL__OSS__CODE__UNSUPPORTED);
	assert_int_equal(modify(plain, "pfcp:a", "new"), SHOAL__OSS__CODE__UNSUPPORTED);
	assert_true(ctrl_stand_image(stand) == image);
	assert_true(front_is(ctrl_stand_get(stand, id), "old"));
	assert_int_equal(modify(id, "pfcp:a", "new"), 0);
	assert_true(front_is(ctrl_stand_get(stand, id), "new"));
	assert_int_equal(ctrl_stand_get(stand, id)->bearer->peer_teid, 4711);
	assert_int_equal(modify(id, "pfcp:a", ""), 0);
	ctrl_stand_restart(stand);
	assert_true(front_is(ctrl_stand_get(stand, id), ""));
	assert_int_equal(modify(plain, "", ""), 0);
}

static const Shoal__Oss__Session *closed(void)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__ClosedList body = SHOAL__OSS__CLOSED_LIST__INIT;

	request.body_case = SHOAL__OSS__REQUEST__BODY_CLOSED_LIST;
	request.closed_list = &body;
	return ctrl_stand_ask(stand, &request)->closed_list->closed[0]->session;
}

static int keep(uint64_t id, const char *owner, const char *front)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionFront body = SHOAL__OSS__SESSION_FRONT__INIT;

	body.id = id;
	body.owner = (char *)owner;
	body.front = (ProtobufCBinaryData){ strlen(front), (uint8_t *)front };
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_FRONT;
	request.session_front = &body;
	return (int)ctrl_stand_ask(stand, &request)->status->code;
}

static void what_it_keeps_is_replaced_alone(void **state)
{
	uint64_t id = create("pfcp:a", 1, "old"), plain = create("", 2, ""), image;
	uint64_t number[SHARDS];

	assert_int_equal(modify(id, "pfcp:a", "first"), 0);
	memcpy(number, stand->truth.ledger.number, sizeof(number));
	image = ctrl_stand_image(stand);
	assert_int_equal(keep(id, "pfcp:b", "new"), SHOAL__OSS__CODE__UNSUPPORTED);
	assert_string_equal(stand->answer->status->field, "owner");
	assert_int_equal(keep(id, "", ""), SHOAL__OSS__CODE__UNSUPPORTED);
	assert_int_equal(keep(plain, "", ""), SHOAL__OSS__CODE__UNSUPPORTED);
	assert_int_equal(keep(id + 1000, "pfcp:a", "new"), SHOAL__OSS__CODE__NOT_FOUND);
	assert_true(ctrl_stand_image(stand) == image);
	assert_int_equal(keep(id, "pfcp:a", "new"), 0);
	assert_int_equal(stand->answer->session->session->id, id);
	assert_true(front_is(stand->answer->session->session, ""));
	assert_memory_equal(number, stand->truth.ledger.number, sizeof(number)); // no worker has anything to do
	ctrl_stand_restart(stand);
	assert_true(front_is(ctrl_stand_get(stand, id), "new"));
	assert_int_equal(ctrl_stand_get(stand, id)->bearer->peer_teid, 4711);
	assert_int_equal(modify(id, "pfcp:a", "newer"), 0);
	assert_true(front_is(ctrl_stand_get(stand, id), "newer"));
}

static void what_the_owner_keeps_is_for_those_who_may_provision(void **state)
{
	uint64_t id = create("pfcp:a", 1, "words");

	assert_true(front_is(stand->answer->session->session, ""));
	assert_string_equal(stand->answer->session->session->owner, "pfcp:a");
	stand->pass = &provider;
	assert_true(front_is(ctrl_stand_get(stand, id), "words"));
	assert_true(front_is(list("", 0, 0)->sessions[0], "words"));
	stand->pass = &reader;
	assert_true(front_is(ctrl_stand_get(stand, id), ""));
	assert_string_equal(ctrl_stand_get(stand, id)->owner, "pfcp:a");
	assert_true(front_is(list("", 0, 0)->sessions[0], ""));
	stand->pass = NULL;
	assert_int_equal(modify(id, "pfcp:a", "others"), 0);
	assert_true(front_is(stand->answer->session->session, ""));
	assert_int_equal(ctrl_stand_delete(stand, id), 0);
	assert_true(front_is(stand->answer->session->session, ""));
}

static void an_account_names_the_owner_alone(void **state)
{
	uint64_t id = create("pfcp:a", 1, "words");
	struct report last = { 0 };

	last.teid = stand->answer->session->session->teid;
	last.life = 1;
	last.uplink_bytes = 100;
	assert_int_equal(ctrl_stand_delete(stand, id), 0);
	books_final(&stand->truth.books, &last, 1);
	ctrl_stand_keep(stand);
	assert_int_equal(stand->settled, 1);
	assert_string_equal(closed()->owner, "pfcp:a");
	assert_true(front_is(closed(), ""));
}

static int delete_leaving(uint64_t id, const char *front)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionDelete body = SHOAL__OSS__SESSION_DELETE__INIT;

	body.id = id;
	body.front = (ProtobufCBinaryData){ strlen(front), (uint8_t *)front };
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
	request.session_delete = &body;
	return (int)ctrl_stand_ask(stand, &request)->status->code;
}

static const Shoal__Oss__ClosedListAnswer *closed_of(uint64_t id, uint64_t teid)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__ClosedList body = SHOAL__OSS__CLOSED_LIST__INIT;

	body.session = id;
	body.teid = (uint32_t)teid;
	request.body_case = SHOAL__OSS__REQUEST__BODY_CLOSED_LIST;
	request.closed_list = &body;
	return ctrl_stand_ask(stand, &request)->closed_list;
}

static void an_account_keeps_what_the_deletion_leaves(void **state)
{
	uint64_t plain = create("", 2, ""), id = create("pfcp:a", 1, "words");
	struct report last = { .teid = stand->answer->session->session->teid, .life = 1, .uplink_bytes = 100 };

	assert_int_equal(delete_leaving(plain, "left"), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_int_equal(delete_leaving(id, "left"), 0);
	assert_true(front_is(stand->answer->session->session, ""));
	assert_int_equal(closed_of(id, last.teid)->n_closed, 0);
	books_final(&stand->truth.books, &last, 1);
	ctrl_stand_keep(stand);
	assert_true(front_is(closed_of(id, last.teid)->closed[0]->session, "left"));
	assert_int_equal(closed_of(id, last.teid + 1)->n_closed, 0);
	stand->pass = &reader;
	assert_true(front_is(closed_of(id, last.teid)->closed[0]->session, ""));
}

static void refuses_what_no_owner_says(void **state)
{
	static char front[FRONT_MAX + 2];
	char owner[130];
	uint64_t id;

	assert_int_equal(create("", 1, "words"), 0);
	assert_string_equal(stand->answer->status->field, "session.front");
	assert_int_equal(create("two words", 1, ""), 0);
	assert_string_equal(stand->answer->status->field, "session.owner");
	assert_int_equal(create("\x1b[31m", 1, ""), 0);
	memset(owner, 'o', sizeof(owner));
	owner[129] = '\0';
	assert_int_equal(create(owner, 1, ""), 0);
	assert_int_equal(stand->answer->status->code, SHOAL__OSS__CODE__INVALID_FIELD);
	owner[128] = '\0';
	assert_true(create(owner, 1, ""));
	memset(front, 'f', FRONT_MAX + 1);
	assert_int_equal(create("pfcp:a", 1, front), 0);
	assert_string_equal(stand->answer->status->field, "session.front");
	front[FRONT_MAX] = '\0';
	id = create("pfcp:a", 1, front);
	assert_true(front_is(ctrl_stand_get(stand, id), front));
	front[FRONT_MAX] = 'f';
	assert_int_equal(modify(id, "pfcp:a", front), SHOAL__OSS__CODE__INVALID_FIELD);
}

// A page has as many as the door can send, and all pages together everyone once.
static void an_owners_sessions_are_listed_in_pages_that_fit(void **state)
{
	static char front[FRONT_MAX + 1];
	const Shoal__Oss__SessionListAnswer *page;
	uint64_t next = 0, last = 0;
	unsigned seen = 0, pages = 0;

	memset(front, 'f', FRONT_MAX);
	for (unsigned i = 0; i < 150; i++)
		assert_true(create(i % 3 ? "pfcp:a" : "pfcp:b", i, front));
	do {
		page = list("pfcp:a", next, 1000);
		assert_true(shoal__oss__response__get_packed_size(stand->answer) < 1024 * 1024);
		for (size_t i = 0; i < page->n_sessions; i++) {
			assert_string_equal(page->sessions[i]->owner, "pfcp:a");
			assert_true(page->sessions[i]->id > last);
			last = page->sessions[i]->id;
		}
		seen += (unsigned)page->n_sessions;
		next = page->next;
		pages++;
	} while (next);
	assert_int_equal(seen, 100);
	assert_true(pages > 1);
	assert_int_equal(list("pfcp:c", 0, 0)->n_sessions, 0);
	assert_int_equal(list("", 0, 20)->n_sessions, 20);
}

static void a_failed_disk_undoes_it(void **state)
{
	uint64_t id = create("pfcp:a", 1, "old"), image = ctrl_stand_image(stand);

	stand->fail_commit = -EIO;
	assert_int_equal(create("pfcp:a", 1, "x"), 0);
	stand->fail_commit = -EIO;
	assert_int_equal(modify(id, "pfcp:a", "new"), SHOAL__OSS__CODE__STORE_FAILED);
	stand->fail_commit = -EIO;
	assert_int_equal(ctrl_stand_delete(stand, id), SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(ctrl_stand_image(stand) == image);
	assert_true(front_is(ctrl_stand_get(stand, id), "old"));
	assert_int_equal(list("pfcp:a", 0, 0)->n_sessions, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_owner_has_many_of_one_subscriber_and_of_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(only_its_owner_changes_it, setup, teardown),
		cmocka_unit_test_setup_teardown(what_it_keeps_is_replaced_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_owner_keeps_is_for_those_who_may_provision, setup, teardown),
		cmocka_unit_test_setup_teardown(an_account_names_the_owner_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(an_account_keeps_what_the_deletion_leaves, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_no_owner_says, setup, teardown),
		cmocka_unit_test_setup_teardown(an_owners_sessions_are_listed_in_pages_that_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_disk_undoes_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
