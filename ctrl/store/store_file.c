// store_file.c - doors, lock, making and checking of the store's file. No state but the descriptor the caller keeps.
#include "ctrl/store/store_file.h"
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "shared/base/log.h"

#define NEW_NAME "new"

struct paths {
	char file[300], new_dir[300], new_file[320];
};

static struct paths paths_of(const char *dir)
{
	struct paths paths;

	snprintf(paths.file, sizeof(paths.file), "%s/" STORE_FILE_NAME, dir);
	snprintf(paths.new_dir, sizeof(paths.new_dir), "%s/" NEW_NAME, dir);
	snprintf(paths.new_file, sizeof(paths.new_file), "%s/" NEW_NAME "/" STORE_FILE_NAME, dir);
	return paths;
}

static int dir_check(const char *dir)
{
	struct stat stat_of;

	if ((mkdir(dir, 0700) < 0 && errno != EEXIST) || stat(dir, &stat_of) < 0) {
		int error = -errno;

		log_error("store.dir", "%s: %s", dir, strerror(-error));
		return error;
	}
	if (!S_ISDIR(stat_of.st_mode) || stat_of.st_mode & 077 || stat_of.st_uid != geteuid()) {
		log_error("store.mode", "%s: must be a directory of ours with mode 0700, is %04o of uid %u", dir,
			  stat_of.st_mode & 07777, stat_of.st_uid);
		return -EACCES;
	}
	return 0;
}

// -ENOENT: there is none.
static int file_check(const char *path)
{
	struct stat stat_of;

	if (stat(path, &stat_of) < 0) {
		int error = -errno;

		if (error != -ENOENT)
			log_error("store.open", "%s: %s", path, strerror(-error));
		return error;
	}
	if (S_ISREG(stat_of.st_mode) && !(stat_of.st_mode & 077) && stat_of.st_uid == geteuid())
		return 0;
	log_error("store.mode", "%s: must be a file of ours with mode 0600, is %s%04o of uid %u", path,
		  S_ISDIR(stat_of.st_mode) ? "a directory with " : "", stat_of.st_mode & 07777, stat_of.st_uid);
	return -EACCES;
}

static int empty_write(const char *dir)
{
	MDB_env *env;
	int code = mdb_env_create(&env);

	if (code)
		return code;
	code = mdb_env_open(env, dir, MDB_NOLOCK, 0600);
	if (!code)
		code = mdb_env_sync(env, 1);
	mdb_env_close(env);
	return code;
}

static int dir_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;

	if (fd < 0)
		return errno;
	error = fsync(fd) < 0 ? errno : 0;
	close(fd);
	return error;
}

// Under another name first: a file that is there is whole, so one that is empty or short has lost something.
static int file_make(const char *dir, const struct paths *paths)
{
	int code;

	unlink(paths->new_file); // of a start that was shot
	code = mkdir(paths->new_dir, 0700) < 0 && errno != EEXIST ? errno : empty_write(paths->new_dir);
	if (!code && rename(paths->new_file, paths->file) < 0)
		code = errno;
	if (!code)
		code = dir_sync(dir);
	rmdir(paths->new_dir);
	if (!code)
		log_info("store.new", "%s: a new store", paths->file);
	else
		log_error("store.open", "%s: cannot be made: %s", paths->file, mdb_strerror(code));
	return code > 0 ? -code : code ? -EIO : 0;
}

static int file_lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;

	if (!error)
		return fd;
	log_error("store.open", "%s: %s", path, error == -EWOULDBLOCK ? "another process has it" : strerror(-error));
	if (fd >= 0)
		close(fd);
	return error;
}

int store_file_open(const char *dir, struct store_checked *checked)
{
	struct paths paths = paths_of(dir);
	int fd, error = dir_check(dir);

	if (!error)
		error = file_check(paths.file);
	if (error == -ENOENT)
		error = file_make(dir, &paths);
	fd = error ? error : file_lock(paths.file);
	if (fd < 0)
		return fd;
	error = store_check(fd, paths.file, checked);
	if (!error)
		return fd;
	if (error == -EUCLEAN)
		log_error("store.damaged",
			  "%s: damaged, and left as it is. Move it away, start again and import the last export: "
			  "shoal(1), RESTORING",
			  paths.file);
	close(fd);
	return error;
}

int store_file_look(const char *dir, int fd)
{
	struct paths paths = paths_of(dir);
	struct stat there, ours;
	int try = open(paths.file, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (try < 0)
		return -errno;
	if (fstat(try, &there) < 0 || fstat(fd, &ours) < 0 || there.st_ino != ours.st_ino ||
	    there.st_dev != ours.st_dev) {
		close(try);
		return -EUCLEAN;
	}
	close(try);
	return 0;
}

bool store_file_full(int fd)
{
	struct statvfs disk;

	return !fstatvfs(fd, &disk) && !disk.f_bavail;
}
