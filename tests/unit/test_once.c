// test_once.c - a second one is refused and told who is first; a lock dies with its holder, however that ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shared/base/once.h"

static char top[64], dir[80], file[120];

static int place_make(void **unused)
{
	snprintf(top, sizeof top, "/tmp/shoal-test-once-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	snprintf(dir, sizeof dir, "%s/run", top);
	snprintf(file, sizeof file, "%s/it.lock", dir);
	return 0;
}

static int place_clear(void **unused)
{
	unlink(file);
	rmdir(dir);
	rmdir(top);
	return 0;
}

static void a_second_one_is_refused(void **unused)
{
	struct stat info;
	int pid = -1;
	int first = once_take(dir, "it", &pid);

	assert_true(first >= 0);
	assert_int_equal(stat(dir, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	assert_int_equal(once_take(dir, "it", &pid), -EEXIST);
	assert_int_equal(pid, getpid());
	close(first);
	first = once_take(dir, "it", &pid);
	assert_true(first >= 0);
	close(first);
}

static void names_are_apart(void **unused)
{
	char other[120];
	int pid;
	int first = once_take(dir, "it", &pid);
	int second = once_take(dir, "other", &pid);

	assert_true(first >= 0 && second >= 0);
	close(first);
	close(second);
	snprintf(other, sizeof other, "%s/other.lock", dir);
	unlink(other);
}

// The child holds the lock until it is killed; the pipe tells when it has it.
static pid_t holder_start(int *told)
{
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		int pid;
		char taken = once_take(dir, "it", &pid) >= 0;

		if (write(ends[1], &taken, 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ends[1]);
	*told = ends[0];
	return child;
}

static void a_killed_holder_holds_nothing(void **unused)
{
	char taken = 0;
	int told, pid, fd;
	pid_t child = holder_start(&told);

	assert_int_equal(read(told, &taken, 1), 1);
	assert_int_equal(taken, 1);
	assert_int_equal(once_take(dir, "it", &pid), -EEXIST);
	assert_int_equal(pid, child);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	fd = once_take(dir, "it", &pid);
	assert_true(fd >= 0);
	close(fd);
	close(told);
}

static void a_place_that_cannot_be_is_an_error(void **unused)
{
	char under[160];
	int pid;
	int fd = once_take(dir, "it", &pid);

	snprintf(under, sizeof under, "%s/run", file); // below a file
	assert_int_equal(once_take(under, "it", &pid), -ENOTDIR);
	assert_int_equal(pid, 0);
	close(fd);
}

static void a_link_in_the_lock_s_place_is_not_followed(void **unused)
{
	int pid;

	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(symlink("/dev/null", file), 0);
	assert_int_equal(once_take(dir, "it", &pid), -ELOOP);
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, place_make, place_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACED(a_second_one_is_refused),
		PLACED(names_are_apart),
		PLACED(a_killed_holder_holds_nothing),
		PLACED(a_place_that_cannot_be_is_an_error),
		PLACED(a_link_in_the_lock_s_place_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
