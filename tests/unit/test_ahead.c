// test_ahead.c - what is decided and not durable yet: who hears of it, and who does not.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "shared/base/clock.h"
#include "tests/unit/slow_disk.h"

// A worker that has nothing asks for all there is, hears it and says so. Whether there is a session, and its bearer.
static bool all_is_told(struct bearer *last)
{
	static struct feed_hello hello;
	static struct feed_batch batch;
	static struct feed_reports reports;
	bool told = false;

	push_hello(&stand.push, 0, &hello, clock_ns());
	do {
		push_fill(&stand.push, 0, &batch, clock_ns());
		reports.count = 0;
		for (uint32_t i = 0; i < batch.count; i++) {
			const struct change *change = &batch.change[i];

			reports.report[reports.count++] = (struct report){
				.kind = REPORT_ACK, .shard = change->shard, .epoch = batch.epoch, .seq = change->seq
			};
			if (change->verb != CHANGE_SET)
				continue;
			told = true;
			*last = change->bearer;
		}
		push_reports(&stand.push, 0, &reports, clock_ns());
	} while (batch.count);
	return told;
}

// Until the change is durable; and when it never is.
static void workers_are_told_what_is_durable(void **state)
{
	struct bearer before, told;

	created(1);
	assert_true(all_is_told(&before));
	for (unsigned deleting = 0; deleting < 2; deleting++)
		for (unsigned lands = 0; lands < 2; lands++) {
			uint32_t applied = stand.applied;

			disk_slow();
			stand.fail_commit = lands ? 0 : -EIO;
			assert_int_equal(deleting ? ctrl_stand_delete(&stand, 1)
						  : ctrl_stand_modify(&stand, 1, 0x0a000001, 1000000),
					 CTRL_STAND_WAITS);
			assert_true(all_is_told(&told));
			assert_true(stand.applied > applied);
			assert_memory_equal(&told, &before, sizeof(told));
			disk_done();
			assert_int_equal(all_is_told(&told), !(deleting && lands));
			assert_int_equal(!memcmp(&told, &before, sizeof(told)), deleting || !lands);
			before = told;
		}
}

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

// The courier tells it once: who was to go and stays has used it all the same.
static void what_is_heard_meanwhile_is_kept(void **state)
{
	struct feed_usage usage = { .teid = created(1), .life = 10, .count = { 5, 500, 1, 2, 3 } };

	stand.fail_commit = -EIO;
	disk_slow();
	assert_int_equal(ctrl_stand_delete(&stand, 1), CTRL_STAND_WAITS);
	assert_non_null(books_usage(&stand.truth.books, &usage, 7));
	disk_done();
	assert_int_equal(stand.answer->status->code, SHOAL__OSS__CODE__STORE_FAILED);
	assert_int_equal(ctrl_stand_get(&stand, 1)->usage->uplink_packets, 5);
}

static unsigned sessions(void)
{
	return stand.truth.sessions.by_id.count;
}

// The first one is with the disk, the others are decided.
static void go_ahead(unsigned count)
{
	disk_slow();
	for (unsigned n = 1; n <= count; n++) {
		assert_int_equal(create(n), CTRL_STAND_WAITS);
		assert_int_equal(sessions(), n);
	}
}

static void creations_are_decided_while_others_are_written(void **state)
{
	uint64_t commits = stand.desk.commits;
	unsigned answers = stand.answers;

	go_ahead(4);
	assert_int_equal(stand.answers, answers);
	disk_done();
	assert_int_equal(stand.answers, answers + 4);
	assert_int_equal(stand.answer->status->code, 0);
	assert_true(stand.desk.commits == commits + 2); // without another turn of the desk
	scribe_stop(&stand.truth.scribe);
	ctrl_stand_restart(&stand);
	assert_int_equal(sessions(), 4);
}

// What is decided upon what the disk refuses is decided anew.
static void what_stood_upon_what_failed_is_decided_anew(void **state)
{
	unsigned answers = stand.answers;

	stand.fail_commit = -EIO;
	go_ahead(3);
	disk_done();
	assert_int_equal(stand.answers, answers + 1);
	assert_int_equal(stand.answer->status->code, SHOAL__OSS__CODE__STORE_FAILED);
	assert_int_equal(sessions(), 0);
	assert_true(desk_busy(&stand.desk));
	desk_run(&stand.desk);
	disk_done();
	assert_int_equal(stand.answers, answers + 3);
	assert_int_equal(stand.answer->session->session->id, 2);
	scribe_stop(&stand.truth.scribe);
	ctrl_stand_restart(&stand);
	assert_int_equal(sessions(), 2);
}

static void what_was_ahead_fails_by_itself(void **state)
{
	uint64_t image;

	created(9);
	image = ctrl_stand_image(&stand);
	disk_slow();
	assert_int_equal(create(1), CTRL_STAND_WAITS);
	assert_int_equal(create(2), CTRL_STAND_WAITS);
	assert_int_equal(create(3), CTRL_STAND_WAITS);
	disk_done_once();
	assert_int_equal(stand.answer->session->session->id, 2);
	assert_true(scribe_busy(&stand.truth.scribe));
	stand.fail_commit = -EIO;
	disk_done();
	assert_int_equal(stand.answer->status->code, SHOAL__OSS__CODE__STORE_FAILED);
	assert_int_equal(sessions(), 2);
	assert_int_equal(ctrl_stand_delete(&stand, 2), CTRL_STAND_WAITS);
	disk_done();
	assert_true(ctrl_stand_image(&stand) != image); // cells and keys remember
	assert_int_equal(created(2) != 0, 1);
	assert_int_equal(stand.answer->session->session->id, 3);
}

static void no_disk_is_waited_for_too_long(void **state)
{
	unsigned answers = stand.answers;

	go_ahead(3);
	disk_has_had_it_for(DESK_PATIENCE_NS);
	desk_run(&stand.desk);
	assert_int_equal(stand.answers, answers + 2);
	assert_int_equal(stand.answer->status->code, SHOAL__OSS__CODE__STORE_FAILED);
	assert_int_equal(sessions(), 1);
	assert_int_equal(create(4), SHOAL__OSS__CODE__STORE_FAILED);
	disk_done();
	assert_int_equal(stand.answer->status->code, 0);
	assert_int_equal(created(2) != 0, 1);
	assert_int_equal(stand.answer->session->session->id, 2);
}

// Behind anything else, and of anything else, nothing is decided ahead; nobody is overtaken.
static void others_are_decided_upon_what_is_durable(void **state)
{
	unsigned answers = stand.answers;

	go_ahead(2);
	assert_int_equal(ctrl_stand_modify(&stand, 1, 0x0a000001, 1000000), CTRL_STAND_WAITS);
	assert_int_equal(create(3), CTRL_STAND_WAITS);
	assert_int_equal(sessions(), 2);
	disk_done();
	assert_int_equal(stand.answers, answers + 2);
	disk_slow();
	desk_run(&stand.desk);
	assert_int_equal(sessions(), 3);
	assert_int_equal(create(4), CTRL_STAND_WAITS);
	assert_int_equal(sessions(), 3); // a modification is on its way
	disk_done();
	desk_run(&stand.desk);
	disk_done();
	assert_int_equal(stand.answers, answers + 5);
	assert_int_equal(sessions(), 4);
}

static void what_comes_again_is_done_once(void **state)
{
	struct ctrl_session session;
	unsigned answers = stand.answers;

	go_ahead(1);
	ctrl_session_init(&session, 2);
	assert_int_equal(ctrl_stand_create_as(&stand, &session, "key", 0), CTRL_STAND_WAITS);
	assert_int_equal(ctrl_stand_create_as(&stand, &session, "key", 0), CTRL_STAND_WAITS);
	assert_int_equal(create(3), CTRL_STAND_WAITS);
	disk_done();
	desk_run(&stand.desk);
	disk_done();
	assert_int_equal(stand.answers, answers + 4);
	assert_int_equal(stand.answer->session->session->id, 2);
	assert_int_equal(sessions(), 3);
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

// As the controller's loop has them: the desk, then the books.
static void turn(void)
{
	desk_run(&stand.desk);
	books_turn(&stand.truth.books, stand.now_ns += 200000000, 1);
}

static void who_else_writes_has_his_turn(void **state)
{
	struct feed_usage usage = { .teid = created(1), .life = 10, .count = { 5, 500, 1, 2, 3 } };

	disk_slow();
	assert_int_equal(create(2), CTRL_STAND_WAITS);
	books_usage(&stand.truth.books, &usage, 7);
	turn();
	for (unsigned n = 3; n < 11; n++) { // there is always another one
		assert_int_equal(create(n), CTRL_STAND_WAITS);
		disk_done_once();
		turn();
	}
	assert_true(stand.truth.books.progress.durable == stand.truth.books.progress.taken);
	assert_true(sessions() > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, slow_disk_open, slow_disk_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(workers_are_told_what_is_durable),
		TEST(who_comes_is_told_what_was_refused),
		TEST(what_is_heard_meanwhile_is_kept),
		TEST(creations_are_decided_while_others_are_written),
		TEST(what_stood_upon_what_failed_is_decided_anew),
		TEST(what_was_ahead_fails_by_itself),
		TEST(no_disk_is_waited_for_too_long),
		TEST(others_are_decided_upon_what_is_durable),
		TEST(what_comes_again_is_done_once),
		TEST(what_was_refused_for_what_failed_may_be_asked_again),
		TEST(who_is_about_to_go_is_there),
		TEST(a_change_builds_upon_the_one_before),
		TEST(who_else_writes_has_his_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
