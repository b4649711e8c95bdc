// account.c - users and capabilities, by the kernel's own words. No state.
#include "shared/base/account.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int account_find(const char *name, struct account *account)
{
	const struct passwd *user;
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	*account = (struct account){ .given = *name };
	if (!*name)
		return 0;
	if (!*end) {
		account->uid = account->gid = (uid_t)number;
		return 0;
	}
	user = getpwnam(name);
	if (!user)
		return -ENOENT;
	account->uid = user->pw_uid;
	account->gid = user->pw_gid;
	return 0;
}

int account_keep(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(capabilities >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

int account_become(const struct account *account)
{
	if (account->given && !geteuid()) {
		if (setgroups(0, NULL) || setresgid(account->gid, account->gid, account->gid) ||
		    setresuid(account->uid, account->uid, account->uid))
			return -errno;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return account_keep(0);
}
