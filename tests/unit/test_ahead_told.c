// test_ahead_told.c - what is decided and not durable yet: what clients, workers and the primary are told meanwhile holds, if the disk refuses it, too.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "shared/base/clock.h"
#include "tests/unit/ctrl_rules.h"
#include "tests/unit/slow_disk.h"

// The worker does not take it; another may, who asks for all there is. That is what is durable then, not what is decided.
static void who_comes_is_told_what_was_refused(void **state)
{
	static struct feed_hello hello;
	static struct feed_batch batch;
	struct feed_reports refusal = { .count = 1 };
	struct bearer before, told;

	created(1);
	before = stand.truth.grid.cells[session_by_id(&stand.truth.sessions, 1)->cell].session->bearer;
	for (unsigned deleting = 0; deleting < 2; deleting++) {
		push_hello(&stand.push, 0, &hello, clock_ns());
		push_fill(&stand.push, 0, &batch, clock_ns());
		for (uint32_t i = 0; i < batch.count; i++)
			if (batch.change[i].verb == CHANGE_SET)
				refusal.report[0] = (struct report){ .kind = REPORT_REFUSED,
								     .shard = batch.change[i].shard,
								     .epoch = batch.epoch,
								     .slot = batch.change[i].slot,
								     .seq = batch.change[i].seq };
		push_reports(&stand.push, 0, &refusal, clock_ns());
		assert_true(stand.truth.chains.chain[refusal.report[0].shard].refused);
		disk_slow();
		stand.fail_commit = -EIO;
		assert_int_equal(deleting ? ctrl_stand_delete(&stand, 1)
					  : ctrl_stand_modify(&stand, 1, 0x0a000001, 1000000),
				 CTRL_STAND_WAITS);
		assert_true(all_is_told(&told));
		assert_memory_equal(&told, &before, sizeof(told));
		assert_true(stand.truth.chains.chain[refusal.report[0].shard].digest ==
			    bearer_digest(refusal.report[0].slot, &before));
		disk_done();
		assert_int_equal(stand.answer->status->code, SHOAL__OSS__CODE__STORE_FAILED);
	}
}

// Begins a group of what has come since.
static void begin_again(int error)
{
	disk_done();
	stand.fail_commit = error;
	disk_slow();
	desk_run(&stand.desk);
}

// A name that is taken, or somebody who has gone, by what the disk then refuses.
static void what_was_refused_for_what_failed_may_be_asked_again(void **state)
{
	unsigned answers = stand.answers;

	go_ahead(1);
	assert_int_equal(ctrl_stand_delete(&stand, 1), CTRL_STAND_WAITS);
	assert_int_equal(create(2), CTRL_STAND_WAITS);
	assert_int_equal(create(2), CTRL_STAND_WAITS);
	begin_again(-EIO);
	assert_int_equal(stand.answers, answers + 1);
	disk_done();
	assert_int_equal(stand.answers, answers + 4);
	assert_int_equal(stand.answer->status->code, SHOAL__OSS__CODE__STORE_FAILED); // not that it exists
	assert_int_equal(sessions(), 1);
	assert_int_equal(create(1), SHOAL__OSS__CODE__EXISTS);
}

// Until it is known that it goes.
static void who_is_about_to_go_is_there(void **state)
{
	unsigned answers = stand.answers;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;
	struct ctrl_session wanted;

	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	ctrl_session_init(&wanted, 1);
	go_ahead(1);
	assert_int_equal(ctrl_stand_delete(&stand, 1), CTRL_STAND_WAITS);
	assert_int_equal(ctrl_stand_delete(&stand, 1), CTRL_STAND_WAITS);
	begin_again(-EIO);
	disk_has_had_it_for(DESK_SLOW_NS);
	assert_non_null(ctrl_stand_get(&stand, 1));
	assert_int_equal(ctrl_stand_ask(&stand, &request)->session_list->n_sessions, 1);
	list.imsi_prefix = wanted.imsi;
	assert_int_equal(ctrl_stand_ask(&stand, &request)->session_list->n_sessions, 1);
	disk_done();
	assert_int_equal(stand.answer->status->code, SHOAL__OSS__CODE__STORE_FAILED);
	assert_int_equal(stand.answers, answers + 5);
	begin_again(0); // the second one finds it
	disk_done();
	assert_int_equal(stand.answers, answers + 6);
	assert_int_equal(stand.answer->status->code, 0);
	assert_null(ctrl_stand_get(&stand, 1));
}

// The commit failed, and nobody can say whether it is there: whoever asks again is told when ctrl has begun anew.
static void what_nobody_knows_is_not_told(void **state)
{
	unsigned answers = stand.answers;
	struct ctrl_session session;

	ctrl_session_init(&session, 1);
	disk_slow();
	assert_int_equal(ctrl_stand_create_as(&stand, &session, "key", 0), CTRL_STAND_WAITS);
	assert_int_equal(create(2), CTRL_STAND_WAITS);
	stand.fail_commit = -EUCLEAN;
	disk_done_once();
	stand.gate = NULL;
	desk_run(&stand.desk);
	books_turn(&stand.truth.books, stand.now_ns += 1000000000, 1);
	assert_int_equal(create(3), CTRL_STAND_WAITS);
	assert_true(stand.truth.scribe.lost);
	assert_int_equal(stand.answers, answers);
	scribe_stop(&stand.truth.scribe);
	assert_int_equal(stand.answers, answers);
	ctrl_stand_restart(&stand);
	assert_int_equal(sessions(), 1);
	assert_int_equal(ctrl_stand_create_as(&stand, &session, "key", 0), 0);
	assert_int_equal(stand.answer->session->session->id, 1);
	assert_int_equal(create(2), 0);
	assert_int_equal(sessions(), 2);
}

static const Shoal__Oss__Response *list_of(char *owner)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;

	list.owner = owner;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	return ctrl_stand_ask(&stand, &request);
}

// Who deletes all that he has takes what he is told for all there is.
static void an_owner_hears_of_all_that_comes(void **state)
{
	struct ctrl_session wanted;
	unsigned answers;

	ctrl_session_init(&wanted, 1);
	wanted.session.owner = "pfcp/a";
	disk_slow();
	assert_int_equal(ctrl_stand_create(&stand, &wanted), CTRL_STAND_WAITS);
	disk_has_had_it_for(DESK_SLOW_NS);
	assert_int_equal(list_of("pfcp/b")->session_list->n_sessions, 0);
	assert_int_equal(list_of("")->session_list->n_sessions, 0); // of what is durable
	answers = stand.answers;
	assert_null(list_of("pfcp/a"));
	disk_done();
	desk_run(&stand.desk);
	assert_int_equal(stand.answers, answers + 2);
	assert_int_equal(stand.answer->session_list->n_sessions, 1);
}

static int change_prefix(uint64_t prefix, uint32_t peer)
{
	struct ctrl_session wanted;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;
	const Shoal__Oss__Response *answer;

	ctrl_session_init(&wanted, 1);
	wanted.session.id = 1;
	wanted.ue.want_ipv4 = false;
	wanted.ue.ipv6_prefix = prefix;
	wanted.bearer.peer_ipv4 = peer;
	modify.session = &wanted.session;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	answer = ctrl_stand_ask(&stand, &request);
	return answer ? (int)answer->status->code : CTRL_STAND_WAITS;
}

// What the second one leaves as it is is what the first one has made of it.
static void a_change_builds_upon_the_one_before(void **state)
{
	const uint64_t prefix = 0x20010db800450000;
	uint64_t image;

	go_ahead(1);
	assert_int_equal(change_prefix(prefix, 0x0a000001), CTRL_STAND_WAITS);
	assert_int_equal(change_prefix(0, 0x0a000002), CTRL_STAND_WAITS);
	disk_done();
	do {
		desk_run(&stand.desk);
		disk_done();
	} while (desk_busy(&stand.desk));
	assert_int_equal(stand.answer->status->code, 0);
	assert_true(ctrl_stand_get(&stand, 1)->ue->ipv6_prefix == prefix);
	assert_int_equal(stand.answer->session->session->bearer->peer_ipv4, 0x0a000002);
	image = ctrl_stand_image(&stand);
	scribe_stop(&stand.truth.scribe);
	ctrl_stand_restart(&stand);
	assert_true(ctrl_stand_image(&stand) == image);
}

#define CHOSEN 0x7b000001u // by the SMF

// Session 1 with a TEID chosen elsewhere, and a network behind it.
static int far_reaching(uint64_t id, uint32_t teid, uint32_t network)
{
	Shoal__Oss__Ipv4Prefix prefix = SHOAL__OSS__IPV4_PREFIX__INIT, *list = &prefix;
	struct ctrl_session wanted;
	struct ctrl_rules rules;

	ctrl_session_init(&wanted, 1);
	wanted.session.id = id;
	ctrl_rules_draw(&rules, &wanted.session, 3, 0x0a000001);
	for (unsigned i = 0; i < wanted.session.n_rules; i++)
		if (rules.match[i].source == SHOAL__OSS__INTERFACE__ACCESS)
			rules.match[i].teid = rules.match[i].tunnel == rules.match[0].tunnel ? teid : 0;
	prefix.address = network;
	prefix.length = 24;
	wanted.session.n_framed_ipv4 = 1;
	wanted.session.framed_ipv4 = &list;
	return id ? ctrl_stand_change(&stand, &wanted) : ctrl_stand_create(&stand, &wanted);
}

// What a primary knows that has heard every word since it began: of these two TEIDs and networks.
static unsigned known(void)
{
	const struct aliases *aliases = &stand.truth.aliases;
	const struct framed *framed = &stand.truth.framed;
	unsigned known = 0, bit;

	for (uint32_t i = aliases->first; i < aliases->first + aliases->count; i++) {
		bit = 1u << (aliases->words[i].teid - CHOSEN);
		known = aliases->words[i].own ? known | bit : known & ~bit;
	}
	for (uint32_t i = 0; i < framed->waiting; i++) {
		bit = 4u << (framed->words[i].prefix.low >> 8 & 1);
		known = framed->words[i].own ? known | bit : known & ~bit;
	}
	return known;
}

// The primary begins anew, and is told everything, while a change is with the disk.
static void who_begins_anew_is_told_what_stays(void **state)
{
	static const struct {
		bool change, second, delete, lands;
		unsigned known;
	} way[] = {
		{ .known = 0 },
		{ .lands = true, .known = 5 },
		{ .change = true, .second = true, .known = 5 },
		{ .delete = true, .known = 5 },
		{ .change = true, .second = true, .lands = true, .known = 10 },
		{ .delete = true, .lands = true, .known = 0 },
	};

	for (unsigned i = 0; i < sizeof(way) / sizeof(*way); i++) {
		disk_slow();
		stand.fail_commit = way[i].lands ? 0 : -EIO;
		assert_int_equal(way[i].delete ? ctrl_stand_delete(&stand, 1)
					       : far_reaching(way[i].change, CHOSEN + way[i].second,
							      0xc6336400 + (way[i].second << 8)),
				 CTRL_STAND_WAITS);
		aliases_again(&stand.truth.aliases);
		framed_again(&stand.truth.framed);
		disk_done();
		assert_int_equal(stand.answer->status->code, way[i].lands ? 0 : SHOAL__OSS__CODE__STORE_FAILED);
		assert_int_equal(known(), way[i].known);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, slow_disk_open, slow_disk_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_comes_is_told_what_was_refused), TEST(what_was_refused_for_what_failed_may_be_asked_again),
		TEST(who_is_about_to_go_is_there),        TEST(what_nobody_knows_is_not_told),
		TEST(an_owner_hears_of_all_that_comes),   TEST(a_change_builds_upon_the_one_before),
		TEST(who_begins_anew_is_told_what_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
