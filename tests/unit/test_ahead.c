// test_ahead.c - what is decided and not durable yet: who hears of it, and who does not.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/slow_disk.h"

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

// As the controller's loop has them: the desk, then the books, then who is set apart.
static void turn(void)
{
	desk_run(&stand.desk);
	books_turn(&stand.truth.books, stand.now_ns += 200000000, 1);
	quarantine_turn(&stand.quarantine);
}

static void who_else_writes_has_his_turn(void **state)
{
	struct feed_usage usage = { .teid = created(1), .life = 10, .count = { 5, 500, 1, 2, 3 } };
	Shoal__Fleet__Event poison = SHOAL__FLEET__EVENT__INIT;

	poison.number = 1;
	poison.record = "";
	disk_slow();
	assert_int_equal(create(2), CTRL_STAND_WAITS);
	books_usage(&stand.truth.books, &usage, 7);
	quarantine_event(&stand.quarantine, &poison, 77);
	turn();
	for (unsigned n = 3; n < 11; n++) { // there is always another one
		assert_int_equal(create(n), CTRL_STAND_WAITS);
		disk_done_once();
		turn();
	}
	assert_true(stand.truth.books.progress.durable == stand.truth.books.progress.taken);
	assert_false(stand.quarantine.behind);
	assert_true(sessions() > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, slow_disk_open, slow_disk_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(workers_are_told_what_is_durable),
		TEST(what_is_heard_meanwhile_is_kept),
		TEST(creations_are_decided_while_others_are_written),
		TEST(what_stood_upon_what_failed_is_decided_anew),
		TEST(what_was_ahead_fails_by_itself),
		TEST(no_disk_is_waited_for_too_long),
		TEST(others_are_decided_upon_what_is_durable),
		TEST(what_comes_again_is_done_once),
		TEST(who_else_writes_has_his_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
