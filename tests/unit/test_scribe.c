// test_scribe.c - while the disk has a batch: reads and usage go on, changes wait or are refused, and nothing is lost or told too early.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/slow_disk.h"

static void use(uint32_t teid, uint64_t packets)
{
	struct feed_usage usage = { .teid = teid, .life = 10, .count = { packets, packets * 100, 1, 2, 3 } };

	books_usage(&stand.truth.books, &usage, 7);
}

static void keep_begin(void)
{
	books_turn(&stand.truth.books, stand.now_ns += CLOSING_PATIENCE_NS + 1000000000, 1);
}

static void a_change_is_answered_when_it_is_durable(void **state)
{
	unsigned answers = stand.answers;

	disk_slow();
	assert_int_equal(create(1), CTRL_STAND_WAITS);
	assert_true(scribe_busy(&stand.truth.scribe));
	assert_false(desk_busy(&stand.desk));
	assert_int_equal(stand.answers, answers);
	disk_done();
	assert_int_equal(stand.answers, answers + 1);
	assert_int_equal(stand.answer->status->code, 0);
	assert_non_null(ctrl_stand_get(&stand, 1));
}

static void reads_come_behind_a_quick_disk_and_pass_a_slow_one(void **state)
{
	created(1);
	disk_slow();
	assert_int_equal(create(2), CTRL_STAND_WAITS);
	assert_null(ctrl_stand_get(&stand, 1)); // not answered yet
	disk_has_had_it_for(DESK_SLOW_NS);
	desk_run(&stand.desk);
	assert_int_equal(stand.answer->session->session->id, 1); // now it is
	assert_non_null(ctrl_stand_get(&stand, 1));
	assert_null(ctrl_stand_get(&stand, 2)); // what is not durable is not shown: it waits
	disk_done();
	desk_run(&stand.desk);
	assert_int_equal(stand.answer->session->session->id, 2);
	assert_non_null(ctrl_stand_get(&stand, 2));
}

// Reads of a client that asks again as it is answered: each is in the queue while the desk goes through it.
struct reader {
	struct request request; // first
	struct reader *next;    // asked when this one is answered
	bool answered;
};

static void ask_next(struct request *request)
{
	struct reader *reader = (struct reader *)request;

	assert_false(reader->answered);
	reader->answered = true;
	free(request->answer);
	if (reader->next)
		desk_take(&stand.desk, &reader->next->request);
}

static void what_comes_while_others_are_answered_is_answered(void **state)
{
	Shoal__Oss__Request message = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__StatusGet get = SHOAL__OSS__STATUS_GET__INIT;
	struct reader reader[4] = { 0 };
	uint8_t bytes[64];
	size_t length;

	message.version = 1;
	message.body_case = SHOAL__OSS__REQUEST__BODY_STATUS_GET;
	message.status_get = &get;
	length = shoal__oss__request__pack(&message, bytes);
	for (unsigned i = 0; i < 4; i++)
		reader[i] = (struct reader){ .request = { .bytes = bytes, .length = length, .answered = ask_next } };
	reader[0].next = &reader[2];
	reader[1].next = &reader[3];
	disk_slow();
	assert_int_equal(create(1), CTRL_STAND_WAITS);
	assert_int_equal(create(2), CTRL_STAND_WAITS); // a change that stays, and what is read behind it
	desk_take(&stand.desk, &reader[0].request);
	desk_take(&stand.desk, &reader[1].request);
	disk_has_had_it_for(DESK_SLOW_NS);
	desk_run(&stand.desk);
	for (unsigned i = 0; i < 4; i++)
		assert_true(reader[i].answered);
	assert_int_equal(create(3), CTRL_STAND_WAITS); // behind those that stayed
	disk_done();
	while (desk_busy(&stand.desk)) {
		desk_run(&stand.desk);
		disk_done();
	}
	assert_int_equal(stand.truth.sessions.by_id.count, 3);
}

static void changes_are_refused_when_the_disk_takes_too_long(void **state)
{
	disk_slow();
	assert_int_equal(create(1), CTRL_STAND_WAITS);
	assert_int_equal(create(2), CTRL_STAND_WAITS);
	disk_has_had_it_for(DESK_PATIENCE_NS);
	desk_run(&stand.desk);
	assert_int_equal(stand.answer->status->code, SHOAL__OSS__CODE__STORE_FAILED);
	assert_int_equal(create(3), SHOAL__OSS__CODE__STORE_FAILED);
	disk_done();
	assert_int_equal(stand.answer->status->code, 0); // the first one's
	assert_int_equal(stand.truth.sessions.by_id.count, 1);
	assert_int_equal(created(2) != 0, 1);
}

static void a_change_that_comes_again_is_not_said_to_be_undone(void **state)
{
	struct ctrl_session session;
	unsigned answers = stand.answers;

	ctrl_session_init(&session, 1);
	disk_slow();
	assert_int_equal(ctrl_stand_create_as(&stand, &session, "key", 0), CTRL_STAND_WAITS);
	disk_has_had_it_for(DESK_PATIENCE_NS);
	assert_int_equal(ctrl_stand_create_as(&stand, &session, "key", 0), CTRL_STAND_WAITS);
	assert_int_equal(stand.answers, answers);
	disk_done();
	desk_run(&stand.desk);
	assert_int_equal(stand.answers, answers + 2); // both hear the same
	assert_int_equal(stand.answer->status->code, 0);
	assert_int_equal(stand.truth.sessions.by_id.count, 1);
}

static void what_the_disk_refuses_is_undone(void **state)
{
	uint64_t image = ctrl_stand_image(&stand);

	stand.fail_commit = -EIO;
	disk_slow();
	assert_int_equal(create(1), CTRL_STAND_WAITS);
	disk_done();
	assert_int_equal(stand.answer->status->code, SHOAL__OSS__CODE__STORE_FAILED);
	assert_true(ctrl_stand_image(&stand) == image);
}

static void note_turn(void *with, int error)
{
	int *turns = with;

	turns[0]++;
	turns[1] = error;
}

// Once as it begins, once as it ends; not for each change.
static void it_is_told_that_the_disk_refuses(void **state)
{
	int turns[2] = { 0 };

	stand.truth.scribe.turned = note_turn;
	stand.truth.scribe.turned_with = turns;
	created(1);
	assert_int_equal(turns[0], 0);
	for (unsigned i = 0; i < 2; i++) {
		stand.fail_commit = -EROFS;
		disk_slow();
		create(2);
		disk_done();
		assert_int_equal(turns[0], 1);
		assert_int_equal(turns[1], -EROFS);
		assert_non_null(strstr(stand.answer->status->message, "store"));
	}
	created(2);
	assert_int_equal(turns[0], 2);
	assert_int_equal(turns[1], 0);
}

static void usage_that_comes_meanwhile_is_written_next(void **state)
{
	struct books *books = &stand.truth.books;
	uint32_t teid = created(1);

	use(teid, 5);
	disk_slow();
	keep_begin();
	assert_true(scribe_busy(&stand.truth.scribe));
	assert_int_equal(books_wait_ms(books, stand.now_ns), INT32_MAX); // it does not turn round and round
	use(teid, 9);
	disk_done();
	assert_true(books->progress.durable < books->progress.taken);
	for (unsigned turn = 0; turn < 4; turn++) {
		keep_begin();
		disk_done();
	}
	assert_true(books->progress.durable == books->progress.taken);
	scribe_stop(&stand.truth.scribe);
	ctrl_stand_restart(&stand);
	assert_int_equal(ctrl_stand_get(&stand, 1)->usage->uplink_packets, 9);
}

static void usage_the_disk_refuses_is_written_later(void **state)
{
	struct books *books = &stand.truth.books;
	uint32_t teid = created(1);

	use(teid, 5);
	stand.fail_commit = -ENOSPC;
	keep_begin();
	disk_done();
	assert_int_equal(books->failures, 1);
	for (unsigned turn = 0; turn < 4; turn++) {
		keep_begin();
		disk_done();
	}
	assert_true(books->progress.durable == books->progress.taken);
	scribe_stop(&stand.truth.scribe);
	ctrl_stand_restart(&stand);
	assert_int_equal(ctrl_stand_get(&stand, 1)->usage->uplink_packets, 5);
}

static void last_counters_that_come_meanwhile_correct_the_account(void **state)
{
	uint32_t teid = created(1);
	struct report last = { .kind = REPORT_FINAL, .teid = teid, .life = 10, .uplink_packets = 7 };

	assert_int_equal(ctrl_stand_delete(&stand, 1), CTRL_STAND_WAITS);
	disk_done();
	books_final(&stand.truth.books, &last, 8);
	disk_slow();
	keep_begin();
	assert_true(scribe_busy(&stand.truth.scribe));
	last.life = 20;
	last.uplink_packets = 3;
	books_final(&stand.truth.books, &last, 9);
	disk_done();
	assert_int_equal(stand.settled, 1);
	keep_begin();
	disk_done();
	assert_int_equal(stand.settled, 2);
	assert_int_equal(stand.corrections, 1);
	assert_false(closing_waits(&stand.truth.books.closing));
}

static void who_is_set_apart_meanwhile_is_kept_next(void **state)
{
	Shoal__Fleet__Suspect suspect = SHOAL__FLEET__SUSPECT__INIT;
	Shoal__Fleet__Event event = SHOAL__FLEET__EVENT__INIT;

	suspect.teid = created(1);
	event.suspect = &suspect;
	event.number = 1;
	event.record = "a.pcap";
	disk_slow();
	assert_int_equal(create(2), CTRL_STAND_WAITS);
	quarantine_event(&stand.quarantine, &event, 77);
	assert_non_null(quarantine_find(&stand.quarantine, 1));
	assert_true(stand.quarantine.behind);
	disk_done();
	quarantine_tick(&stand.quarantine);
	disk_done();
	assert_false(stand.quarantine.behind);
	scribe_stop(&stand.truth.scribe);
	ctrl_stand_restart(&stand);
	assert_non_null(quarantine_find(&stand.quarantine, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, slow_disk_open, slow_disk_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_change_is_answered_when_it_is_durable),
		TEST(reads_come_behind_a_quick_disk_and_pass_a_slow_one),
		TEST(what_comes_while_others_are_answered_is_answered),
		TEST(changes_are_refused_when_the_disk_takes_too_long),
		TEST(a_change_that_comes_again_is_not_said_to_be_undone),
		TEST(what_the_disk_refuses_is_undone),
		TEST(it_is_told_that_the_disk_refuses),
		TEST(usage_that_comes_meanwhile_is_written_next),
		TEST(usage_the_disk_refuses_is_written_later),
		TEST(last_counters_that_come_meanwhile_correct_the_account),
		TEST(who_is_set_apart_meanwhile_is_kept_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
