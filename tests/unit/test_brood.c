// test_brood.c - a played nursery at the primary's door: hello, refusals, START, real pidfds, orphans.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/nest_stand.h"

static void the_door_is_ours_alone(void **state)
{
	char path[128];
	struct stat file;

	snprintf(path, sizeof(path), "%s/%s", dir, NEST_SOCKET);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 077, 0);
}

static void another_abi_is_refused_with_a_reason(void **state)
{
	struct nest_word word = { .verb = NEST_HELLO, .abi = PLANE_ABI + 1, .build = "older" };
	int fd = dial();

	nest_send(fd, &word, NULL, 0);
	assert_int_equal(hear(fd, &word), NEST_REFUSE);
	assert_int_equal(word.status, 0); // for good
	assert_non_null(strstr(word.dir, "older"));
	assert_int_equal(hear(fd, &word), UINT32_MAX);
	nursery();
}

static void a_second_nursery_is_refused(void **state)
{
	struct nest_word word;
	int fd;

	nursery();
	fd = dial();
	greet(fd, "build", "lines", 1);
	assert_int_equal(hear(fd, &word), NEST_REFUSE);
	assert_int_equal(word.status, 1); // it may come again
	assert_non_null(strstr(word.dir, "another nursery"));
}

static void silent_callers_do_not_block_the_door(void **state)
{
	for (unsigned i = 0; i < 20; i++) {
		int fd = dial();

		brood_work(brood, now);
		if (i % 2)
			close(fd);
		else if (i % 4)
			shutdown(fd, SHUT_RDWR);
	}
	nursery();
}

static void who_says_no_build_is_refused(void **state)
{
	struct nest_word word;
	int fd = dial();

	greet(fd, "", "lines", 1);
	assert_int_equal(hear(fd, &word), NEST_REFUSE);
	nursery();
}

static void nonsense_costs_the_nursery_its_socket_only(void **state)
{
	struct nest_word word;
	int fd = nursery();

	assert_int_equal(send(fd, "nonsense", 8, 0), 8);
	assert_int_equal(hear(fd, &word), UINT32_MAX);
	nursery(); // the next one is welcome
}

static void wanted_means_start_forked_and_exited(void **state)
{
	struct nest_word word;
	struct post_word got;
	int fd = nursery();
	pid_t pid;

	brood_want(brood, 3, true, now);
	assert_int_equal(hear(fd, &word), NEST_START);
	assert_int_equal(word.seat, 3);
	pid = fork_for(fd, 3);
	got = order();
	assert_int_equal(got.verb, POST_FORKED);
	assert_int_equal(got.seat, 3);
	assert_int_equal(got.pid, pid);
	assert_int_equal(brood_pid(brood, 3), pid);
	brood_kill(brood, 3, pid + 1); // somebody else's pid: nobody is harmed
	assert_int_equal(poll(&(struct pollfd){ brood_fd(brood), POLLIN, 0 }, 1, 200), 0);
	brood_kill(brood, 3, pid);
	got = order();
	assert_int_equal(got.verb, POST_EXITED);
	assert_int_equal(got.pid, pid);
	assert_int_equal(brood_pid(brood, 3), 0);
	waitpid(pid, NULL, 0);
}

static void nobody_is_started_before_ready_or_after_rest(void **state)
{
	struct nest_word word;
	int fd = dial();

	brood_want(brood, 0, true, now);
	brood_want(brood, 1, true, now);
	greet(fd, "build", "lines", 1);
	assert_int_equal(hear(fd, &word), NEST_WELCOME);
	say(fd, NEST_BANK, 0, 0);
	assert_int_equal(hear(fd, &word), NEST_BANK);
	assert_int_equal(hear(fd, &word), 0);
	brood_want(brood, 1, false, now);
	say(fd, NEST_READY, 0, 0);
	assert_int_equal(hear(fd, &word), NEST_START);
	assert_int_equal(word.seat, 0);
	assert_int_equal(hear(fd, &word), 0);
}

static void workers_outlive_their_nursery_and_the_next_serves(void **state)
{
	struct nest_word word;
	int fd = nursery();
	pid_t pid;

	brood_want(brood, 0, true, now);
	brood_want(brood, 1, true, now);
	assert_int_equal(hear(fd, &word), NEST_START);
	assert_int_equal(hear(fd, &word), NEST_START);
	pid = fork_for(fd, 0);
	assert_int_equal(order().verb, POST_FORKED);
	close(fd); // seat 1 was asked for and never came
	fd = nursery();
	assert_int_equal(hear(fd, &word), NEST_START);
	assert_int_equal(word.seat, 1);
	assert_int_equal(kill(pid, 0), 0);
	kill(pid, SIGKILL);
	assert_int_equal(order().verb, POST_EXITED);
	waitpid(pid, NULL, 0);
}

static void an_orphan_in_its_seat_is_found(void **state)
{
	pid_t pid = fork_idle();
	struct nest_word word;
	struct post_word got;
	int fd;

	brood_want(brood, 2, true, now);
	atomic_store(&pages[2].life, (uint32_t)pid); // its nursery died before it could say FORKED
	fd = nursery();
	assert_int_equal(hear(fd, &word), 0); // no START: somebody sits there
	got = order();
	assert_int_equal(got.verb, POST_FORKED);
	assert_int_equal(got.pid, pid);
	kill(pid, SIGKILL);
	assert_int_equal(order().verb, POST_EXITED);
	waitpid(pid, NULL, 0);
}

static const struct nursery *nest0(void)
{
	return &brood_nests(brood)->nest[0];
}

static void too_large_a_bank_is_refused(void **state)
{
	static const uint64_t wrong[] = { 1ull << 60, 1ull << 40, 0, 1, UINT64_MAX, 2 * PLANE_PAGE };
	struct nest_word word;

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct nest_word bank = { .verb = NEST_BANK, .bytes = wrong[i] };
		int fd = dial();

		greet(fd, "build", i % 2 ? "lines" : "others", 1);
		assert_int_equal(hear(fd, &word), NEST_WELCOME);
		bank_offer(i % 2 ? "lines" : "others");
		nest_send(fd, &bank, NULL, 0);
		assert_int_equal(hear(fd, &word), NEST_REFUSE);
		assert_non_null(strstr(word.dir, "BANK"));
		assert_non_null(strstr(nest0()->error, "BANK"));
		close(fd);
	}
	nursery();
	assert_string_equal(nest0()->error, "");
}

static void words_out_of_order_cost_the_socket_only(void **state)
{
	static const uint32_t verbs[] = { NEST_READY, NEST_HELLO, NEST_START, NEST_REFUSE, NEST_FORKED };
	struct nest_word word;

	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		int fd = dial();

		greet(fd, "build", "lines", 1);
		assert_int_equal(hear(fd, &word), NEST_WELCOME);
		say(fd, verbs[i], 0, 1);
		assert_int_equal(hear(fd, &word), UINT32_MAX);
		assert_true(nest0()->error[0]);
	}
	nursery();
}

static void who_never_gets_ready_has_to_go(void **state)
{
	struct nest_word word;
	int fd = dial();

	greet(fd, "build", "lines", 1);
	assert_int_equal(hear(fd, &word), NEST_WELCOME);
	now += NESTS_READY_NS - SECOND;
	assert_int_equal(hear(fd, &word), 0);
	now += 2 * SECOND;
	assert_int_equal(hear(fd, &word), UINT32_MAX);
	assert_non_null(strstr(nest0()->error, "not READY"));
	nursery();
}

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void send_forked(int fd, unsigned seat, pid_t pid, int pidfd)
{
	struct nest_word word = { .verb = NEST_FORKED, .seat = seat, .pid = pid };

	assert_int_equal(nest_send(fd, &word, &pidfd, 1), 0);
	close(pidfd);
}

static void a_worker_nobody_asked_for_is_ended(void **state)
{
	int fd = nursery(), status;
	pid_t pid = fork_idle();

	send_forked(fd, 6, pid, pidfd_of(pid));
	brood_work(brood, now);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(brood_pid(brood, 6), 0);
}

static void another_process_is_not_taken_for_a_worker(void **state)
{
	struct nest_word word;
	int fd = nursery();
	pid_t pid = fork_idle();

	brood_want(brood, 6, true, now);
	assert_int_equal(hear(fd, &word), NEST_START);
	send_forked(fd, 6, pid, pidfd_of(getpid()));
	assert_int_equal(hear(fd, &word), UINT32_MAX);
	assert_int_equal(brood_pid(brood, 6), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void who_died_at_once_costs_nobody_else(void **state)
{
	struct nest_word word;
	int fd = nursery(), pidfd;
	pid_t pid = fork_idle();

	brood_want(brood, 6, true, now);
	assert_int_equal(hear(fd, &word), NEST_START);
	pidfd = pidfd_of(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	send_forked(fd, 6, pid, pidfd);
	assert_int_equal(order().verb, POST_FORKED);
	assert_int_equal(order().verb, POST_EXITED);
	assert_int_equal(hear(fd, &word), 0); // and the nursery is there
}

static void who_cannot_fork_is_asked_again_later(void **state)
{
	struct nest_word word;
	int fd = nursery();

	brood_want(brood, 6, true, now);
	assert_int_equal(hear(fd, &word), NEST_START);
	say(fd, NEST_DIED, 6, 0);
	assert_int_equal(hear(fd, &word), 0);
	now += 2 * SECOND;
	assert_int_equal(hear(fd, &word), NEST_START);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_door_is_ours_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(another_abi_is_refused_with_a_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(who_says_no_build_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_second_nursery_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(silent_callers_do_not_block_the_door, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_costs_the_nursery_its_socket_only, setup, teardown),
		cmocka_unit_test_setup_teardown(wanted_means_start_forked_and_exited, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_is_started_before_ready_or_after_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(workers_outlive_their_nursery_and_the_next_serves, setup, teardown),
		cmocka_unit_test_setup_teardown(an_orphan_in_its_seat_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(too_large_a_bank_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(words_out_of_order_cost_the_socket_only, setup, teardown),
		cmocka_unit_test_setup_teardown(who_never_gets_ready_has_to_go, setup, teardown),
		cmocka_unit_test_setup_teardown(a_worker_nobody_asked_for_is_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(another_process_is_not_taken_for_a_worker, setup, teardown),
		cmocka_unit_test_setup_teardown(who_died_at_once_costs_nobody_else, setup, teardown),
		cmocka_unit_test_setup_teardown(who_cannot_fork_is_asked_again_later, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
