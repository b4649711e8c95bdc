// child.c - the first steps of a fork of the nursery. Runs in the fork's only thread.
#include "workers/fork/child.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "shared/base/log.h"

#define OOM_SCORE "500"

void kit_title(struct kit *kit, char **argv)
{
	char *end = argv[0];

	// The strings of argv lie one behind the other.
	for (unsigned i = 0; argv[i] && argv[i] == end; i++)
		end += strlen(argv[i]) + 1;
	kit->title = argv[0];
	kit->title_bytes = (size_t)(end - argv[0]);
}

static int account_take(const char *field, const char *name, struct account *account)
{
	int error = account_find(name, account);

	if (error)
		log_error("nursery.account", "%s: there is no user '%s'", field, name);
	return error;
}

int kit_accounts(struct kit *kit)
{
	int error = account_take("workers.user", kit->conf->worker_user, &kit->worker);

	return error ? error : account_take("ctrl.user", kit->conf->ctrl_user, &kit->courier);
}

static void name_set(const struct kit *kit, const char *name)
{
	size_t length = strlen(name);

	prctl(PR_SET_NAME, name);
	if (!kit->title_bytes)
		return;
	if (length >= kit->title_bytes)
		length = kit->title_bytes - 1;
	memset(kit->title, 0, kit->title_bytes);
	memcpy(kit->title, name, length);
}

static bool is_kept(unsigned fd, const int *keep, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if ((int)fd == keep[i])
			return true;
	return false;
}

// Closes all from 3 up but the kept: one call for each stretch between two of them.
static void descriptors_close(const int *keep, unsigned n)
{
	unsigned last = STDERR_FILENO;

	for (unsigned i = 0; i < n; i++)
		if (keep[i] > (int)last)
			last = (unsigned)keep[i];
	for (unsigned fd = STDERR_FILENO + 1; fd < last; fd++)
		if (!is_kept(fd, keep, n))
			close(fd);
	close_range(last + 1, ~0u, 0);
}

static void signals_reset(void)
{
	sigset_t none;

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

// Of all processes of the gateway those go first that are back in a millisecond, should the kernel run out of memory.
static void sacrifice(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, OOM_SCORE, strlen(OOM_SCORE)) < 0)
		log_warning("child.oom", "the kernel takes no word on whom to kill first: %s", strerror(errno));
	close(fd);
}

void child_begin(const struct kit *kit, const char *name, const int *keep, unsigned n)
{
	struct rlimit none = { 0, 0 };

	setsid();
	sacrifice();
	name_set(kit, name);
	descriptors_close(keep, n);
	setrlimit(RLIMIT_CORE, &none);
	signals_reset();
}
