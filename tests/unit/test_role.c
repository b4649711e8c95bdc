// test_role.c - every request of oss.proto has its least role; a door of one data network knows no other's sessions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/door/role.h"
#include "tests/unit/ctrl_stand.h"

static const ProtobufCFieldDescriptor *body(unsigned *at)
{
	const ProtobufCMessageDescriptor *request = &shoal__oss__request__descriptor;

	for (; *at < request->n_fields; (*at)++)
		if (request->fields[*at].flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			return &request->fields[(*at)++];
	return NULL;
}

static void every_request_is_in_the_table(void **state)
{
	const ProtobufCFieldDescriptor *field;
	unsigned at = 0, listed = 0;

	for (; (field = body(&at)); listed++)
		if (!role_lists((Shoal__Oss__Request__BodyCase)field->id))
			fail_msg("%s has no role", field->name);
	assert_true(listed > 15);
}

static void a_greater_role_may_all_that_a_lesser_may(void **state)
{
	const ProtobufCFieldDescriptor *field;
	unsigned at = 0;

	while ((field = body(&at))) {
		bool before = false;

		for (enum conf_duty duty = CONF_READ; duty <= CONF_OPERATE; duty++) {
			const struct role_pass pass = { duty, -1 };
			struct fault fault = { 0 };
			bool may = !role_check(&pass, (Shoal__Oss__Request__BodyCase)field->id, &fault);

			assert_true(may || !before);
			assert_string_equal(fault.field, may ? "" : field->name);
			before = may;
		}
		assert_true(before);
	}
}

static void what_is_not_known_is_for_operators(void **state)
{
	const struct role_pass provision = { CONF_PROVISION, -1 };
	struct fault fault = { 0 };

	assert_int_not_equal(role_check(&provision, (Shoal__Oss__Request__BodyCase)4711, &fault), 0);
	assert_int_equal(fault.code, SHOAL__OSS__CODE__FORBIDDEN);
	assert_int_equal(role_check(&role_pass_all, (Shoal__Oss__Request__BodyCase)4711, &fault), 0);
}

static int delete_code(struct ctrl_stand *stand, const struct role_pass *pass, uint64_t id)
{
	stand->pass = pass;
	return ctrl_stand_delete(stand, id);
}

static unsigned listed(struct ctrl_stand *stand, const struct role_pass *pass)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;

	stand->pass = pass;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	return (unsigned)ctrl_stand_ask(stand, &request)->session_list->n_sessions;
}

static void sessions_of_others_do_not_exist(void **state)
{
	static const struct role_pass ims = { CONF_PROVISION, 1 }, read = { CONF_READ, 1 };
	static struct ctrl_stand stand;
	struct ctrl_session mine, other;

	ctrl_stand_open(&stand);
	ctrl_session_init(&other, 1);
	assert_int_equal(ctrl_stand_create(&stand, &other), 0);
	stand.pass = &ims;
	ctrl_session_init(&mine, 2);
	assert_int_equal(ctrl_stand_create(&stand, &mine), SHOAL__OSS__CODE__FORBIDDEN); // of the first pool, internet
	mine.identity.dnn = "ims";
	mine.ue.want_ipv4 = false;
	mine.ue.want_ipv6 = true;
	assert_int_equal(ctrl_stand_create(&stand, &mine), 0);
	assert_null(ctrl_stand_get(&stand, 1));
	assert_int_equal(stand.answer->status->code, SHOAL__OSS__CODE__NOT_FOUND);
	assert_non_null(ctrl_stand_get(&stand, 2));
	assert_int_equal(listed(&stand, &ims), 1);
	assert_int_equal(listed(&stand, &role_pass_all), 2);
	assert_int_equal(delete_code(&stand, &ims, 1), SHOAL__OSS__CODE__NOT_FOUND);
	assert_int_equal(delete_code(&stand, &read, 2), SHOAL__OSS__CODE__FORBIDDEN);
	assert_int_equal(stand.desk.refusals.count[REFUSAL_FORBIDDEN], 1);
	assert_int_equal(delete_code(&stand, &ims, 2), 0);
	stand.pass = NULL;
	ctrl_stand_close(&stand);
}

// A stored answer tells of a session: only the door that asked is told again.
static void a_key_of_another_door_gets_no_answer(void **state)
{
	static const struct role_pass internet = { CONF_PROVISION, 0 }, ims = { CONF_PROVISION, 1 };
	static struct ctrl_stand stand;
	struct ctrl_session session;

	ctrl_stand_open(&stand);
	ctrl_session_init(&session, 1);
	stand.pass = &internet;
	assert_int_equal(ctrl_stand_create_as(&stand, &session, "key", 0), 0);
	assert_int_equal(ctrl_stand_create_as(&stand, &session, "key", 0), 0);
	stand.pass = &ims;
	assert_int_equal(ctrl_stand_create_as(&stand, &session, "key", 0), SHOAL__OSS__CODE__KEY_REUSED);
	ctrl_stand_close(&stand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_is_in_the_table),
		cmocka_unit_test(a_greater_role_may_all_that_a_lesser_may),
		cmocka_unit_test(what_is_not_known_is_for_operators),
		cmocka_unit_test(sessions_of_others_do_not_exist),
		cmocka_unit_test(a_key_of_another_door_gets_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
