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

#define TEST(name) cmocka_unit_test_setup_teardown(name, slow_disk_open, slow_disk_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(workers_are_told_what_is_durable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
