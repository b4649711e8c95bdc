// test_log.c - the line on stderr, what is swallowed, and what is told about that; readiness words, told the same way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/notify.h"

#define SECOND_NS 1000000000u

static int caught = -1; // the file stderr goes to while a test looks at it
static int real_stderr;

static int catch_begin(void **unused)
{
	char path[] = "/tmp/shoal-test-log-XXXXXX";

	caught = mkstemp(path);
	unlink(path);
	real_stderr = dup(STDERR_FILENO);
	dup2(caught, STDERR_FILENO);
	return caught < 0;
}

static int catch_end(void **unused)
{
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(caught);
	return 0;
}

static char *caught_text(void)
{
	static char text[1 << 20];
	ssize_t length = pread(caught, text, sizeof text - 1, 0);

	assert_true(length >= 0);
	text[length] = '\0';
	return text;
}

static unsigned caught_lines(const char *part)
{
	unsigned count = 0;

	for (const char *at = caught_text(); (at = strstr(at, part)); at++)
		count++;
	return count;
}

static bool matches(const char *text, const char *pattern)
{
	regex_t regex;
	bool found;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	found = !regexec(&regex, text, 0, NULL, 0);
	regfree(&regex);
	return found;
}

static void a_line_says_when_who_and_what(void **unused)
{
	log_open("shoal-test", "info");
	log_info("port.up", "n3: link up, %d Mb/s", 1000);
	assert_true(matches(caught_text(), "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z info +"
					   "shoal-test port\\.up n3: link up, 1000 Mb/s\n$"));
}

static void levels_below_the_wanted_are_silent(void **unused)
{
	log_open("shoal-test", "warning");
	log_info("level.info", "no");
	log_warning("level.warning", "yes");
	log_error("level.error", "yes");
	log_open("shoal-test", "nonsense"); // means info
	log_debug("level.debug", "no");
	log_info("level.later", "yes");
	assert_int_equal(caught_lines("level."), 3);
	assert_int_equal(caught_lines("\n"), 3);
}

static void a_line_stays_one_line(void **unused)
{
	char big[4000];

	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	log_open("shoal-test", "info");
	log_info("line.foreign", "%s", "a\nb\x1b[2Jc");
	log_info("line.big", "%s", big);
	assert_non_null(strstr(caught_text(), "a?b?[2Jc\n"));
	assert_int_equal(caught_lines("\n"), 2);
}

static void repeats_are_swallowed_and_counted(void **unused)
{
	uint64_t start;

	log_open("shoal-test", "info");
	log_info("repeat.once", "the line that opens the second");
	start = clock_ns();
	for (unsigned i = 0; i < 50; i++)
		log_info("repeat.many", "line %u", i);
	assert_int_equal(caught_lines("repeat.many"), 10);
	log_info("repeat.other", "not affected");
	assert_int_equal(caught_lines("repeat.other"), 1);
	while (clock_ns() - start < SECOND_NS + SECOND_NS / 100)
		usleep(10000);
	log_info("repeat.many", "again");
	assert_non_null(strstr(caught_text(), "again (40 more like this)\n"));
	log_info("repeat.many", "and again");
	assert_non_null(strstr(caught_text(), "and again\n"));
}

static void *chatter(void *name)
{
	for (unsigned i = 0; i < 10; i++)
		log_info(name, "from a thread of its own, with a text long enough to be torn");
	return NULL;
}

static void lines_of_threads_do_not_mix(void **unused)
{
	static char names[8][16];
	pthread_t threads[8];

	log_open("shoal-test", "info");
	for (unsigned i = 0; i < 8; i++) {
		snprintf(names[i], sizeof names[i], "thread.%u", i);
		assert_int_equal(pthread_create(&threads[i], NULL, chatter, names[i]), 0);
	}
	for (unsigned i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(caught_lines(" from a thread of its own, with a text long enough to be torn\n"), 80);
	assert_int_equal(caught_lines("\n"), 80);
}

static void a_reader_that_leaves_stops_nobody(void **unused)
{
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		signal(SIGPIPE, SIG_DFL);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		log_open("shoal-test", "info");
		log_info("reader.gone", "nobody hears this");
		_exit(7);
	}
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

// A child that says so many lines into this end; it must come to an end.
static void child_says(int end, unsigned lines)
{
	pid_t child = fork();
	int status;

	if (!child) {
		dup2(end, STDERR_FILENO);
		alarm(10);
		log_open("shoal-test", "info");
		for (unsigned i = 0; i < lines; i++) {
			char *id = malloc(32); // none is swallowed for being said often

			snprintf(id, 32, "reader.slow%u", i % 200);
			log_info(id, "line %u, with a text that is long enough to fill what lies between the two", i);
		}
		_exit(7);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void a_reader_that_stands_still_stops_nobody(void **unused)
{
	int ends[2];
	char heard[1 << 14];
	ssize_t length;

	assert_int_equal(pipe(ends), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 8192) >= 8192);
	child_says(ends[1], 1000);
	length = read(ends[0], heard, sizeof heard);
	assert_true(length > 0 && heard[length - 1] == '\n'); // whole lines
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	child_says(ends[1], 2000);
	close(ends[0]);
	close(ends[1]);
}

static void what_found_no_reader_is_counted(void **unused)
{
	int ends[2], was = dup(STDERR_FILENO);
	char heard[8193];
	ssize_t length;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
	memset(heard, '.', sizeof heard);
	assert_int_equal(write(ends[1], heard, 4096), 4096); // full
	dup2(ends[1], STDERR_FILENO);
	log_open("shoal-test", "info");
	log_info("reader.late", "lost");
	log_info("reader.late", "lost, too");
	assert_int_equal(read(ends[0], heard, sizeof heard), 4096);
	log_info("reader.late", "here");
	length = read(ends[0], heard, sizeof heard - 1);
	dup2(was, STDERR_FILENO);
	close(was);
	close(ends[0]);
	close(ends[1]);
	assert_true(length > 0);
	heard[length] = '\0';
	assert_non_null(strstr(heard, "here (2 more like this)\n"));
}

static int manager_listen(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void assert_heard(int fd, const char *words)
{
	char heard[512] = "";

	assert_true(recv(fd, heard, sizeof heard - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(heard, words);
}

static void readiness_reaches_manager_and_log(void **unused)
{
	char dir[] = "/tmp/shoal-test-notify-XXXXXX";
	char path[64];
	int fd;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/sock", dir);
	fd = manager_listen(path);
	log_open("shoal-test", "info");
	notify_status("waiting for hugepages");
	notify_waiting("waiting for the primary");
	notify_waiting("waiting for the primary");
	notify_ready("serving");
	notify_stopping();
	assert_heard(fd, "STATUS=waiting for hugepages");
	assert_heard(fd, "READY=1\nSTATUS=waiting for the primary");
	assert_heard(fd, "READY=1\nSTATUS=serving");
	assert_heard(fd, "STOPPING=1");
	assert_int_equal(recv(fd, path, 1, MSG_DONTWAIT), -1);
	assert_int_equal(caught_lines("waiting for the primary"), 1);
	assert_int_equal(caught_lines("process.ready serving"), 1);
	close(fd);
	unlink(path);
	rmdir(dir);
	notify_status("a manager that is gone stops nobody");
	unsetenv("NOTIFY_SOCKET");
}

static void the_clock_runs_as_fast_as_it_says(void **unused)
{
	uint64_t hz = clock_hz();
	uint64_t ns = clock_ns();
	uint64_t ticks = clock_ticks();
	double ratio;

	while (clock_ns() - ns < SECOND_NS / 10)
		;
	ratio = (double)(clock_ticks() - ticks) / (double)hz / ((double)(clock_ns() - ns) / SECOND_NS);
	assert_true(ratio > 0.99 && ratio < 1.01);
}

#define CATCHING(test) cmocka_unit_test_setup_teardown(test, catch_begin, catch_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CATCHING(a_line_says_when_who_and_what),
		CATCHING(levels_below_the_wanted_are_silent),
		CATCHING(a_line_stays_one_line),
		CATCHING(repeats_are_swallowed_and_counted),
		CATCHING(lines_of_threads_do_not_mix),
		cmocka_unit_test(a_reader_that_leaves_stops_nobody),
		cmocka_unit_test(a_reader_that_stands_still_stops_nobody),
		cmocka_unit_test(what_found_no_reader_is_counted),
		CATCHING(readiness_reaches_manager_and_log),
		cmocka_unit_test(the_clock_runs_as_fast_as_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
