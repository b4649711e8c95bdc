// test_books.c - lives add up; what is called heard survives; deleted sessions' accounts are settled once, and corrected where counters
// come late.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/session/record.h"
#include "tests/unit/ctrl_stand.h"

static struct ctrl_stand stand;

static int setup(void **state)
{
	ctrl_stand_open(&stand);
	return 0;
}

static int teardown(void **state)
{
	ctrl_stand_close(&stand);
	return 0;
}

static const Shoal__Oss__Session *create(unsigned n)
{
	struct ctrl_session session;

	ctrl_session_init(&session, n);
	assert_int_equal(ctrl_stand_create(&stand, &session), 0);
	return stand.answer->session->session;
}

static bool use(uint32_t teid, uint64_t life, uint64_t packets)
{
	struct feed_usage usage = { .teid = teid, .life = life, .count = { packets, packets * 100, 1, 2, 3 } };

	return books_usage(&stand.truth.books, &usage, 7) != NULL;
}

static void finish(uint32_t teid, uint64_t life, uint64_t packets)
{
	struct report report = { .kind = REPORT_FINAL, .teid = teid, .life = life, .uplink_packets = packets };

	books_final(&stand.truth.books, &report, 8);
}

static uint64_t used(uint64_t id)
{
	return ctrl_stand_get(&stand, id)->usage->uplink_packets;
}

static uint32_t rows(enum store_table table)
{
	uint64_t from = 0;
	uint32_t count = 0;

	for (struct store_row row; from < 10000; from++) {
		row.key = from;
		count += stand.truth.store.engine->get(stand.truth.store.self, table, &row) == 0;
	}
	return count;
}

static const Shoal__Oss__ClosedListAnswer *closed_after(uint64_t after)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__ClosedList list = SHOAL__OSS__CLOSED_LIST__INIT;

	list.after = after;
	request.body_case = SHOAL__OSS__REQUEST__BODY_CLOSED_LIST;
	request.closed_list = &list;
	assert_int_equal(ctrl_stand_ask(&stand, &request)->status->code, 0);
	return stand.answer->closed_list;
}

static void lives_add_up(void **state)
{
	uint32_t teid = create(1)->teid;

	assert_true(use(teid, 10, 5));
	assert_false(use(teid, 10, 5)); // comes twice
	assert_false(use(teid, 10, 4)); // comes late
	assert_true(use(teid, 20, 1));
	assert_false(use(teid, 10, 9)); // of a life that is over
	assert_true(use(teid, 20, 3));
	assert_int_equal(used(1), 8);
	assert_int_equal(ctrl_stand_get(&stand, 1)->usage->uplink_bytes, 800);
	assert_int_equal(ctrl_stand_get(&stand, 1)->usage->red_packets, 6);
	assert_false(use(teid + 256, 20, 3)); // nobody's
}

static size_t journal_bytes(uint64_t *last)
{
	struct store_row row;
	size_t bytes = 0;

	for (uint64_t key = 0; key < 10000; key++) {
		row.key = key;
		if (!stand.truth.store.engine->get(stand.truth.store.self, STORE_JOURNAL, &row)) {
			*last = key;
			bytes = row.length;
		}
	}
	return bytes;
}

// What sessions had used in lives before their last one is written where there is such a one, and in no row after that.
static void a_row_says_of_former_lives_what_there_is(void **state)
{
	uint32_t lived = create(1)->teid, other = create(2)->teid;
	size_t first, rebased, again;
	uint64_t last[3] = { 0 };

	use(other, 10, 70);
	ctrl_stand_keep(&stand);
	first = journal_bytes(&last[0]);
	use(lived, 10, 70);
	use(lived, 20, 70);
	ctrl_stand_keep(&stand);
	rebased = journal_bytes(&last[1]);
	use(other, 10, 71);
	ctrl_stand_keep(&stand);
	again = journal_bytes(&last[2]);
	assert_true(first && last[1] > last[0] && last[2] > last[1]);
	assert_true(rebased > first);
	assert_int_equal(again, first);
}

static void a_restart_knows_what_was_written(void **state)
{
	uint32_t teid = create(1)->teid, other = create(2)->teid;

	use(teid, 10, 5);
	use(teid, 20, 3);
	use(other, 10, 70);
	ctrl_stand_keep(&stand);
	use(other, 10, 90);
	ctrl_stand_restart(&stand);
	assert_int_equal(used(1), 8);
	assert_int_equal(used(2), 70); // the region says the rest again
	assert_false(use(teid, 10, 9));
	use(teid, 20, 4);
	use(other, 10, 90);
	assert_int_equal(used(1), 9);
	assert_int_equal(used(2), 90);
}

static void folding_changes_nothing(void **state)
{
	uint32_t teid[40];

	stand.truth.books.meter.limit = 1;
	for (unsigned i = 0; i < 40; i++)
		teid[i] = create(i)->teid;
	for (unsigned turn = 1; turn < 30; turn++) {
		for (unsigned i = turn % 7; i < 40; i += 1 + turn % 3)
			use(teid[i], 10 + turn / 10, turn * 10 + i);
		ctrl_stand_keep(&stand);
	}
	assert_true(rows(STORE_JOURNAL) <= 1);
	assert_true(rows(STORE_USAGE) > 0);
	for (uint64_t id = 1; id <= 40; id++) {
		uint64_t before = used(id);

		if (id % 8 == 1)
			ctrl_stand_restart(&stand);
		assert_true(before > 0);
		assert_int_equal(used(id), before);
	}
}

static void what_is_not_on_disk_is_not_heard(void **state)
{
	struct books *books = &stand.truth.books;
	struct hearing hearing = { 0 };
	uint32_t teid = create(1)->teid;

	use(teid, 10, 5);
	assert_true(hearing_take(&hearing, 1));
	assert_false(hearing_take(&hearing, 3)); // one is missing
	assert_int_equal(hearing_due(&hearing, &books->progress, 1000000000), 0);
	stand.fail_commit = -ENOSPC;
	books_turn(books, 2000000000, 1);
	assert_int_equal(hearing_due(&hearing, &books->progress, 2000000000), 0);
	ctrl_stand_restart(&stand);
	assert_int_equal(used(1), 0); // nobody was told otherwise
	use(teid, 10, 6);
	hearing = (struct hearing){ 0 };
	hearing_take(&hearing, 1);
	assert_int_equal(hearing_due(&hearing, &books->progress, 3000000000), 0);
	ctrl_stand_keep(&stand);
	assert_int_equal(hearing_due(&hearing, &books->progress, 4000000000), 1);
	ctrl_stand_restart(&stand);
	assert_int_equal(used(1), 6);
}

static void a_deleted_session_is_settled_with_its_last_counters(void **state)
{
	uint32_t teid = create(1)->teid;
	const Shoal__Oss__ClosedSession *closed;

	use(teid, 10, 5);
	use(teid, 20, 1);
	assert_int_equal(ctrl_stand_delete(&stand, 1), 0);
	assert_int_equal(closed_after(0)->n_closed, 0);
	assert_int_equal(stand.settled, 0);
	ctrl_stand_restart(&stand); // it is remembered, and its counters still wanted
	assert_int_equal(stand.push.departed, 1);
	finish(teid, 20, 7);
	assert_int_equal(stand.settled, 0);
	ctrl_stand_keep(&stand);
	assert_int_equal(stand.settled, 1);
	assert_int_equal(closed_after(0)->n_closed, 1);
	closed = stand.answer->closed_list->closed[0];
	assert_int_equal(closed->session->id, 1);
	assert_int_equal(closed->session->usage->uplink_packets, 12);
	assert_string_equal(closed->session->identity->imsi, "001000000000001");
	assert_true(closed->final && !closed->correction && closed->deleted_ms);
	finish(teid, 20, 7); // ctrl died before it could say Heard
	ctrl_stand_keep(&stand);
	ctrl_stand_restart(&stand);
	finish(teid, 20, 7);
	finish(teid, 10, 70);
	ctrl_stand_keep(&stand);
	assert_int_equal(closed_after(0)->n_closed, 1);
	assert_int_equal(rows(STORE_LEAVING), 0);
}

// As if the owner had confirmed the deletion.
static void confirm(uint32_t teid)
{
	uint32_t slot = shard_slot_of_teid(teid, stand.truth.grid.slot_bits);
	struct cell *cell = &stand.truth.grid.cells[cell_at(&stand.truth.grid, shard_of_teid(teid), slot)];
	struct session *session = cell->departed;

	cell->departed = session->departed;
	stand.push.departed--;
	closing_confirm(&stand.truth.books.closing, session, stand.now_ns);
}

static void what_comes_late_is_a_correction(void **state)
{
	uint32_t teid = create(1)->teid;

	use(teid, 10, 5);
	assert_int_equal(ctrl_stand_delete(&stand, 1), 0);
	confirm(teid);
	books_turn(&stand.truth.books, stand.now_ns += CLOSING_PATIENCE_NS / 2, 1);
	assert_int_equal(stand.settled, 0);
	ctrl_stand_keep(&stand);
	assert_int_equal(closed_after(0)->n_closed, 1);
	assert_false(stand.answer->closed_list->closed[0]->final);
	assert_int_equal(stand.answer->closed_list->closed[0]->session->usage->uplink_packets, 5);
	ctrl_stand_restart(&stand);
	finish(teid, 10, 9);
	finish(teid, 10, 9);
	ctrl_stand_keep(&stand);
	assert_int_equal(stand.corrections, 1);
	assert_int_equal(stand.truth.books.closing.corrected, 1);
	assert_int_equal(closed_after(1)->n_closed, 1);
	assert_true(stand.answer->closed_list->closed[0]->correction);
	assert_int_equal(stand.answer->closed_list->closed[0]->number, 2);
	assert_int_equal(stand.answer->closed_list->closed[0]->session->usage->uplink_packets, 9);
	assert_string_equal(stand.answer->closed_list->closed[0]->session->identity->imsi, "001000000000001");
}

static void the_log_is_bounded(void **state)
{
	stand.truth.books.closing.max = 3;
	for (unsigned i = 1; i <= 8; i++) {
		uint32_t teid = create(i)->teid;

		assert_int_equal(ctrl_stand_delete(&stand, i), 0);
		finish(teid, 10, i);
		ctrl_stand_keep(&stand);
	}
	assert_int_equal(closed_after(0)->n_closed, 3);
	assert_int_equal(stand.answer->closed_list->oldest, 6);
	assert_int_equal(stand.answer->closed_list->closed[2]->number, 8);
	assert_int_equal(stand.truth.books.closing.closed.count, 3);
	ctrl_stand_restart(&stand);
	assert_int_equal(stand.truth.books.closing.closed.count, 3);
	assert_int_equal(stand.truth.books.closing.first, 6);
	assert_int_equal(stand.truth.books.closing.next, 9);
}

// As if so many more sessions had been deleted like number 1, and nobody had asked their owners: from id and TEID 1000 on.
static void leave(unsigned count)
{
	struct store_row row = { .key = 1 };
	Shoal__Store__Closed *stored;
	struct batch batch;

	batch_open(&batch);
	assert_int_equal(stand.truth.store.engine->get(stand.truth.store.self, STORE_LEAVING, &row), 0);
	stored = record_closed(&row, &batch.bytes);
	for (unsigned i = 0; i < count; i++) {
		row.key = stored->session->id = stored->session->teid = 1000 + i;
		assert_int_equal(record_pack(&stored->base, &batch.bytes, &row), 0);
		assert_int_equal(batch_put(&batch, STORE_LEAVING, &row), 0);
	}
	assert_int_equal(batch_write(&batch, &stand.truth.store), 0);
	batch_close(&batch);
}

// A start does not read all that was ever left behind again and again; and what comes late finds its account all the same.
static void a_start_leaves_so_many_accounts_open(void **state)
{
	uint32_t teid = create(1)->teid;

	use(teid, 10, 5);
	assert_int_equal(ctrl_stand_delete(&stand, 1), 0);
	leave(CLOSING_LEFT_MAX + 2);
	ctrl_stand_restart(&stand);
	assert_int_equal(stand.push.departed, CLOSING_LEFT_MAX);
	books_turn(&stand.truth.books, stand.now_ns += 1, 1); // no patience with these: at once
	assert_int_equal(stand.truth.books.closing.leaving.count, CLOSING_LEFT_MAX);
	assert_int_equal(stand.settled, 3);
	assert_int_equal(stand.settled_bytes, 3 * 500);
	finish(teid, 10, 9);
	books_turn(&stand.truth.books, stand.now_ns += 1000000000, 1);
	assert_int_equal(stand.corrections, 1);
	ctrl_stand_restart(&stand);
	assert_int_equal(stand.push.departed, CLOSING_LEFT_MAX);
	assert_int_equal(closed_after(0)->n_closed, 4);
}

static void a_failing_store_settles_nothing(void **state)
{
	uint32_t teid = create(1)->teid;

	assert_int_equal(ctrl_stand_delete(&stand, 1), 0);
	finish(teid, 10, 7);
	for (unsigned i = 0; i < 3; i++) {
		stand.fail_put = -EIO;
		books_turn(&stand.truth.books, stand.now_ns += 2000000000, 1);
		assert_int_equal(stand.settled, 0);
		assert_true(stand.truth.books.progress.durable < stand.truth.books.progress.taken);
	}
	ctrl_stand_keep(&stand);
	assert_int_equal(stand.settled, 1);
	assert_true(stand.truth.books.progress.durable == stand.truth.books.progress.taken);
}

static void a_damaged_row_is_named(void **state)
{
	const struct store_engine *engine = stand.truth.store.engine;
	struct store_row row = { .key = 3, .bytes = (const uint8_t *)"nonsense", .length = 8 };

	assert_int_equal(engine->begin(&stand), 0);
	assert_int_equal(engine->put(&stand, STORE_USAGE, &row), 0);
	assert_int_equal(engine->commit(&stand), 0);
	ctrl_stand_down(&stand);
	assert_int_equal(ctrl_stand_try(&stand, false), -EBADMSG);
	assert_int_equal(ctrl_stand_try(&stand, true), 0);
	assert_int_equal(rows(STORE_USAGE), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lives_add_up),
		TEST(a_row_says_of_former_lives_what_there_is),
		TEST(a_restart_knows_what_was_written),
		TEST(folding_changes_nothing),
		TEST(what_is_not_on_disk_is_not_heard),
		TEST(a_deleted_session_is_settled_with_its_last_counters),
		TEST(what_comes_late_is_a_correction),
		TEST(the_log_is_bounded),
		TEST(a_start_leaves_so_many_accounts_open),
		TEST(a_failing_store_settles_nothing),
		TEST(a_damaged_row_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
