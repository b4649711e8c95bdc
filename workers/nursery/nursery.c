// nursery.c - the life of the nursery after its arguments are read: meet, attach, tend.
// State: struct nursery, one, on the only thread that runs our code (the EAL has two of its own, asleep).
#include "workers/nursery/nursery.h"
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/notify.h"
#include "shared/plane/bank.h"
#include "shared/plane/zone.h"
#include "workers/courier/courier.h"
#include "workers/fork/child.h"
#include "workers/fork/guard.h"
#include "workers/nursery/attach.h"
#include "workers/nursery/meet.h"
#include "workers/nursery/worker.h"

#define DIAL_MS 100
#define STAND_BY_MS 1000
#define ALONE_NS 60000000000ull // one that no service keeps waits so long for the next primary
#define COURIER_END_MS 3000     // to hand over what it has taken
#define COURIER_REST_MIN_NS 100000000ull
#define COURIER_REST_MAX_NS 2000000000ull
#define COURIER_SOUND_NS 10000000000ull // one that lived this long was no failure
#define PRIMARY_EXIT_MS 1000            // from its socket's end to its own

struct nursery {
	struct kit kit;
	char **argv;
	int socket, signals;
	pid_t worker[PLANE_SEATS]; // 0 = none of ours
	pid_t courier;             // 0 = none
	uint64_t courier_at_ns;    // when the last one was forked
	uint64_t courier_rest_ns;  // how long to wait after a death
	bool upgrade;              // started beside the one that serves
	bool leaving;
};

static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Reads pending signals. A SIGCHLD carries nothing: waitpid tells.
static void signals_read(struct nursery *nursery)
{
	struct signalfd_siginfo info;

	while (read(nursery->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			nursery->leaving = true;
}

// Waits until the socket (none: -1) speaks; false if we are to leave.
static bool wait_for(struct nursery *nursery, int socket, int timeout_ms)
{
	struct pollfd fds[] = { { nursery->signals, POLLIN, 0 }, { socket, POLLIN, 0 } };

	poll(fds, 2, timeout_ms);
	if (fds[0].revents)
		signals_read(nursery);
	return !nursery->leaving;
}

static enum met meet_once(struct nursery *nursery, struct nest_word *word)
{
	enum met met = MET_AGAIN;

	nursery->socket = meet_dial(nursery->kit.conf->run_dir, nursery->upgrade);
	if (nursery->socket < 0)
		return MET_AGAIN;
	if (wait_for(nursery, nursery->socket, -1))
		met = meet_answer(nursery->socket, word, nursery->kit.bell);
	if (met != MET_WELCOME)
		close(nursery->socket);
	return met;
}

// Start order does not matter: dials until the primary is there, and while another nursery serves it. One that was started for
// an upgrade has a place or none. False: leave, or refused.
static bool meet(struct nursery *nursery, struct nest_word *word)
{
	uint64_t end_ns = nursery->upgrade ? clock_ns() + ALONE_NS : UINT64_MAX;
	enum met met;

	while ((met = meet_once(nursery, word)) == MET_AGAIN || (met == MET_STAND_BY && !nursery->upgrade)) {
		notify_waiting(met == MET_AGAIN ? "waiting for the primary" : word->dir);
		if (!wait_for(nursery, -1, met == MET_AGAIN ? DIAL_MS : STAND_BY_MS))
			return false;
		if (clock_ns() > end_ns) {
			log_warning("nursery.alone", "started for an upgrade, and no primary came: leaving");
			return false;
		}
	}
	if (met == MET_STAND_BY)
		log_error("nursery.refused", "no place for this nursery: %s", word->dir);
	return met == MET_WELCOME;
}

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

// Asks the primary for the bank of shards laid out as ours are, and maps it.
static int bank_take(struct nursery *nursery)
{
	struct nest_word word = { .verb = NEST_BANK, .bytes = bank_bytes(&nursery->kit.view.plane->shape) };
	unsigned nfds = 2;
	int fds[2], error = nest_send(nursery->socket, &word, NULL, 0);

	if (error)
		return error;
	if (!wait_for(nursery, nursery->socket, -1))
		return -ECANCELED;
	error = nest_receive(nursery->socket, &word, fds, &nfds);
	if (error)
		return error;
	if (word.verb == NEST_REFUSE) {
		log_error("nursery.refused", "the primary refuses this nursery: %s", word.dir);
		return -ECONNREFUSED;
	}
	error = nfds < 2 ? -ENOMEM : bank_map(&nursery->kit.view, fds[0], fds[1]);
	while (nfds > 0)
		close(fds[--nfds]);
	return error;
}

static int attach(struct nursery *nursery, const struct nest_word *welcome)
{
	struct nest_word ready = { .verb = NEST_READY, .pid = getpid() };
	int error = attach_eal(welcome->prefix, welcome->dir);

	nursery->kit.nest = welcome->nest;
	if (!error)
		error = zone_find(&nursery->kit.view);
	if (!error)
		error = bank_take(nursery);
	if (error)
		return error;
	nursery->kit.primary_pidfd = pidfd_of(nursery->kit.view.plane->primary_pid);
	if (nursery->kit.primary_pidfd < 0)
		return -errno;
	error = guard_trim(&nursery->kit.view);
	if (!error) // what is left: to fork as somebody else, and to end what it forked
		error = account_keep(1 << CAP_SETUID | 1 << CAP_SETGID | 1 << CAP_KILL);
	return error ? error : nest_send(nursery->socket, &ready, NULL, 0);
}

static void worker_fork(struct nursery *nursery, unsigned seat)
{
	struct nest_word word = { .verb = NEST_FORKED, .seat = seat };
	pid_t pid = fork();
	int pidfd;

	if (!pid)
		worker_main(&nursery->kit, seat);
	if (pid < 0) {
		log_error("nursery.fork", "seat %u: %s", seat, strerror(errno));
		word.verb = NEST_DIED;
		nest_send(nursery->socket, &word, NULL, 0);
		return;
	}
	nursery->worker[seat] = pid;
	pidfd = pidfd_of(pid); // it can't be anybody else's: we have not reaped it
	word.pid = pid;
	if (nest_send(nursery->socket, &word, &pidfd, 1))
		log_error("nursery.forked", "seat %u, pid %d: could not tell the primary", seat, (int)pid);
	close(pidfd);
	log_info("worker.forked", "seat %u, pid %d", seat, (int)pid);
}

static void courier_tend(struct nursery *nursery)
{
	uint64_t now = clock_ns();

	if (nursery->courier || now - nursery->courier_at_ns < nursery->courier_rest_ns)
		return;
	nursery->courier_at_ns = now;
	nursery->courier = fork();
	if (!nursery->courier)
		courier_main(&nursery->kit);
	if (nursery->courier < 0)
		nursery->courier = 0;
	else
		log_info("courier.forked", "pid %d", (int)nursery->courier);
}

static void courier_died(struct nursery *nursery, int status)
{
	uint64_t rest = nursery->courier_rest_ns * 2;

	log_warning("courier.died", "pid %d, status 0x%x", (int)nursery->courier, status);
	nursery->courier = 0;
	if (clock_ns() - nursery->courier_at_ns >= COURIER_SOUND_NS || rest < COURIER_REST_MIN_NS)
		rest = COURIER_REST_MIN_NS;
	nursery->courier_rest_ns = rest < COURIER_REST_MAX_NS ? rest : COURIER_REST_MAX_NS;
}

static void worker_died(struct nursery *nursery, pid_t pid, int status)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		struct nest_word word = { .verb = NEST_DIED, .seat = seat, .pid = pid, .status = status };

		if (nursery->worker[seat] != pid)
			continue;
		nursery->worker[seat] = 0;
		nest_send(nursery->socket, &word, NULL, 0);
		log_info("worker.ended", "seat %u, pid %d, status 0x%x", seat, (int)pid, status);
	}
}

static void children_reap(struct nursery *nursery)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == nursery->courier)
			courier_died(nursery, status);
		else
			worker_died(nursery, pid, status);
	}
}

// 0, or why the conversation is over.
static int words_take(struct nursery *nursery)
{
	struct nest_word word;
	unsigned nfds = 0;
	int error = nest_receive(nursery->socket, &word, NULL, &nfds);

	if (error == -EAGAIN)
		return 0;
	if (error)
		return error;
	if (word.verb == NEST_START)
		worker_fork(nursery, word.seat);
	else if (word.verb == NEST_LEAVE)
		nursery->leaving = true;
	return 0;
}

// Serves the primary until it goes (false) or we are told to leave (true).
static bool tend(struct nursery *nursery)
{
	while (!nursery->leaving) {
		courier_tend(nursery);
		wait_for(nursery, nursery->socket, nursery->courier ? -1 : DIAL_MS);
		children_reap(nursery);
		if (words_take(nursery))
			return false;
	}
	return true;
}

static void child_end(pid_t pid)
{
	if (pid > 0 && !kill(pid, SIGKILL))
		waitpid(pid, NULL, 0);
}

// Gives it the time to hand over what it has taken; what it could not stays in its rings, for the next one.
static void courier_end(struct nursery *nursery)
{
	struct pollfd courier = { nursery->courier > 0 ? pidfd_of(nursery->courier) : -1, POLLIN, 0 };

	if (courier.fd < 0)
		return;
	kill(nursery->courier, SIGTERM);
	poll(&courier, 1, COURIER_END_MS);
	child_end(nursery->courier);
	close(courier.fd);
}

// A primary that only dropped our socket keeps its workers; one that is dead has none.
static void start_over(struct nursery *nursery)
{
	struct pollfd primary = { nursery->kit.primary_pidfd, POLLIN, 0 };
	bool dead = poll(&primary, 1, PRIMARY_EXIT_MS) > 0;

	log_warning("nursery.again", "the primary %s; starting over", dead ? "is gone" : "hung up");
	courier_end(nursery);
	for (unsigned seat = 0; dead && seat < PLANE_SEATS; seat++)
		child_end(nursery->worker[seat]);
	// The EAL's hugepage files are among them: open, they would keep the old plane's memory.
	close_range(STDERR_FILENO + 1, ~0u, 0);
	execv("/proc/self/exe", nursery->argv);
	log_error("nursery.exec", "%s", strerror(errno));
}

int nursery_run(const struct conf *conf, char **argv, bool upgrade)
{
	static struct nursery nursery;
	struct nest_word welcome;
	int error;

	prctl(PR_SET_NAME, "shoal-nursery"); // starting over it would be called "exe"
	nursery.argv = argv;
	nursery.upgrade = upgrade;
	nursery.kit.conf = conf;
	nursery.kit.nursery_pid = getpid();
	nursery.kit.primary_pidfd = -1;
	kit_title(&nursery.kit, argv);
	nursery.signals = signals_open();
	if (nursery.signals < 0 || kit_accounts(&nursery.kit))
		return 1;
	if (!meet(&nursery, &welcome))
		return nursery.leaving ? 0 : 1;
	error = attach(&nursery, &welcome);
	if (error) {
		log_error("nursery.attach", "can't attach to the plane: %s", strerror(-error));
		if (error != -ESTALE && error != -ECONNREFUSED) // a primary that went meanwhile; refused is refused
			start_over(&nursery);
		return 1;
	}
	notify_ready("ready to fork workers");
	if (!tend(&nursery)) {
		start_over(&nursery);
		return 1;
	}
	notify_stopping();
	courier_end(&nursery);
	return 0;
}
