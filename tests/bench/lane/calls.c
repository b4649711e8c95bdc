// calls.c - how often the packets' way calls the system: primary and worker by turns under load (played.h), while every call is caught.
//
//   bench-calls SECONDS [yield]     yield: the worker does so with each burst, as no build of ours may
//
// A fork runs them under a filter that turns each call into a signal, which counts it. Ends with 1 if there was any but the look for the
// primary that a worker takes once a second, or too few packets; with 77 where there are no filters.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include "shared/base/clock.h"
#include "tests/bench/lane/played.h"
#include "tests/bench/lane/worker.h"

#define CALLS 512u
#define TURN_NS 10000u // by the primary's clock: a hundred turns between two housekeepings
#define PACKETS 100000u
#define SKIPPED 77

static struct seen {
	unsigned long packets, seconds, of[CALLS];
} * seen; // shared with the fork

static void caught(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	seen->of[(unsigned)info->si_syscall % CALLS]++;
	at->uc_mcontext.gregs[REG_RAX] = 0; // as if done
}

// All but the return from that signal, and the end.
static int calls_catch(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };

	return sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void load(unsigned seconds)
{
	uint64_t hz = clock_hz(), begin = clock_ticks(), end = begin + seconds * hz;

	if (calls_catch())
		_exit(SKIPPED);
	while (clock_ticks() < end || played_forwarded() < PACKETS) {
		played.now_ns += TURN_NS;
		played_offer(NIC_BURST, NIC_BURST);
		played_turn();
		worker_house();
	}
	seen->packets = played_forwarded();
	seen->seconds = (clock_ticks() - begin) / hz;
	_exit(0);
}

static int judge(void)
{
	unsigned long others = 0;

	for (unsigned i = 0; i < CALLS; i++)
		others += i == SYS_poll ? 0 : seen->of[i];
	printf("%lu packets in %lu seconds: %lu system calls (goal 0), and %lu looks for the primary\n", seen->packets,
	       seen->seconds, others, seen->of[SYS_poll]);
	for (unsigned i = 0; i < CALLS; i++)
		if (seen->of[i])
			printf("call number %u: %lu\n", i, seen->of[i]);
	return others > 0 || !seen->of[SYS_poll] || seen->of[SYS_poll] > seen->seconds + 1;
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
	int status;
	pid_t pid;

	if (!seconds)
		return 2;
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return 1;
	played_open();
	if (argc > 2)
		worker_harm(WORKER_YIELDS);
	pid = fork();
	if (pid == 0)
		load(seconds);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	return WEXITSTATUS(status) ? WEXITSTATUS(status) : judge();
}
