// test_books_turn.c - when what is used goes to disk, and when it counts as being there.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/usage/measures_inside.h"
#include "tests/unit/measures_stand.h"

#define MS 1000000ull
#define MANY 5000u // rows of measures: more than one transaction has

static struct books *books;

static int setup(void **state)
{
	int error = measures_one(state);

	books = &stand->truth.books;
	ctrl_stand_keep(stand);
	return error;
}

static void turn(uint64_t later_ns)
{
	stand->now_ns += later_ns;
	books_turn(books, stand->now_ns, 1);
}

static bool durable(void)
{
	return books->progress.durable == books->progress.taken;
}

// It is heard when its measures' rows are there, too, however many they are.
static void not_before_the_last_row_is_written(void **state)
{
	struct measures *measures = &stand->truth.measures;
	struct session *session = session_by_id(&stand->truth.sessions, id);

	for (unsigned i = 0; i < MANY; i++) {
		struct session gone = { .id = 4711 + i, .measured = session->measured };

		session->measured->marked = false;
		measured_mark(measures, &gone);
	}
	session->measured->marked = false;
	measures_used(3, 1000, 0);
	assert_false(durable());
	turn(1000 * MS);
	assert_true(measures_waits(measures));
	assert_false(durable());
	for (unsigned i = 0; i < 10 && measures_waits(measures); i++)
		turn(1);
	assert_true(durable());
}

// A disk that fails is left alone for a second. When it is well again last counters go there as soon as ever.
static void a_disk_that_fails_is_tried_again_later(void **state)
{
	struct report report = { .kind = REPORT_FINAL, .life = 3, .uplink_bytes = 1100 };

	measures_used(3, 1000, 0);
	stand->fail_commit = -EIO;
	turn(1000 * MS);
	assert_false(durable());
	turn(900 * MS);
	assert_false(durable());
	turn(100 * MS);
	turn(1);
	assert_true(durable());
	assert_int_equal(ctrl_stand_delete(stand, id), 0);
	report.teid = teid;
	books_report(books, &report, 1);
	turn(6 * MS); // others would wait for 0.1 s
	turn(1);
	assert_true(durable());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(not_before_the_last_row_is_written, setup, measures_teardown),
		cmocka_unit_test_setup_teardown(a_disk_that_fails_is_tried_again_later, setup, measures_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
