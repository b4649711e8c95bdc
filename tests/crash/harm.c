// harm.c - ends, or stops, a worker in one of all the ways a process can end, at whatever instruction it is, and says how long it
// took until it was gone.
//
//   harm WAY PID...    WAY: kill segv bus ill fpe abort exit loop stop oom hold; several PIDs are harmed at the same moment
//
// What comes from inside (all but kill, stop) is done with ptrace: the worker's own registers or text are bent, then it is let
// go; it then faults, or calls, by itself. `hold` traces it for HARM_HOLD_MS and lets it go unharmed. `oom` puts it into a memory
// cgroup with less than it has, or says that there is none. Prints "PID WAY MICROSECONDS" when it is gone; exit 1: it still
// lives after ten seconds; 77: cannot be done on this host.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HARM_PIDS 8
#define HARM_GONE_MS 10000
#define HARM_HOLD_MS 500
#define HARM_OOM_BYTES (32u << 20)

static pid_t hog_pid;
static char hog_dir[128];

static int fail(const char *what)
{
	fprintf(stderr, "harm: %s: %s\n", what, strerror(errno));
	return 1;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

// ---- From inside

// Two bytes of text where it is, or where it goes on.
static int text_bend(pid_t pid, const struct user_regs_struct *regs, const uint8_t code[2])
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, (void *)regs->rip, NULL);
	if (errno)
		return -1;
	memcpy(&word, code, 2);
	return (int)ptrace(PTRACE_POKETEXT, pid, (void *)regs->rip, (void *)word);
}

// It is in a system call: that shall not be begun again, with registers that are ours by now.
static void call_forget(struct user_regs_struct *regs)
{
	regs->orig_rax = (unsigned long long)-1;
}

// The call's number and its first three arguments.
static int call_bend(pid_t pid, struct user_regs_struct *regs, const long call[4])
{
	static const uint8_t syscall_code[2] = { 0x0f, 0x05 };

	if (text_bend(pid, regs, syscall_code))
		return -1;
	call_forget(regs);
	regs->rax = (unsigned long long)call[0];
	regs->rdi = (unsigned long long)call[1];
	regs->rsi = (unsigned long long)call[2];
	regs->rdx = (unsigned long long)call[3];
	return (int)ptrace(PTRACE_SETREGS, pid, NULL, regs);
}

static int code_bend(pid_t pid, struct user_regs_struct *regs, uint8_t first, uint8_t second)
{
	const uint8_t code[2] = { first, second };

	call_forget(regs);
	regs->rcx = 0; // what it divides by
	return text_bend(pid, regs, code) ? -1 : (int)ptrace(PTRACE_SETREGS, pid, NULL, regs);
}

static int bend(pid_t pid, const char *way)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		return -1;
	if (!strcmp(way, "segv")) {
		call_forget(&regs);
		regs.rip = 8;
		return (int)ptrace(PTRACE_SETREGS, pid, NULL, &regs);
	}
	if (!strcmp(way, "ill"))
		return code_bend(pid, &regs, 0x0f, 0x0b); // ud2
	if (!strcmp(way, "fpe"))
		return code_bend(pid, &regs, 0xf7, 0xf1); // div ecx
	if (!strcmp(way, "loop"))
		return code_bend(pid, &regs, 0xeb, 0xfe); // jump to itself
	if (!strcmp(way, "exit"))
		return call_bend(pid, &regs, (const long[4]){ SYS_exit_group, 3 });
	if (!strcmp(way, "abort"))
		return call_bend(pid, &regs, (const long[4]){ SYS_tgkill, pid, pid, SIGABRT });
	if (!strcmp(way, "bus"))
		return call_bend(pid, &regs, (const long[4]){ SYS_tgkill, pid, pid, SIGBUS });
	return !strcmp(way, "hold") ? 0 : (errno = EINVAL, -1);
}

static int inside(pid_t pid, const char *way)
{
	int status;

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL))
		return fail("attach");
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return fail("wait");
	if (!strcmp(way, "hold"))
		usleep(HARM_HOLD_MS * 1000);
	if (bend(pid, way))
		return fail(way);
	return ptrace(PTRACE_DETACH, pid, NULL, NULL) ? fail("detach") : 0;
}

// ---- From outside

static int file_write(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *file;
	int failed;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	if (!file)
		return -1;
	failed = fputs(text, file) < 0;
	return fclose(file) || failed ? -1 : 0;
}

static const struct group {
	const char *root, *limit;
} groups[] = { { "/sys/fs/cgroup/memory", "memory.limit_in_bytes" }, { "/sys/fs/cgroup", "memory.max" } };

// Takes more memory than there is; the other one in the group is killed for it first.
static void hog(const char *dir)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", (int)getpid());
	if (file_write(dir, "cgroup.procs", text))
		_exit(77);
	for (size_t taken = 0; taken < 4 * HARM_OOM_BYTES; taken += 65536)
		memset(malloc(65536), 1, 65536);
	pause();
}

static int oom_first(pid_t pid)
{
	char dir[32];

	snprintf(dir, sizeof(dir), "/proc/%d", (int)pid);
	return file_write(dir, "oom_score_adj", "1000");
}

static int oom_in(const struct group *group, pid_t pid)
{
	char dir[128], text[32];

	snprintf(dir, sizeof(dir), "%s/shoal-harm-%d", group->root, (int)getpid());
	if (mkdir(dir, 0700) && errno != EEXIST)
		return 77;
	snprintf(text, sizeof(text), "%u", HARM_OOM_BYTES);
	if (file_write(dir, group->limit, text))
		return 77;
	snprintf(text, sizeof(text), "%d", (int)pid);
	if (file_write(dir, "cgroup.procs", text) || oom_first(pid))
		return 77;
	hog_pid = fork();
	if (!hog_pid)
		hog(dir);
	snprintf(hog_dir, sizeof(hog_dir), "%s", dir);
	return hog_pid < 0 ? fail("fork") : 0;
}

// The kernel is out of memory, in a group that the worker shares with a process that wants ever more.
static int oom(pid_t pid)
{
	int code = 77;

	for (unsigned i = 0; code == 77 && i < sizeof(groups) / sizeof(*groups); i++)
		code = oom_in(&groups[i], pid);
	return code;
}

static void oom_over(void)
{
	if (hog_pid <= 0)
		return;
	kill(hog_pid, SIGKILL);
	waitpid(hog_pid, NULL, 0);
	rmdir(hog_dir);
}

static int harm(pid_t pid, const char *way)
{
	if (!strcmp(way, "kill"))
		return kill(pid, SIGKILL) ? fail(way) : 0;
	if (!strcmp(way, "stop"))
		return kill(pid, SIGSTOP) ? fail(way) : 0;
	return !strcmp(way, "oom") ? oom(pid) : inside(pid, way);
}

// ---- How long it took

static int gone(int pidfd, pid_t pid, const char *way, uint64_t from_us)
{
	struct pollfd fd = { pidfd, POLLIN, 0 };

	if (poll(&fd, 1, HARM_GONE_MS) <= 0) {
		fprintf(stderr, "harm: %d still lives\n", (int)pid);
		return 1;
	}
	printf("%d %s %llu\n", (int)pid, way, (unsigned long long)(now_us() - from_us));
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t from_us[HARM_PIDS];
	int pidfd[HARM_PIDS], n = argc - 2, code = 0;

	if (n < 1 || n > HARM_PIDS) {
		fputs("usage: harm WAY PID...\n", stderr);
		return 2;
	}
	for (int i = 0; i < n; i++) {
		pidfd[i] = (int)syscall(SYS_pidfd_open, atoi(argv[i + 2]), 0);
		if (pidfd[i] < 0)
			return fail(argv[i + 2]);
	}
	for (int i = 0; i < n && !code; i++) {
		from_us[i] = now_us();
		code = harm(atoi(argv[i + 2]), argv[1]);
	}
	if (code || !strcmp(argv[1], "hold"))
		return code;
	for (int i = 0; i < n; i++)
		code |= gone(pidfd[i], atoi(argv[i + 2]), argv[1], from_us[i]);
	oom_over();
	return code;
}
