// ctrl_home.c - the folder, what is written there, and who starts there.
#include "tests/crash/ctrl_home.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PATH_BYTES 128

static bool conf_write(const struct ctrl_home *home)
{
	char path[PATH_BYTES];
	FILE *file;

	snprintf(path, sizeof(path), "%s/shoal.yaml", home->dir);
	file = fopen(path, "w");
	if (!file)
		return false;
	fprintf(file,
		"run_dir: %s/run\n"
		"ports:\n"
		"  - {name: n3, device: a0, role: access, addresses: [10.1.0.1/24]}\n"
		"  - {name: n6, device: c0, role: core, addresses: [10.2.0.1/24]}\n"
		"pools:\n"
		"  - {dnn: internet, ipv4: 10.45.0.0/21}\n"
		"limits: {foreign_slots: 1, rates: 64}\n"
		"ctrl: {store_dir: %s/store, store_mib: 2048, closed_max: 5000}\n",
		home->dir, home->dir);
	return !fclose(file);
}

bool ctrl_home_open(struct ctrl_home *home)
{
	snprintf(home->dir, sizeof(home->dir), "/tmp/shoal-ctrl-kill.XXXXXX");
	if (!mkdtemp(home->dir))
		return false;
	snprintf(home->door, sizeof(home->door), "%s/run/oss.ipc", home->dir);
	return conf_write(home);
}

pid_t ctrl_home_start(const struct ctrl_home *home, const char *program)
{
	char conf[PATH_BYTES], log[PATH_BYTES];
	pid_t pid = fork();

	if (pid)
		return pid;
	snprintf(conf, sizeof(conf), "%s/shoal.yaml", home->dir);
	snprintf(log, sizeof(log), "%s/log", home->dir);
	if (!freopen(log, "a", stderr))
		_exit(127);
	execl(program, program, "--config", conf, (char *)NULL);
	_exit(127);
}

void ctrl_home_sweep(const struct ctrl_home *home)
{
	static const char *const names[] = { "store/data.mdb",
					     "run/oss.ipc",
					     "run/feed-0.ipc",
					     "run/feed-1.ipc",
					     "run/events.ipc",
					     "run/shoal-ctrl.lock",
					     "shoal.yaml",
					     "log",
					     "store",
					     "run",
					     "" };
	char path[PATH_BYTES];

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", home->dir, names[i]);
		remove(path);
	}
}
