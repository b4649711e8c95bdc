// calls.c - a list of names made into a seccomp filter, last of what is given up. No state.
#include "ctrl/kit/calls.h"
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include "shared/base/log.h"

static int call_allow(scmp_filter_ctx filter, char *name)
{
	char *value = strchr(name, '=');

	if (!value)
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(name), 0);
	*value++ = '\0';
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(name), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)atoi(value)));
}

static int line_allow(scmp_filter_ctx filter, const char *names)
{
	char name[32];
	int used, error = 0;

	for (; !error && sscanf(names, "%31s%n", name, &used) == 1; names += used)
		error = call_allow(filter, name);
	return error;
}

static int calls_limit(const char *const *names, unsigned count)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int error = filter ? 0 : -ENOMEM;

	for (unsigned i = 0; i < count && !error; i++)
		error = line_allow(filter, names[i]);
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}

int calls_settle(const struct account *account, const char *const *names, unsigned count)
{
	const char *step = "user";
	int error = account_become(account);

	if (!error && prctl(PR_SET_DUMPABLE, 0) < 0)
		error = -errno;
	if (!error) {
		step = "system calls";
		error = calls_limit(names, count);
	}
	if (error)
		log_error("rights.drop", "%s: %s", step, strerror(-error));
	return error;
}
