// load.c - looks at a file before it is run, and runs it. No state. The fleet thread only.
#include "primary/brood/load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOAD_ENVIRONMENT 256u

// Why who is behind this mode and owner is not to be trusted; null: he is.
static const char *load_loose(const struct stat *is)
{
	if (is->st_uid != 0 && is->st_uid != geteuid())
		return "belongs to somebody else";
	return is->st_mode & (S_IWGRP | S_IWOTH) ? "can be written by others" : NULL;
}

static const char *load_fault_folder(const char *path)
{
	char folder[PATH_MAX];
	struct stat is;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path + 1), path);
	if (stat(folder, &is))
		return strerror(errno);
	return load_loose(&is) ? "its folder belongs to, or can be written by, others" : NULL;
}

static const char *load_fault(const char *path)
{
	struct stat is;
	const char *loose;

	if (path[0] != '/')
		return "not absolute";
	if (strlen(path) >= PATH_MAX)
		return "too long";
	if (lstat(path, &is))
		return strerror(errno);
	if (!S_ISREG(is.st_mode))
		return "not a regular file";
	loose = load_loose(&is);
	if (loose)
		return loose;
	return access(path, X_OK) ? "can't be executed" : load_fault_folder(path);
}

int load_check(const char *path, char *why, size_t why_bytes)
{
	const char *fault = load_fault(path);

	if (fault)
		snprintf(why, why_bytes, "path %.120s: %s", path, fault);
	return fault ? -EPERM : 0;
}

// What a service manager said to us is not for the child.
static bool load_ours_alone(const char *variable)
{
	static const char *const ours[] = { "NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_" };

	for (unsigned i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strncmp(variable, ours[i], strlen(ours[i])))
			return true;
	return false;
}

static void load_environment(char **list)
{
	unsigned n = 0;

	for (char **from = environ; *from && n < LOAD_ENVIRONMENT - 1; from++)
		if (!load_ours_alone(*from))
			list[n++] = *from;
	list[n] = NULL;
}

static int load_prepare(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions)
{
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setsigmask(attributes, &none) || posix_spawnattr_setsigdefault(attributes, &all) ||
		posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) ||
		posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) ||
		posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) ||
		posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	return error ? -ENOMEM : 0;
}

// Its exit could not be seen: better none than that.
static int load_undo(int32_t pid)
{
	int error = -errno;

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return error;
}

int load_run(const char *path, const char *config, int32_t *pid, int *pidfd)
{
	char *arguments[] = { (char *)path, "--config", (char *)config, "--upgrade", NULL };
	char *environment[LOAD_ENVIRONMENT];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	load_environment(environment);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_init(&actions);
	error = load_prepare(&attributes, &actions);
	if (!error)
		error = -posix_spawn(pid, path, &actions, &attributes, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (error)
		return error;
	*pidfd = (int)syscall(SYS_pidfd_open, *pid, 0); // close-on-exec by itself
	return *pidfd < 0 ? load_undo(*pid) : 0;
}
