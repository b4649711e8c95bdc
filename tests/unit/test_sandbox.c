// test_sandbox.c - a fork that has shut itself in tries every system call there is; nothing but the few it needs comes through.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "shared/base/account.h"
#include "workers/fork/sandbox.h"

#define CALLS 470     // what this kernel may know
#define URETPROBE 335 // and the next: kept out of filters' sight by the kernel, which lets none but its own code in
#define NOBODY 65534

struct asked {
	long number, arguments[4];
};

// What becomes of a fork that shuts itself in and asks for that: a wait status.
static int asks(int (*sandbox)(void), struct asked asked)
{
	struct rlimit none = { 0, 0 };
	int status;
	pid_t pid = fork();

	if (!pid) {
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSYS, SIG_DFL); // cmocka's handler would come back
		close(STDERR_FILENO);
		if (sandbox())
			_exit(99);
		syscall(asked.number, asked.arguments[0], asked.arguments[1], asked.arguments[2], asked.arguments[3]);
		syscall(SYS_exit_group, 7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool refused(int (*sandbox)(void), struct asked asked)
{
	int status = asks(sandbox, asked);

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static bool comes_back(int (*sandbox)(void), struct asked asked)
{
	int status = asks(sandbox, asked);

	return WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

static bool is_one_of(long number, const long *numbers, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

static void a_worker_has_thirteen_calls(void **state)
{
	static const long allowed[] = { SYS_poll,         SYS_ppoll,          SYS_read,
					SYS_write,        SYS_sched_yield,    SYS_clock_gettime,
					SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_restart_syscall,
					SYS_getpid,       SYS_gettid,         SYS_tgkill,
					SYS_exit_group };

	for (long number = 0; number < CALLS; number++)
		if (number != URETPROBE && number != URETPROBE + 1 &&
		    !is_one_of(number, allowed, sizeof(allowed) / sizeof(allowed[0])))
			assert_true(refused(sandbox_worker, (struct asked){ number, { -1, -1, -1, -1 } }));
	assert_true(comes_back(sandbox_worker, (struct asked){ SYS_sched_yield, { 0 } }));
	assert_true(comes_back(sandbox_worker, (struct asked){ SYS_write, { -1, 0, 0 } }));
}

static void both_signal_themselves_alone(void **state)
{
	int (*const sandboxes[])(void) = { sandbox_worker, sandbox_courier };

	for (unsigned i = 0; i < 2; i++) {
		assert_true(refused(sandboxes[i], (struct asked){ SYS_tgkill, { getpid(), getpid(), 0 } }));
		assert_true(refused(sandboxes[i], (struct asked){ SYS_kill, { getpid(), 0 } }));
	}
}

static void a_courier_opens_and_maps_and_starts_nothing(void **state)
{
	static const long never[] = { SYS_open,   SYS_openat, SYS_creat,  SYS_mmap,  SYS_munmap, SYS_mprotect,
				      SYS_mremap, SYS_execve, SYS_fork,   SYS_vfork, SYS_clone,  SYS_clone3,
				      SYS_ptrace, SYS_kill,   SYS_setuid, SYS_bind,  SYS_listen, SYS_ioctl,
				      SYS_unlink, SYS_rename, SYS_chmod,  SYS_mount, SYS_bpf,    SYS_openat2,
				      SYS_dup2,   SYS_accept4 };

	for (unsigned i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_true(refused(sandbox_courier, (struct asked){ never[i], { -1, -1, -1, -1 } }));
	assert_true(refused(sandbox_courier, (struct asked){ SYS_socket, { AF_INET, SOCK_STREAM, 0 } }));
	assert_true(refused(sandbox_courier, (struct asked){ SYS_prctl, { PR_SET_DUMPABLE, 1 } }));
	assert_true(comes_back(sandbox_courier, (struct asked){ SYS_socket, { AF_UNIX, SOCK_STREAM, 0 } }));
}

// Another way in: the x32 ABI has a call of its own for each number.
static void numbers_of_another_kind_are_refused(void **state)
{
	assert_true(refused(sandbox_worker, (struct asked){ 0x40000000 | SYS_getpid, { 0 } }));
}

static int nobody(void)
{
	const struct account account = { true, NOBODY, NOBODY };

	if (account_become(&account) || geteuid() != NOBODY || getegid() != NOBODY || getgroups(0, NULL))
		return -1;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || setuid(0) == 0 || setgid(0) == 0;
}

static void an_account_is_for_good(void **state)
{
	if (geteuid())
		skip();
	assert_true(comes_back(nobody, (struct asked){ SYS_getpid, { 0 } }));
}

static void an_account_has_a_name_or_a_number(void **state)
{
	struct account account;

	assert_int_equal(account_find("nobody", &account), 0);
	assert_true(account.given && account.uid == NOBODY);
	assert_int_equal(account_find("1234", &account), 0);
	assert_int_equal(account.uid, 1234);
	assert_int_equal(account_find("", &account), 0);
	assert_false(account.given);
	assert_int_equal(account_find("nobody-at-all", &account), -2); // -ENOENT
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_has_thirteen_calls),
		cmocka_unit_test(both_signal_themselves_alone),
		cmocka_unit_test(a_courier_opens_and_maps_and_starts_nothing),
		cmocka_unit_test(numbers_of_another_kind_are_refused),
		cmocka_unit_test(an_account_is_for_good),
		cmocka_unit_test(an_account_has_a_name_or_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
