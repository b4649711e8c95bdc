// sandbox.c - two lists of system calls, made into seccomp filters. No state.
#include "workers/fork/sandbox.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS_MAX 64u
#define COUNT(array) (sizeof(array) / sizeof *(array))

enum only { ANY, FIRST_IS_OURSELVES, FIRST_IS_LOCAL_SOCKET };

struct call {
	uint32_t number;
	enum only only; // what its first argument must be
};

// Sleeping and ringing bells; looking for the primary; dying of a fault, and telling of it.
static const struct call worker_calls[] = {
	{ SYS_poll, ANY },          { SYS_ppoll, ANY },        { SYS_read, ANY },
	{ SYS_write, ANY },         { SYS_sched_yield, ANY },  { SYS_restart_syscall, ANY },
	{ SYS_clock_gettime, ANY }, { SYS_rt_sigreturn, ANY }, { SYS_rt_sigprocmask, ANY },
	{ SYS_getpid, ANY },        { SYS_gettid, ANY },       { SYS_tgkill, FIRST_IS_OURSELVES },
	{ SYS_exit_group, ANY },
};

// The same, and what it takes to dial a local socket again and again.
static const struct call courier_calls[] = {
	{ SYS_poll, ANY },          { SYS_ppoll, ANY },        { SYS_read, ANY },
	{ SYS_write, ANY },         { SYS_sched_yield, ANY },  { SYS_restart_syscall, ANY },
	{ SYS_clock_gettime, ANY }, { SYS_rt_sigreturn, ANY }, { SYS_rt_sigprocmask, ANY },
	{ SYS_getpid, ANY },        { SYS_gettid, ANY },       { SYS_tgkill, FIRST_IS_OURSELVES },
	{ SYS_exit_group, ANY },    { SYS_brk, ANY },          { SYS_socket, FIRST_IS_LOCAL_SOCKET },
	{ SYS_connect, ANY },       { SYS_sendto, ANY },       { SYS_recvfrom, ANY },
	{ SYS_close, ANY },
};
_Static_assert(COUNT(courier_calls) <= CALLS_MAX, "the filter has room");

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, n)
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, action)

static uint32_t wanted(enum only only)
{
	if (only == FIRST_IS_OURSELVES)
		return (uint32_t)getpid();
	return AF_UNIX;
}

// The instructions for one call; the accumulator holds the call's number before and, if it is another one, after them.
static unsigned call_write(struct sock_filter *at, const struct call *call)
{
	const struct sock_filter allowed[] = { SKIP_UNLESS(call->number, 1), ANSWER(SECCOMP_RET_ALLOW) };
	const struct sock_filter judged[] = {
		SKIP_UNLESS(call->number, 4),       LOAD(args[0]),
		SKIP_UNLESS(wanted(call->only), 1), ANSWER(SECCOMP_RET_ALLOW),
		ANSWER(SECCOMP_RET_TRAP),
	};
	unsigned n = call->only == ANY ? COUNT(allowed) : COUNT(judged);

	for (unsigned i = 0; i < n; i++)
		at[i] = call->only == ANY ? allowed[i] : judged[i];
	return n;
}

// Numbers mean something else to a 32-bit caller: those are refused before they are looked at.
static int filter_install(const struct call *calls, unsigned count)
{
	struct sock_filter filter[8 + 5 * CALLS_MAX] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		ANSWER(SECCOMP_RET_TRAP),
		LOAD(nr),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	for (unsigned i = 0; i < count; i++)
		program.len = (unsigned short)(program.len + call_write(filter + program.len, &calls[i]));
	filter[program.len++] = (struct sock_filter)ANSWER(SECCOMP_RET_TRAP);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) ? -errno : 0;
}

// Signal-safe: no printf.
void sandbox_tell(const siginfo_t *info)
{
	char text[] = "shoal: sandbox: system call 000 refused\n";
	char *digit = text + sizeof("shoal: sandbox: system call 000") - 2;

	for (int number = info->si_syscall; number && *digit == '0'; number /= 10)
		*digit-- = (char)('0' + number % 10);
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		return; // nobody to tell
}

static void refused(int number, siginfo_t *info, void *context)
{
	sandbox_tell(info);
	raise(number);
}

int sandbox_worker(void)
{
	return filter_install(worker_calls, COUNT(worker_calls));
}

void sandbox_courier_heap(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
}

int sandbox_courier(void)
{
	struct sigaction action = { .sa_sigaction = refused, .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND) };

	sigaction(SIGSYS, &action, NULL);
	return filter_install(courier_calls, COUNT(courier_calls));
}
