// test_rules_deaths.c - whoever writes new rules into a cell dies at every single instruction: packets find the old session, none, or
// the new one, and the next owner goes on with all that was counted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/unit/rules_stand.h"

static pid_t traced_child(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	visits();
	_exit(0);
}

// Steps until there is no child any more, or `most` times.
static unsigned long steps(pid_t pid, unsigned long most, void (*sound)(void))
{
	unsigned long done = 0;
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	while (done < most && ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid &&
	       WIFSTOPPED(status)) {
		sound();
		done++;
	}
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	return done;
}

static struct bearer deaths[2]; // the cell's, before and after

// A valid cell is one of the two, and its rules are the ones it names.
static void old_or_new(void)
{
	struct lines lines = lines_of();
	struct bearer bearer;

	if (lines_read(&lines, SLOT, &bearer))
		return;
	assert_true(!memcmp(&bearer, &deaths[0], sizeof(bearer)) || !memcmp(&bearer, &deaths[1], sizeof(bearer)));
	if (bearer.sheet_bytes)
		assert_true(lines_rules_are(&lines, SLOT, rest()->ruled, &bearer));
}

static void nothing(void)
{
}

static void deaths_begin(void)
{
	urr_add(1, 1);
	urr_add(2, 1);
	sheets_write(&sheets);
	deaths[0] = bearer_of();
	sheet_set(&deaths[0]);
	gauge_use(0, 500);
	gauge_use(1, 700);
	report_tail = ring_resume(&worker->report_head);
	ring_publish(&courier->report_tail, report_tail);
	sheets.head.urrs = 0;
	urr_add(2, 1);
	sheets_write(&sheets);
	deaths[1] = bearer_of();
	post_parts(0, sheets.head.bytes);
	post_set(&deaths[1]);
}

// Whoever comes after has the session with its gauges, and what ended was told.
static void successor_goes_on(void)
{
	bool told = false;

	loop_sit();
	old_or_new();
	visits();
	assert_int_equal(atomic_load(&view.shards[SHARD].header->seq), 2);
	assert_int_equal(rest()->teid, deaths[1].teid);
	assert_int_equal(room_now().gauges[0].bytes[LINE_UPLINK], 700);
	assert_true(atomic_load(&view.shards[SHARD].header->digest) == bearer_digest(SLOT, &deaths[1]));
	for (; report_tail != ring_resume(&worker->report_head); report_tail++) {
		const struct report *report = &worker->reports[report_tail % REPORT_SLOTS];

		told |= report->kind == REPORT_GAUGE && report->urr == 1 && report->uplink_bytes == 500;
		assert_int_not_equal(report->kind, REPORT_FINAL);
	}
	assert_true(told);
}

static void deaths_leave_the_old_or_the_new(void **state)
{
	unsigned long all, n = 0;

	deaths_begin();
	all = steps(traced_child(), ~0ul, old_or_new);
	assert_true(all > 1000);
	successor_goes_on();
	for (unsigned long at = 1; at < all; at += all / 61 + 1, n++) {
		rules_close(state);
		rules_open(state);
		deaths_begin();
		steps(traced_child(), at, nothing);
		successor_goes_on();
	}
	print_message("%lu steps, %lu deaths\n", all, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deaths_leave_the_old_or_the_new, rules_open, rules_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
