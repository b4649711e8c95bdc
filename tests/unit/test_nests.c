// test_nests.c - who gets which nest, and how a second build is run, comes, and goes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/nest_stand.h"

static char why[NURSERY_TEXT];
static char
    ourself[512]; // this program: run with --upgrade it plays a nursery that waits, or leaves with 7 if it shall "fail"

static struct nests *nests(void)
{
	return brood_nests(brood);
}

static bool why_has(const char *text)
{
	if (!strstr(why, text))
		print_message("reason given: %s\n", why);
	return strstr(why, text) != NULL;
}

static void works_until_vacant(unsigned nest)
{
	struct pollfd ready = { brood_fd(brood), POLLIN, 0 };

	for (unsigned i = 0; i < 200 && !nursery_vacant(&nests()->nest[nest]); i++) {
		poll(&ready, 1, 50);
		brood_work(brood, now);
	}
	assert_true(nursery_vacant(&nests()->nest[nest]));
}

// A second build: run, and played here under the pid of what was run.
static int second(void)
{
	int fd;

	assert_int_equal(nests_load(nests(), ourself, why), 0);
	fd = nursery_of("newer", "others", nests()->nest[1].spawned);
	assert_true(nests()->nest[1].ready);
	assert_int_equal(nests()->home, 0);
	return fd;
}

static void the_next_of_a_build_finds_its_workers(void **state)
{
	int fd = nursery();
	pid_t pid = worker(fd, 0);

	close(fd);
	nursery();
	assert_int_equal(nests()->home, 0);
	assert_true(nursery_vacant(&nests()->nest[1]));
	ends(pid, 0);
}

static void another_build_takes_a_home_where_nobody_lives(void **state)
{
	close(nursery());
	brood_work(brood, now);
	nursery_of("newer", "others", 1);
	assert_int_equal(nests()->home, 0);
	assert_string_equal(nests()->nest[0].build, "newer");
	assert_int_equal(nests()->nest[0].bank, bank_with("others"));
	assert_int_equal(bank_with("lines"), -1); // nobody's any more
}

static void beside_old_workers_another_build_makes_its_own_home(void **state)
{
	struct nest_word word;
	int fd = nursery();
	pid_t pid = worker(fd, 0);

	close(fd);
	brood_work(brood, now);
	fd = nursery_of("newer", "others", 1);
	assert_int_equal(nests()->home, 1);
	assert_true(bank_with("lines") >= 0);
	assert_int_equal(nests()->nest[1].bank, bank_with("others"));
	ends(pid, 0);
	brood_want(brood, 0, true, now); // nobody of its build comes: in the end it starts at home
	assert_int_equal(hear(fd, &word), 0);
	now += NESTS_COME_NS + SECOND;
	assert_int_equal(hear(fd, &word), NEST_START);
	assert_int_equal(plane.nest[0], 1);
}

static void who_was_run_gets_the_free_nest_and_seats_start_where_they_are_placed(void **state)
{
	int home = nursery(), fd = second();
	pid_t pid;

	assert_int_equal(plane.nest[4], PLANE_NEST_NONE);
	assert_int_equal(brood_place(brood, 4, 1), 0);
	pid = worker(fd, 4);
	assert_int_equal(plane.nest[4], 1);
	assert_int_equal(brood_place(brood, 4, 0), -EBUSY);
	ends(pid, 4);
	pid = worker(fd, 4); // its successor
	ends(pid, 4);
	ends(worker(home, 5), 5);
	assert_int_equal(plane.nest[5], 0);
}

static void a_seat_changes_its_nest_when_what_was_said_there_is_read(void **state)
{
	struct nest_word word;
	int home = nursery(), fd = second();
	pid_t pid = worker(home, 2);

	ring_publish(&pages[2].report_head, 5);
	ends(pid, 2);
	brood_place(brood, 2, 1);
	brood_want(brood, 2, true, now);
	assert_int_equal(hear(fd, &word), 0);
	assert_int_equal(plane.nest[2], 0);
	assert_true(brood_due(brood) < now + SECOND / 10);
	ring_publish(&couriers[2].report_tail, 5);
	now += SECOND / 100;
	assert_int_equal(hear(fd, &word), NEST_START);
	assert_int_equal(plane.nest[2], 1);
}

static void home_is_where_the_wanted_start(void **state)
{
	int home = nursery(), fd = second();

	ends(worker(home, 1), 1);
	assert_int_equal(nests_move_home(nests(), 1, why), 0);
	ends(worker(home, 1), 1); // where its predecessor came from
	ends(worker(fd, 3), 3);
	assert_int_equal(plane.nest[3], 1);
}

static void a_nest_retires_when_its_seats_are_empty(void **state)
{
	struct nest_word word;
	int home = nursery(), fd = second();
	pid_t pid;

	brood_place(brood, 4, 1);
	pid = worker(fd, 4);
	assert_int_equal(nests_retire(nests(), 0, brood_use(brood, 0), why), -EBUSY);
	assert_true(why_has("nest 0: is home"));
	assert_int_equal(nests_retire(nests(), 1, brood_use(brood, 0), why), -EBUSY);
	assert_true(why_has("nest 1: one of its seats"));
	ring_publish(&pages[4].report_head, 1);
	ends(pid, 4);
	assert_int_equal(nests_retire(nests(), 1, brood_use(brood, 1u << 4), why), -EBUSY); // wanted
	assert_int_equal(nests_retire(nests(), 1, brood_use(brood, 0), why), 0);
	assert_int_equal(hear(fd, &word), 0); // its courier has still to read a report
	assert_int_equal(nests_for(nests(), 1), PLANE_NEST_NONE);
	ring_publish(&couriers[4].report_tail, 1);
	assert_int_equal(hear(fd, &word), NEST_LEAVE);
	kill(nests()->nest[1].spawned, SIGKILL);
	close(fd);
	works_until_vacant(1);
	assert_int_equal(bank_with("others"), -1);
	assert_true(bank_with("lines") >= 0);
	assert_int_equal(hear(home, &word), 0);
	assert_int_equal(nests_load(nests(), ourself, why), 0); // there is a place again
}

static void who_does_not_leave_is_ended(void **state)
{
	struct nest_word word;
	int fd;

	nursery();
	fd = second();
	assert_int_equal(nests_retire(nests(), 1, brood_use(brood, 0), why), 0);
	assert_int_equal(hear(fd, &word), NEST_LEAVE);
	now += NESTS_LEAVE_NS + SECOND;
	assert_int_equal(hear(fd, &word), UINT32_MAX);
	works_until_vacant(1);
}

static void who_was_run_leaves_with_the_primary(void **state)
{
	struct nest_word word;
	int home = nursery(), fd = second();

	nests_close(nests());
	nests_init(nests(), nests()->part, brood_fd(brood));
	assert_int_equal(hear(fd, &word), NEST_LEAVE);
	assert_int_equal(hear(home, &word), UINT32_MAX); // another service's
}

// It came to serve under another primary, which died: nobody but this one would end it.
static void an_upgrades_nursery_leaves_too(void **state)
{
	struct nest_word word = {
		.verb = NEST_HELLO, .abi = PLANE_ABI, .pid = getpid(), .status = 1, .build = "newer", .lines = "lines"
	};
	int fd = dial();

	assert_int_equal(nest_send(fd, &word, NULL, 0), 0);
	assert_int_equal(hear(fd, &word), NEST_WELCOME);
	nests_close(nests());
	nests_init(nests(), nests()->part, brood_fd(brood));
	assert_int_equal(hear(fd, &word), NEST_LEAVE);
	close(fd);
}

static void a_second_build_is_run_once(void **state)
{
	nursery();
	second();
	assert_int_equal(nests_load(nests(), ourself, why), -EBUSY);
	assert_true(why_has("nest: both are in use"));
}

static void who_ends_before_it_is_ready_says_how(void **state)
{
	char failing[600];

	nursery();
	snprintf(failing, sizeof(failing), "%s/fail", dir);
	assert_int_equal(symlink(ourself, failing), 0);
	assert_int_equal(nests_load(nests(), failing, why), -EPERM); // a link is no file
	assert_true(why_has("path") && why_has("not a regular file"));
	unlink(failing);
	((struct brood_parts *)(uintptr_t)nests()->part)->config = "fail";
	assert_int_equal(nests_load(nests(), ourself, why), 0);
	works_until_vacant(1);
	assert_non_null(strstr(nests()->nest[1].error, "left with 7 before it was ready"));
}

static void touch(const char *path, mode_t mode)
{
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	chmod(path, mode);
}

static void what_others_could_change_is_not_run(void **state)
{
	char path[160], folder[128];

	assert_int_equal(nests_load(nests(), "bin/nursery", why), -EPERM);
	assert_true(why_has("not absolute"));
	assert_int_equal(nests_load(nests(), "", why), -EPERM);
	assert_int_equal(nests_load(nests(), "/nowhere/nursery", why), -EPERM);
	assert_true(why_has("No such file"));
	assert_int_equal(nests_load(nests(), dir, why), -EPERM);
	assert_true(why_has("not a regular file"));
	snprintf(folder, sizeof(folder), "%s/folder", dir);
	snprintf(path, sizeof(path), "%s/nursery", folder);
	mkdir(folder, 0755);
	touch(path, 0600);
	assert_int_equal(nests_load(nests(), path, why), -EPERM);
	assert_true(why_has("can't be executed"));
	touch(path, 0775);
	assert_int_equal(nests_load(nests(), path, why), -EPERM);
	assert_true(why_has("can be written by others"));
	touch(path, 0755);
	chmod(folder, 0777);
	assert_int_equal(nests_load(nests(), path, why), -EPERM);
	assert_true(why_has("folder"));
	chmod(folder, 0755);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 1, 1), 0);
		assert_int_equal(nests_load(nests(), path, why), -EPERM);
		assert_true(why_has("belongs to somebody else"));
		assert_int_equal(chown(path, 0, 0), 0);
	}
	assert_int_equal(nests_load(nests(), path, why), -ENOEXEC); // empty
	assert_true(nursery_vacant(&nests()->nest[1]));
	unlink(path);
	rmdir(folder);
}

// What nests_load has run: nothing of the primary's may have come along.
static int be_a_nursery(const char *config)
{
	struct pollfd parent = { STDERR_FILENO, 0, 0 };
	sigset_t blocked;

	if (!strcmp(config, "fail"))
		return 7;
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 8;
	if (sigismember(&blocked, SIGTERM) || getenv("NOTIFY_SOCKET"))
		return 9;
	for (pid_t primary = getppid(); getppid() == primary;) // until we are killed, or orphaned
		poll(&parent, 0, 100);
	return 0;
}

static void what_is_run_brings_nothing_along(void **state)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setenv("NOTIFY_SOCKET", "/nowhere", 1);
	nursery();
	second();
	unsetenv("NOTIFY_SOCKET");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	assert_int_equal(poll(&(struct pollfd){ nests()->nest[1].process, POLLIN, 0 }, 1, 300),
			 0); // it would have left with 8 or 9
	assert_int_equal(nests_retire(nests(), 1, brood_use(brood, 0), why), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(the_next_of_a_build_finds_its_workers),
		TEST(an_upgrades_nursery_leaves_too),
		TEST(another_build_takes_a_home_where_nobody_lives),
		TEST(beside_old_workers_another_build_makes_its_own_home),
		TEST(who_was_run_gets_the_free_nest_and_seats_start_where_they_are_placed),
		TEST(a_seat_changes_its_nest_when_what_was_said_there_is_read),
		TEST(home_is_where_the_wanted_start),
		TEST(a_nest_retires_when_its_seats_are_empty),
		TEST(who_does_not_leave_is_ended),
		TEST(who_was_run_leaves_with_the_primary),
		TEST(a_second_build_is_run_once),
		TEST(who_ends_before_it_is_ready_says_how),
		TEST(what_others_could_change_is_not_run),
		TEST(what_is_run_brings_nothing_along),
	};

	if (argc == 4 && !strcmp(argv[1], "--config") && !strcmp(argv[3], "--upgrade"))
		return be_a_nursery(argv[2]);
	if (readlink("/proc/self/exe", ourself, sizeof(ourself) - 1) < 0)
		return 1;
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
