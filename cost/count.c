// count.c - single-steps a child between two stops that it calls itself. State: none but the child, gone on return.
#include "cost/count.h"
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS_MAX 2000000u

static void nothing(void *with)
{
}

static void child_run(count_work *work, void *with)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(1);
	raise(SIGSTOP);
	work(with);
	raise(SIGSTOP);
	_exit(0);
}

static bool stopped_by(pid_t child, int signal)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFSTOPPED(status) && WSTOPSIG(status) == signal;
}

// Steps from the child's first stop to its second.
static uint64_t steps(pid_t child)
{
	int status;

	if (!stopped_by(child, SIGSTOP))
		return 0;
	for (uint64_t n = 0; n < STEPS_MAX; n++) {
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) || waitpid(child, &status, 0) != child ||
		    !WIFSTOPPED(status))
			return 0;
		if (WSTOPSIG(status) == SIGSTOP)
			return n;
	}
	return 0;
}

static uint64_t count_all(count_work *work, void *with)
{
	pid_t child = fork();
	uint64_t n;

	if (child < 0)
		return 0;
	if (child == 0)
		child_run(work, with);
	n = steps(child);
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) == child)
		;
	return n;
}

// What the two stops themselves take is counted alone and taken off.
uint64_t count_instructions(count_work *work, void *with)
{
	uint64_t all = count_all(work, with), frame = count_all(nothing, NULL);

	return all > frame ? all - frame : 0;
}
