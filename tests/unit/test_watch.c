// test_watch.c - the watcher's thread and real processes that it is to look at: what /proc says of them is what the loop hears.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "primary/loop/watch.h"
#include "shared/base/bell.h"
#include "shared/base/clock.h"

#define WAIT_NS 30000000000u // a busy host may take its time
#define NOBODY 0x7ffffff0    // more than any process's number

static struct watch *watch;
static _Atomic uint32_t sleeping;
static int bell;
static uint32_t doubts;

static int setup(void **state)
{
	watch = aligned_alloc(64, sizeof(*watch));
	*watch = (struct watch){ 0 };
	bell = bell_make();
	return watch_start(watch, &sleeping, bell);
}

static int teardown(void **state)
{
	watch_stop(watch);
	free(watch);
	close(bell);
	return 0;
}

static pid_t child(bool runs)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (!runs)
			pause();
		for (volatile unsigned i = 0;;)
			i++;
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

// What is thought of a new doubt about whoever sits there, once it is something that is no matter of a moment.
static enum judge_verdict thought(unsigned seat)
{
	uint64_t end_ns = clock_ns() + WAIT_NS;
	enum judge_verdict verdict = JUDGE_NONE;

	watch_doubt(watch, seat, ++doubts);
	while (clock_ns() < end_ns && verdict != JUDGE_BLIND && !judge_fatal(verdict)) {
		usleep(1000);
		verdict = watch_word(watch, seat, doubts);
	}
	watch_doubt(watch, seat, 0);
	return verdict;
}

static void who_runs_loops_and_who_sleeps_is_blocked(void **state)
{
	pid_t runs = child(true), sleeps = child(false);

	watch_sit(watch, 0, runs);
	watch_sit(watch, 5, sleeps);
	assert_int_equal(thought(0), JUDGE_LOOPS);
	assert_int_equal(thought(5), JUDGE_BLOCKED);
	usleep(20000); // the doubt is over, and nobody looks any more
	assert_int_equal(atomic_load(&watch->seat[5].word) >> 32, doubts);
	kill(runs, SIGSTOP);
	assert_int_equal(thought(0), JUDGE_STOPPED);
	kill(runs, SIGCONT);
	assert_int_equal(thought(0), JUDGE_LOOPS);
	end(runs);
	end(sleeps);
}

// Whoever sits down is another one; he is not judged by what his forerunner did, and one that is not there by nothing.
static void each_is_judged_by_what_he_does_himself(void **state)
{
	pid_t runs = child(true), sleeps = child(false);

	watch_sit(watch, 3, runs);
	assert_int_equal(thought(3), JUDGE_LOOPS);
	watch_sit(watch, 3, sleeps);
	assert_int_equal(thought(3), JUDGE_BLOCKED);
	watch_sit(watch, 3, NOBODY);
	assert_int_equal(thought(3), JUDGE_BLIND);
	watch_sit(watch, 3, runs);
	assert_int_equal(thought(3), JUDGE_LOOPS);
	end(runs); // its folder is open still, and tells of nobody
	assert_int_equal(thought(3), JUDGE_BLIND);
	end(sleeps);
}

static void the_loop_is_woken_when_there_is_something_to_hear(void **state)
{
	struct pollfd rings = { bell, POLLIN, 0 };
	pid_t sleeps = child(false);

	watch_sit(watch, 1, sleeps);
	bell_doze(&sleeping);
	assert_int_equal(thought(1), JUDGE_BLOCKED);
	assert_int_equal(poll(&rings, 1, 30000), 1);
	bell_rise(&sleeping);
	assert_int_equal(watch_word(watch, 1, doubts - 1), JUDGE_NONE); // of another doubt nothing is said
	assert_int_equal(watch_word(watch, 2, doubts), JUDGE_NONE);
	end(sleeps);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_runs_loops_and_who_sleeps_is_blocked),
		TEST(each_is_judged_by_what_he_does_himself),
		TEST(the_loop_is_woken_when_there_is_something_to_hear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
