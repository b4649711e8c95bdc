// courier.c - the courier's process and its turns.
// State: struct courier, one, on the main thread of its process; its pages are the courier's (seat.h). The courier holds no
// truth: what it loses when it dies, ctrl sends again after the next Hello.
#include "workers/courier/courier.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"
#include "shared/base/once.h"
#include "workers/courier/courier_parts.h"
#include "workers/fork/guard.h"
#include "workers/fork/sandbox.h"

#define WAIT_MS 1000    // nothing to do
#define WAIT_STUCK_MS 5 // changes that found no place in a ring, shards in doubt
#define LOCK_RETRY_MS 10
#define LEAVE_NS 1000000000ull // for ctrl to confirm what it has to be told before we go

static noreturn void fail(const char *what, int error)
{
	log_error("courier.start", "%s: %s", what, strerror(-error));
	exit(1);
}

// The last courier may be dying still; two would write the same rings.
static void lock_take(const struct kit *kit)
{
	struct pollfd primary = { kit->primary_pidfd, POLLIN, 0 };
	char name[32];
	int lock, pid;

	snprintf(name, sizeof(name), "courier-%u", kit->nest);
	while ((lock = once_take(kit->conf->run_dir, name, &pid)) == -EEXIST)
		if (poll(&primary, 1, LOCK_RETRY_MS) > 0)
			exit(0);
	if (lock < 0)
		fail("lock", lock);
}

static bool is_stuck(const struct courier *courier)
{
	if (pending_count(courier->pending) || (feed_connection(courier->feed) && !courier->greeted))
		return true;
	for (unsigned shard = 0; courier->welcomed && shard < SHARDS; shard++)
		if (courier->doubt[shard].due_ns)
			return true;
	return false;
}

static int wait_ms(const struct courier *courier)
{
	uint64_t now = clock_ns();

	if (courier->leaving || is_stuck(courier))
		return WAIT_STUCK_MS;
	if (!feed_connection(courier->feed))
		return FEED_REDIAL_MS;
	if (!courier->welcomed || courier->scanning || courier->usage_at_ns > now + WAIT_MS * 1000000ull)
		return WAIT_MS;
	return courier->usage_at_ns > now ? (int)((courier->usage_at_ns - now) / 1000000) + 1 : 0;
}

static void seats_doze(const struct courier *courier, bool doze)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		_Atomic uint32_t *sleeping = &courier->view->seats[seat].courier->sleeping;

		if (!courier_has(courier, seat))
			continue;
		if (doze)
			bell_doze(sleeping);
		else
			bell_rise(sleeping);
	}
}

// Sleeps until a worker, ctrl or the clock has something. True: the primary is gone, or the nursery ends us.
static bool courier_wait(struct courier *courier, int ends, int timeout_ms)
{
	int bell = courier->kit->bell[NEST_BELL_COURIER0 + courier->kit->nest];
	bool dozing = timeout_ms > 0;
	struct pollfd link = feed_poll(courier->feed, pending_has_room(courier->pending, FEED_BATCH_MAX));
	struct pollfd fds[] = {
		{ courier->leaving ? -1 : courier->kit->primary_pidfd, POLLIN, 0 },
		{ bell, POLLIN, 0 },
		{ link.events ? link.fd : -1, link.events, 0 }, // else its end would wake us, and nobody would look
		{ courier->leaving ? -1 : ends, POLLIN, 0 },
	};

	if (dozing)
		seats_doze(courier, true);
	if (courier->welcomed && courier_reports_wait(courier))
		timeout_ms = 0;
	poll(fds, sizeof(fds) / sizeof(fds[0]), timeout_ms);
	if (dozing)
		seats_doze(courier, false);
	if (fds[1].revents)
		bell_hush(bell);
	return fds[0].revents || fds[3].revents;
}

// Until there is nobody to serve; then until ctrl has what nobody else can tell it.
static void serve(struct courier *courier, int ends)
{
	uint64_t until = UINT64_MAX;
	int timeout_ms = 0;

	while (clock_ns() < until && !(courier->leaving && courier_left(courier))) {
		if (courier_wait(courier, ends, timeout_ms)) {
			courier_leave(courier);
			until = clock_ns() + LEAVE_NS;
		}
		timeout_ms = courier_turn(courier) ? 0 : wait_ms(courier);
	}
}

static void child_become(const struct kit *kit)
{
	int keep[NEST_BELLS + 1];

	memcpy(keep, kit->bell, sizeof(kit->bell));
	keep[NEST_BELLS] = kit->primary_pidfd;
	child_begin(kit, "shoal-courier", keep, NEST_BELLS + 1);
	log_open("shoal-courier", kit->conf->log_level);
}

// There is one courier for one nursery: they end together, so that the next nursery's finds the rings free. Another account has
// another parent's death to hear of, so that comes first.
static void account_take(const struct kit *kit)
{
	int error = account_become(&kit->courier);

	if (error)
		fail("account", error);
	prctl(PR_SET_DUMPABLE, 0); // nobody of the same user looks in
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != kit->nursery_pid) // it died before we asked
		exit(0);
}

// SIGTERM as a descriptor.
static int ends_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

noreturn void courier_main(const struct kit *kit)
{
	static struct courier courier;
	int error, ends;

	child_become(kit);
	ends = ends_open();
	lock_take(kit);
	error = guard_courier(&kit->view);
	if (error)
		fail("guard", error);
	account_take(kit);
	FAULT_SEAT(FAULTS_NO_SEAT);
	sandbox_courier_heap();
	error = courier_open(&courier, kit, kit->conf->run_dir);
	if (error)
		fail("open", error);
	error = sandbox_courier();
	if (error)
		fail("sandbox", error);
	serve(&courier, ends);
	exit(0);
}
