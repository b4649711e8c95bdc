// test_rank.c - what loops and housekeeping ask of the kernel, as it says itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "shared/base/rank.h"

static struct sched_attr rank_now(void)
{
	struct sched_attr attr = { .size = sizeof(attr) };

	assert_int_equal(syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0), 0);
	return attr;
}

static void loops_ask_for_short_turns(void **state)
{
	uint64_t usual = rank_now().sched_runtime; // 0: this kernel knows no turns of one's own

	rank_packets();
	assert_int_equal(rank_now().sched_policy, SCHED_NORMAL);
	assert_int_equal(rank_now().sched_runtime, usual ? RANK_TURN_NS : 0);
	rank_house();
	assert_int_equal(rank_now().sched_policy, SCHED_BATCH);
	assert_int_equal(rank_now().sched_runtime, usual);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(loops_ask_for_short_turns) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
