// modes.c - see modes.h. No state; looks at the file system and says what it finds.
#include "shared/base/modes.h"
#include <errno.h>
#include <limits.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shared/base/account.h"
#include "shared/base/log.h"

#define SHARED (S_ISGID | S_ISVTX)
#define SHARED_MODE 03770

static int too_open(const char *path, const struct stat *found, const char *what)
{
	log_error("modes.open", "%s: mode %04o, owner %u: %s", path, (unsigned)found->st_mode & 07777,
		  (unsigned)found->st_uid, what);
	return -EACCES;
}

static bool is_ours(const struct stat *found)
{
	return !found->st_uid || found->st_uid == geteuid();
}

static int folder_make(const char *path, enum modes_who who, gid_t group)
{
	static const mode_t modes[] = { [MODES_PRIVATE] = 0700, [MODES_GROUP_ENTERS] = 0750, [MODES_ALL_ENTER] = 0711 };

	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (who == MODES_GROUP_ENTERS && chown(path, (uid_t)-1, group) < 0)
		return -errno;
	return chmod(path, modes[who]) < 0 ? -errno : 0;
}

static int folder_check(const char *path, const struct stat *found, enum modes_who who)
{
	bool shared = (found->st_mode & SHARED) == SHARED;

	if (!S_ISDIR(found->st_mode))
		return -ENOTDIR;
	if (!is_ours(found))
		return too_open(path, found, "it belongs to somebody else, who can put anything there");
	if (found->st_mode & S_IWOTH || (found->st_mode & S_IWGRP && !shared))
		return too_open(path, found, "others can put anything there");
	if (who == MODES_PRIVATE && (found->st_mode & S_IRWXO || (found->st_mode & S_IRWXG && !shared)))
		return too_open(path, found, "others can enter; it must be 0700, or 3770 for a group of Shoal's own");
	if (who == MODES_GROUP_ENTERS && found->st_mode & S_IRWXO)
		return too_open(path, found, "more than the group can enter");
	return 0;
}

int modes_folder(const char *path, enum modes_who who, gid_t group)
{
	struct stat found;
	int error = folder_make(path, who, group);

	if (!error && lstat(path, &found) < 0)
		error = -errno;
	if (!error)
		return folder_check(path, &found, who);
	log_error("modes.folder", "%s: %s", path, strerror(-error));
	return error;
}

int modes_unwritable(const char *path)
{
	struct stat found;

	if (stat(path, &found) < 0) {
		log_error("modes.file", "%s: %s", path, strerror(errno));
		return -errno;
	}
	if (!is_ours(&found))
		return too_open(path, &found, "it belongs to somebody else, who can change it");
	if (found.st_mode & S_IWOTH || (found.st_mode & S_IWGRP && found.st_gid))
		return too_open(path, &found, "others can change it");
	return 0;
}

// Shared: root's, of the group of ctrl's user, which ctrl and the courier have.
static int share(const char *path, const char *user)
{
	struct account account;
	struct stat found;
	int error = account_find(user, &account);

	if (error) {
		log_error("modes.account", "ctrl.user: there is no user '%s'", user);
		return error;
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (stat(path, &found) < 0)
		return -errno;
	// As it should be already: then no right is needed that a unit may not have.
	if (!found.st_uid && found.st_gid == account.gid && (found.st_mode & 07777) == SHARED_MODE)
		return 0;
	return chown(path, 0, account.gid) < 0 || chmod(path, SHARED_MODE) < 0 ? -errno : 0;
}

int modes_begin(const struct conf *conf)
{
	bool shares = *conf->ctrl_user && !geteuid();
	int error;

	umask(077);
	error = modes_unwritable(conf->path);
	if (error)
		return error;
	error = shares ? share(conf->run_dir, conf->ctrl_user) : 0;
	if (error) {
		log_error("modes.folder", "%s: %s", conf->run_dir, strerror(-error));
		return error;
	}
	return modes_folder(conf->run_dir, MODES_PRIVATE, 0);
}

bool modes_shared(const char *path, gid_t *group)
{
	char folder[PATH_MAX];
	struct stat found;

	snprintf(folder, sizeof(folder), "%s", path);
	if (stat(dirname(folder), &found) < 0 || (found.st_mode & SHARED) != SHARED)
		return false;
	*group = found.st_gid;
	return true;
}
