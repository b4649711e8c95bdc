// test_brood.c - a played nursery at the primary's door: hello, refusals, START, real pidfds, back-off, orphans.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "primary/brood.h"
#include "shared/base/bell.h"
#include "shared/base/log.h"

#define SECOND 1000000000ull

static char dir[] = "/tmp/shoal-brood.XXXXXX";
static struct plane plane;
static struct plane_view view;
static struct seat_worker_page *pages;
static struct post orders;
static _Atomic uint32_t awake;
static struct journal journal;
static struct brood *brood;
static uint64_t now;
static struct banks banks;

static int setup(void **state)
{
	struct brood_parts parts = { dir, "shoal-1", "/huge", &view, &banks, &orders, &journal, { 0 } };

	memset(&orders, 0, sizeof(orders));
	memset(&journal, 0, sizeof(journal));
	post_init(&orders, &awake, -1);
	pages = calloc(PLANE_SEATS, sizeof(*pages));
	for (unsigned i = 0; i < PLANE_SEATS; i++)
		view.seats[i].worker = &pages[i];
	view.plane = &plane;
	plane.abi = PLANE_ABI;
	snprintf(plane.build, sizeof(plane.build), "build");
	for (unsigned i = 0; i < NEST_BELLS; i++)
		parts.bell[i] = bell_make();
	now = SECOND;
	return brood_open(&parts, &brood);
}

static int teardown(void **state)
{
	brood_close(brood);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	free(pages);
	return 0;
}

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", dir, NEST_SOCKET);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, uint32_t verb, uint32_t seat, int32_t pid)
{
	struct nest_word word = {
		.verb = verb, .seat = seat, .pid = pid, .abi = PLANE_ABI, .lines = "lines", .build = "build"
	};

	assert_int_equal(nest_send(fd, &word, NULL, 0), 0);
}

// Lets the brood work until it has nothing more to say to us; what it says, with at most one descriptor kept.
static uint32_t hear(int fd, struct nest_word *word)
{
	int fds[NEST_BELLS];

	for (unsigned i = 0; i < 50; i++) {
		unsigned nfds = NEST_BELLS;

		brood_work(brood, now);
		int error = nest_receive(fd, word, fds, &nfds);

		for (unsigned k = 0; k < nfds; k++)
			close(fds[k]);
		if (!error)
			return word->verb;
		if (error != -EAGAIN)
			return UINT32_MAX; // hung up
	}
	return 0;
}

static int nursery(void)
{
	struct nest_word word;
	int fd = dial();

	say(fd, NEST_HELLO, 0, getpid());
	assert_int_equal(hear(fd, &word), NEST_WELCOME);
	assert_string_equal(word.prefix, "shoal-1");
	assert_string_equal(word.dir, "/huge");
	say(fd, NEST_READY, 0, 0);
	return fd;
}

// A child that waits to be killed. It keeps none of our descriptors: a copy would keep sockets alive, and what epoll knows.
static pid_t fork_idle(void)
{
	int gate[2];
	char end;
	pid_t pid;

	assert_int_equal(pipe(gate), 0);
	pid = fork();
	if (pid == 0) {
		close_range(3, ~0u, 0);
		for (;;)
			pause();
	}
	close(gate[1]);
	assert_int_equal(read(gate[0], &end, 1), 0); // its end is closed too
	close(gate[0]);
	return pid;
}

// What a nursery does on START.
static pid_t fork_for(int fd, unsigned seat)
{
	struct nest_word word = { .verb = NEST_FORKED, .seat = seat, .pid = fork_idle() };
	int pidfd = (int)syscall(SYS_pidfd_open, word.pid, 0);

	assert_int_equal(nest_send(fd, &word, &pidfd, 1), 0);
	close(pidfd);
	return word.pid;
}

static struct post_word order(void)
{
	struct post_word word = { 0 };
	struct pollfd ready = { brood_fd(brood), POLLIN, 0 };

	for (unsigned i = 0; i < 100 && !post_take(&orders, &word); i++) {
		poll(&ready, 1, 100);
		brood_work(brood, now);
	}
	return word;
}

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
	say(fd, NEST_HELLO, 0, 1);
	assert_int_equal(hear(fd, &word), NEST_REFUSE);
	assert_non_null(strstr(word.dir, "another nursery"));
}

static void silent_callers_do_not_block_the_door(void **state)
{
	for (unsigned i = 0; i < 20; i++) {
		int fd = dial();

		brood_work(brood, now);
		if (i % 2)
			close(fd);
		else
			shutdown(fd, SHUT_RDWR);
	}
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
	say(fd, NEST_HELLO, 0, 1);
	assert_int_equal(hear(fd, &word), NEST_WELCOME);
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

static uint64_t rest_after_death(void)
{
	brood_want(brood, 5, false, now);
	brood_death(brood, 5, now);
	brood_want(brood, 5, true, now);
	return brood_due(brood) - now;
}

static void who_keeps_dying_comes_later_and_later(void **state)
{
	nursery();
	for (unsigned i = 0; i < 5; i++)
		brood_work(brood, now); // hears READY
	assert_int_equal(rest_after_death(), 0);
	assert_int_equal(rest_after_death(), 0);
	for (uint64_t rest = 1; rest <= 16; rest *= 2) {
		assert_int_equal(rest_after_death(), rest * SECOND);
		now += rest * SECOND;
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(rest_after_death(), 30 * SECOND);
		now += 30 * SECOND;
	}
	assert_int_equal(journal.last, 9); // an alarm each time
	now += 1000 * SECOND;
	assert_int_equal(rest_after_death(), 0); // it had lived long
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_door_is_ours_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(another_abi_is_refused_with_a_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(a_second_nursery_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(silent_callers_do_not_block_the_door, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_costs_the_nursery_its_socket_only, setup, teardown),
		cmocka_unit_test_setup_teardown(wanted_means_start_forked_and_exited, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_is_started_before_ready_or_after_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(workers_outlive_their_nursery_and_the_next_serves, setup, teardown),
		cmocka_unit_test_setup_teardown(an_orphan_in_its_seat_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(who_keeps_dying_comes_later_and_later, setup, teardown),
	};
	int failed;

	log_open("test", "error");
	if (!mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
