// once.c - a lock file that says who runs here. The kernel drops the lock with its holder, so no file is ever stale.
#include "shared/base/once.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// Creates dir with its missing parents; only dir itself is private to us.
static int dir_make(const char *dir)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof path, "%s", dir);

	if (length < 0 || (size_t)length >= sizeof path)
		return -ENAMETOOLONG;
	for (char *slash = path + 1; length && *slash; slash++) {
		if (*slash != '/')
			continue;
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int pid_read(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof text - 1, 0) > 0 ? atoi(text) : 0;
}

static int pid_write(int fd)
{
	char text[16];
	int length = snprintf(text, sizeof text, "%d\n", (int)getpid());

	if (ftruncate(fd, 0) < 0)
		return -errno;
	return pwrite(fd, text, (size_t)length, 0) == length ? 0 : -EIO;
}

static int lock_take(int fd, int *pid)
{
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return pid_write(fd);
	if (errno != EWOULDBLOCK)
		return -errno;
	*pid = pid_read(fd);
	return -EEXIST;
}

int once_take(const char *dir, const char *name, int *pid)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof path, "%s/%s.lock", dir, name);
	int error = dir_make(dir);
	int fd;

	*pid = 0;
	if (error)
		return error;
	if (length < 0 || (size_t)length >= sizeof path)
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	error = lock_take(fd, pid);
	if (!error)
		return fd;
	close(fd);
	return error;
}
