// unit_run.c - runs a program under what a systemd unit would put on it, on a machine without systemd: system calls by name,
// no memory that is both written and executed, no new privileges. Capabilities and user are setpriv's to take.
//
//   usage: unit_run allow|deny "CALL..." COMMAND...       a forbidden call fails with EPERM
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_MDWE // Linux 6.3
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static int rule(scmp_filter_ctx filter, uint32_t action, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, action, number, 0); // others' architectures
}

static int limit(uint32_t otherwise, uint32_t action, char *names)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int error = filter ? 0 : -1;
	char *next;

	for (char *name = strtok_r(names, " \n", &next); name && !error; name = strtok_r(NULL, " \n", &next))
		error = rule(filter, action, name);
	return error ? error : seccomp_load(filter);
}

int main(int argc, char **argv)
{
	int error;

	if (argc < 4)
		return 2;
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
		fputs("unit_run: this kernel knows no PR_SET_MDWE; goes on without\n", stderr);
	if (strcmp(argv[1], "allow") == 0)
		error = limit(SCMP_ACT_ERRNO(EPERM), SCMP_ACT_ALLOW, argv[2]);
	else
		error = limit(SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM), argv[2]);
	if (error)
		fprintf(stderr, "unit_run: %s\n", strerror(-error));
	else
		execvp(argv[3], argv + 3);
	return 127;
}
