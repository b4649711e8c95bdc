// test_apart.c - sessions whose two addresses do not belong together, in networks that have the same ones.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/session/session.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/wire/sheet_skill.h"
#include "tests/unit/ctrl_stand.h"

static const uint32_t ipv4 = 0x0a2d0007;
static const uint64_t ipv6 = 0x20010db800450242;

static struct ctrl_stand stand;

static int begin(void **state)
{
	ctrl_stand_open(&stand);
	ctrl_stand_down(&stand);
	log_open("test", "error");
	stand.conf.ports = 3;
	stand.conf.pool[1] = stand.conf.pool[0];
	strcpy(stand.conf.pool[1].dnn, "ims");
	for (unsigned i = 0; i < 2; i++) {
		strcpy(stand.conf.pool[i].network, i ? "other" : "one");
		strcpy(stand.conf.port[1 + i].network, i ? "other" : "one");
	}
	assert_int_equal(ctrl_stand_try(&stand, false), 0);
	return 0;
}

static int end(void **state)
{
	ctrl_stand_close(&stand);
	return 0;
}

static int create(unsigned n, const char *dnn, uint32_t address, uint64_t prefix)
{
	struct ctrl_session wanted;

	ctrl_session_init(&wanted, n);
	wanted.identity.dnn = (char *)dnn;
	wanted.ue.want_ipv4 = wanted.ue.want_ipv6 = false;
	wanted.ue.ipv4 = address;
	wanted.ue.ipv6_prefix = prefix;
	return ctrl_stand_create(&stand, &wanted);
}

static uint64_t who4(unsigned dnn, uint32_t address)
{
	const struct session *session = session_by_ipv4(&stand.truth.sessions, dnn, address);

	return session ? session->id : 0;
}

static uint64_t who6(unsigned dnn, uint64_t prefix)
{
	const struct session *session = session_by_ipv6(&stand.truth.sessions, dnn, prefix);

	return session ? session->id : 0;
}

// Two with the same addresses, paired otherwise; and one whose address's place another lives in.
static void fill(void)
{
	uint64_t home = shard_pool_ipv6(&stand.truth.place.pool[0], 0, shard_of_ipv4(ipv4 + 2));

	assert_int_equal(create(1, "internet", ipv4, ipv6), 0);
	assert_int_equal(create(2, "ims", ipv4, ipv6 + 1), 0);
	assert_int_equal(create(3, "ims", ipv4 + 1, ipv6), 0);
	assert_int_equal(create(4, "internet", 0, home), 0);
	assert_int_equal(create(5, "internet", ipv4 + 2, ipv6 + 2), 0);
}

static void are_found(void)
{
	assert_int_equal(who4(0, ipv4), 1);
	assert_int_equal(who4(1, ipv4), 2);
	assert_int_equal(who6(0, ipv6), 1);
	assert_int_equal(who6(1, ipv6), 3);
	assert_int_equal(who6(1, ipv6 + 1), 2);
	assert_int_equal(who6(0, ipv6 + 1), 0);
	assert_int_equal(who4(0, ipv4 + 2), 5);
	assert_int_equal(who4(1, ipv4 + 2), 0);
	assert_int_equal(who6(0, ipv6 + 2), 5);
	assert_int_equal(who4(PLACE_ANY, ipv4 + 2), 5);
	assert_int_equal(who6(PLACE_ANY, ipv6 + 1), 2);
	assert_int_equal(sessions_with_ipv4(&stand.truth.sessions, ipv4), 2);
	assert_int_equal(sessions_with_ipv4(&stand.truth.sessions, ipv4 + 2), 1);
	assert_int_equal(stand.truth.ledger.exceptions, 5);
}

static void each_network_has_them(void **state)
{
	uint64_t image;

	fill();
	are_found();
	assert_int_equal(create(6, "internet", ipv4 + 3, ipv6), SHOAL__OSS__CODE__ADDRESS_TAKEN);
	assert_int_equal(create(6, "internet", ipv4 + 2, ipv6 + 3), SHOAL__OSS__CODE__ADDRESS_TAKEN);
	assert_int_equal(create(6, "ims", ipv4 + 2, ipv6 + 2), 0);
	assert_int_equal(ctrl_stand_delete(&stand, 6), 0);
	are_found();
	image = ctrl_stand_image(&stand);
	stand.fail_commit = -EIO;
	assert_int_equal(create(7, "ims", ipv4 + 5, ipv6 + 5), SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(ctrl_stand_image(&stand) == image);
	ctrl_stand_restart(&stand);
	assert_true(ctrl_stand_image(&stand) == image);
	are_found();
	for (uint64_t id = 1; id <= 5; id++)
		assert_int_equal(ctrl_stand_delete(&stand, id), 0);
	assert_int_equal(stand.truth.ledger.exceptions, 0);
	assert_int_equal(stand.truth.sessions.by_ipv4.count + stand.truth.sessions.by_ipv6[0].count +
			     stand.truth.sessions.by_ipv6[1].count,
			 0);
}

// Its worker has it, and everything else that there is.
static void worker_takes_all(void)
{
	static struct feed_hello hello;

	for (unsigned i = 0; i < SHARDS; i++) {
		const struct chain *chain = &stand.truth.chains.chain[i];

		hello.stand[i] =
		    (struct feed_stand){ .seq = chain_seq(chain->number, CHAIN_CHANGE), .digest = chain->digest };
	}
	hello.skills = SHEET_SKILLS;
	push_hello(&stand.push, 0, &hello, clock_ns());
}

// Packets for an address that is apart find their session when the primary knows of it: before that it is not in force.
static void it_is_in_force_when_the_primary_knows(void **state)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create_it = SHOAL__OSS__SESSION_CREATE__INIT;
	struct ctrl_session wanted;
	unsigned answers;

	for (unsigned n = 1; n < 3; n++) {
		ctrl_session_init(&wanted, n);
		wanted.identity.dnn = "internet";
		wanted.ue.want_ipv4 = false;
		wanted.ue.ipv4 = ipv4 + n;
		wanted.ue.ipv6_prefix = n == 1 ? 0 : ipv6;
		create_it.session = &wanted.session;
		create_it.wait_applied = true;
		request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
		request.session_create = &create_it;
		assert_null(ctrl_stand_ask(&stand, &request));
		answers = stand.answers;
		worker_takes_all();
		assert_int_equal(stand.answers, answers + (n == 1)); // of its own place's nobody is told
	}
	stand.truth.ledger.exceptions_told = stand.truth.ledger.exceptions_said;
	desk_aliases(&stand.desk);
	assert_int_equal(stand.answers, answers + 1);
	assert_int_equal(stand.answer->status->code, 0);
}

// Session `id` as it was made, with this prefix, and without the one that came to it.
static int change(uint64_t id, const char *dnn, uint64_t prefix, bool no_prefix)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;
	struct ctrl_session wanted;

	ctrl_session_init(&wanted, (unsigned)id);
	wanted.identity.dnn = (char *)dnn;
	wanted.session.id = id;
	wanted.ue.want_ipv4 = false;
	wanted.ue.ipv6_prefix = prefix;
	modify.session = &wanted.session;
	modify.no_prefix = no_prefix;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	return (int)ctrl_stand_ask(&stand, &request)->status->code;
}

// It comes to who lives already, and goes again; all of it or nothing.
static void a_prefix_may_come_later(void **state)
{
	uint64_t image;

	assert_int_equal(create(1, "internet", ipv4, 0), 0);
	assert_int_equal(create(2, "ims", ipv4, ipv6), 0);
	assert_int_equal(create(3, "internet", ipv4 + 1, ipv6 + 1), 0);
	assert_int_equal(create(4, "internet", 0, ipv6 + 2), 0);
	image = ctrl_stand_image(&stand);
	assert_int_equal(change(1, "internet", ipv6 + 1, false), SHOAL__OSS__CODE__ADDRESS_TAKEN);
	assert_int_equal(change(1, "internet", 0xfe80000000000000, false), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_int_equal(change(1, "internet", 0x2a00000000000000, false), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_int_equal(change(3, "internet", ipv6 + 3, false), SHOAL__OSS__CODE__UNSUPPORTED);
	stand.truth.ledger.exceptions_deaf = true;
	assert_int_equal(change(1, "internet", ipv6, false), SHOAL__OSS__CODE__UNSUPPORTED);
	stand.truth.ledger.exceptions_deaf = false;
	stand.fail_commit = -EIO;
	assert_int_equal(change(1, "internet", ipv6, false), SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(ctrl_stand_image(&stand) == image);
	assert_int_equal(who6(0, ipv6), 0);
	assert_int_equal(change(1, "internet", ipv6, false), 0);
	assert_int_equal(who6(0, ipv6), 1);
	assert_int_equal(who6(1, ipv6), 2);
	assert_int_equal(who4(0, ipv4), 1);
	assert_int_equal(stand.truth.ledger.exceptions, 3);
	assert_true(ctrl_stand_get(&stand, 1)->ue->ipv6_prefix == ipv6);
	assert_int_equal(change(1, "internet", ipv6, false), 0); // it has it
	image = ctrl_stand_image(&stand);
	ctrl_stand_restart(&stand);
	assert_true(ctrl_stand_image(&stand) == image);
	assert_int_equal(who6(0, ipv6), 1);
	stand.fail_commit = -EIO;
	assert_int_equal(change(1, "internet", 0, true), SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(ctrl_stand_image(&stand) == image);
	assert_int_equal(change(1, "internet", 0, true), 0);
	assert_int_equal(who6(0, ipv6), 0);
	assert_int_equal(stand.truth.ledger.exceptions, 2);
	assert_true(ctrl_stand_get(&stand, 1)->ue->ipv6_prefix == 0);
	assert_int_equal(change(1, "internet", 0, true), 0); // there is none
	assert_int_equal(change(4, "internet", 0, true), 0); // nor one that came to it
	assert_int_equal(who6(0, ipv6 + 2), 4);
}

static void refused(int code)
{
	assert_int_equal(code, SHOAL__OSS__CODE__UNSUPPORTED);
	assert_string_equal(stand.answer->status->field, "session.ue");
}

static void courier_comes(uint32_t skills)
{
	static struct feed_hello hello;

	hello = (struct feed_hello){ .skills = skills };
	push_hello(&stand.push, 0, &hello, clock_ns());
}

// As long as workers or the primary know of none, both are of one place; what there is already they are told of all the same.
static void older_builds_have_none(void **state)
{
	const struct shard_pool *pool = &stand.truth.place.pool[0];
	uint32_t together = shard_pool_ipv4(pool, 1, 5);

	stand.truth.ledger.exceptions_deaf = true;
	refused(create(1, "internet", ipv4, ipv6));
	stand.truth.ledger.exceptions_deaf = false;
	courier_comes(SHEET_SKILLS & ~(uint32_t)SHEET_SKILL_APART);
	refused(create(1, "internet", ipv4, ipv6));
	assert_int_equal(create(1, "internet", together, 0), 0);
	refused(change(1, "internet", ipv6, false));
	assert_int_equal(change(1, "internet", shard_pool_ipv6(pool, 1, 5), false), 0);
	assert_int_equal(stand.alarms, 0);
	courier_comes(SHEET_SKILLS);
	assert_int_equal(create(2, "internet", ipv4, ipv6), 0);
	assert_int_equal(stand.alarms, 0);
	courier_comes(SHEET_SKILLS & ~(uint32_t)SHEET_SKILL_APART);
	assert_int_equal(stand.alarms, 1);
}

// Where there are no networks, too.
static void to_nobodys_network_as_well(void **state)
{
	ctrl_stand_down(&stand);
	stand.conf.ports = stand.conf.pools = 1;
	stand.conf.pool[0].network[0] = '\0';
	assert_int_equal(ctrl_stand_try(&stand, false), 0);
	assert_int_equal(create(1, "internet", ipv4, 0), 0);
	assert_int_equal(change(1, "internet", 0xfe80000000000000, false), SHOAL__OSS__CODE__INVALID_FIELD);
	assert_string_equal(stand.answer->status->field, "session.ue.ipv6_prefix");
	assert_int_equal(change(1, "internet", 0x2a00000000000001, false), 0);
	assert_int_equal(who6(0, 0x2a00000000000001), 1);
	assert_int_equal(stand.truth.ledger.exceptions, 1);
}

// A store of one network is good for several if each address's place is of its session's; it is good for none if nobody would look there.
static void a_store_is_good_where_they_are_found(void **state)
{
	ctrl_stand_down(&stand);
	memset(stand.conf.port[2].network, 0, sizeof(stand.conf.port[2].network));
	stand.conf.pools = 1;
	assert_int_equal(ctrl_stand_try(&stand, false), 0);
	assert_int_equal(create(1, "internet", ipv4, ipv6), 0);
	assert_false(session_by_id(&stand.truth.sessions, 1)->apart);
	assert_int_equal(stand.truth.ledger.exceptions, 1);
	ctrl_stand_down(&stand);
	strcpy(stand.conf.port[2].network, "other");
	assert_int_equal(ctrl_stand_try(&stand, false), 0);
	assert_true(session_by_id(&stand.truth.sessions, 1)->apart);
	assert_int_equal(create(2, "internet", 0, shard_pool_ipv6(&stand.truth.place.pool[0], 0, shard_of_ipv4(ipv4))),
			 0);
	ctrl_stand_down(&stand);
	stand.conf.pool[0].network[0] = stand.conf.port[1].network[0] = stand.conf.port[2].network[0] = '\0';
	assert_int_equal(ctrl_stand_try(&stand, false), -EPROTO); // the second one lives beside its own place
	strcpy(stand.conf.pool[0].network, "one");
	strcpy(stand.conf.port[1].network, "one");
	assert_int_equal(ctrl_stand_try(&stand, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_network_has_them, begin, end),
		cmocka_unit_test_setup_teardown(a_prefix_may_come_later, begin, end),
		cmocka_unit_test_setup_teardown(it_is_in_force_when_the_primary_knows, begin, end),
		cmocka_unit_test_setup_teardown(to_nobodys_network_as_well, begin, end),
		cmocka_unit_test_setup_teardown(older_builds_have_none, begin, end),
		cmocka_unit_test_setup_teardown(a_store_is_good_where_they_are_found, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
