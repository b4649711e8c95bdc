// nests.c - gives nests to nurseries and takes them back. The fleet thread only.
#include "primary/brood/nests.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "primary/brood/brood.h"
#include "primary/brood/load.h"
#include "shared/base/log.h"

#define NESTS_AGAIN_NS 5000000u // how often it is looked whether a nest may be told to leave

void nests_init(struct nests *nests, const struct brood_parts *parts, int epoll)
{
	nests->part = parts;
	nests->epoll = epoll;
	nests->home = 0;
	for (unsigned n = 0; n < PLANE_NESTS; n++)
		nursery_init(&nests->nest[n], parts, n);
}

// Who serves as somebody's service stays for the next primary. Whom we run, or the one before us did, nobody else would end.
void nests_close(struct nests *nests)
{
	for (unsigned n = 0; n < PLANE_NESTS; n++) {
		struct nursery *nursery = &nests->nest[n];

		if (nursery->follows && nursery_there(nursery))
			nursery_leave(nursery);
		nursery_close(nursery);
	}
}

void nests_tick(struct nests *nests, uint64_t now_ns)
{
	for (unsigned n = 0; n < PLANE_NESTS; n++)
		nests->nest[n].now_ns = now_ns;
}

// ---- Coming

static unsigned nests_vacant(const struct nests *nests)
{
	for (unsigned n = 0; n < PLANE_NESTS; n++)
		if (n != nests->home && nursery_vacant(&nests->nest[n]))
			return n;
	return PLANE_NEST_NONE;
}

// The nest whose build's workers wait for a nursery; home first.
static unsigned nests_orphaned(const struct nests *nests, const char *build)
{
	for (unsigned i = 0; i < PLANE_NESTS; i++) {
		unsigned n = (nests->home + i) % PLANE_NESTS;

		if (!nursery_there(&nests->nest[n]) && !strcmp(nests->nest[n].build, build))
			return n;
	}
	return PLANE_NEST_NONE;
}

static unsigned nests_spawned(const struct nests *nests, int32_t pid)
{
	for (unsigned n = 0; n < PLANE_NESTS; n++)
		if (!nursery_there(&nests->nest[n]) && nests->nest[n].process >= 0 && nests->nest[n].spawned == pid)
			return n;
	return PLANE_NEST_NONE;
}

// Nobody serves at home: whose build comes first may.
static unsigned nests_new_home(struct nests *nests, struct nests_use use)
{
	unsigned n = use.lived >> nests->home & 1 ? nests_vacant(nests) : nests->home;

	if (n != PLANE_NEST_NONE)
		nests->home = n;
	return n;
}

static unsigned nests_place(struct nests *nests, const struct nest_word *hello, struct nests_use use)
{
	unsigned n = nests_spawned(nests, hello->pid);

	if (n == PLANE_NEST_NONE)
		n = nests_orphaned(nests, hello->build);
	if (n != PLANE_NEST_NONE || nursery_there(&nests->nest[nests->home]))
		return n;
	return nests_new_home(nests, use);
}

// Banks that no nest uses are given back.
static void nests_sweep(struct nests *nests)
{
	for (unsigned bank = 0; bank < PLANE_BANKS; bank++) {
		bool used = false;

		for (unsigned n = 0; n < PLANE_NESTS; n++)
			used = used || nests->nest[n].bank == (int)bank;
		if (!used)
			banks_drop(nests->part->banks, bank);
	}
}

int nests_admit(struct nests *nests, int socket, const struct nest_word *hello, struct nests_use use)
{
	unsigned n = nests_place(nests, hello, use);
	int had;

	if (n == PLANE_NEST_NONE)
		return -EAGAIN;
	had = nests->nest[n].bank;
	nursery_welcome(&nests->nest[n], socket, hello);
	if (had >= 0 && nests->nest[n].bank < 0)
		nests_sweep(nests);
	return (int)n;
}

bool nests_hear(struct nests *nests, unsigned n, struct nest_word *word, int *pidfd)
{
	struct nursery *nursery = &nests->nest[n];
	bool was = nursery->ready, seat = nursery_hear(nursery, word, pidfd);

	if (!was && nursery->ready)
		nests_sweep(nests);
	return seat;
}

unsigned nests_for(const struct nests *nests, unsigned nest)
{
	const struct nursery *nursery = nest < PLANE_NESTS ? &nests->nest[nest] : &nests->nest[nests->home];

	if (nursery->ready && !nursery->leaving)
		return nursery->number;
	if (nursery_there(nursery) || nursery->now_ns - nursery->gone_ns < NESTS_COME_NS ||
	    !nests->nest[nests->home].ready)
		return PLANE_NEST_NONE;
	return nests->home;
}

// ---- Going

static void nests_vacate(struct nests *nests, struct nursery *nursery)
{
	uint64_t now_ns = nursery->now_ns;
	char error[NURSERY_TEXT];

	log_info("nest.vacant", "nest %u: vacant", nursery->number);
	memcpy(error, nursery->error, sizeof(error)); // stays to be read
	nursery_init(nursery, nests->part, nursery->number);
	nursery->now_ns = now_ns;
	memcpy(nursery->error, error, sizeof(error));
	nests_sweep(nests);
}

static void nests_kill(const struct nursery *nursery)
{
	if (nursery->process >= 0)
		syscall(SYS_pidfd_send_signal, nursery->process, SIGKILL, NULL, 0);
}

static void nests_ended(struct nursery *nursery)
{
	siginfo_t end = { 0 };
	bool soon = !nursery->ready && !nursery->leaving;

	if (waitid(P_PIDFD, (id_t)nursery->process, &end, WEXITED | WNOHANG) || !end.si_pid)
		return;
	close(nursery->process);
	nursery->process = -1;
	if (soon && !nursery->error[0])
		nursery_fault(nursery, "nursery %d %s %d before it was ready", nursery->spawned,
			      end.si_code == CLD_EXITED ? "left with" : "was ended by signal", end.si_status);
}

void nests_refused(struct nests *nests, int32_t pid, const char *why)
{
	for (unsigned n = 0; n < PLANE_NESTS; n++)
		if (why && nests->nest[n].process >= 0 && nests->nest[n].spawned == pid)
			nursery_fault(&nests->nest[n], "%s", why);
}

bool nests_event(struct nests *nests, int fd)
{
	for (unsigned n = 0; n < PLANE_NESTS; n++)
		if (nests->nest[n].process == fd) {
			nests_ended(&nests->nest[n]);
			return true;
		}
	return false;
}

static bool nests_comes(const struct nursery *nursery)
{
	return (nursery_there(nursery) || nursery->process >= 0) && !nursery->ready && !nursery->leaving;
}

static void nests_limit(struct nursery *nursery)
{
	bool late = nests_comes(nursery) && nursery->now_ns - nursery->since_ns > NESTS_READY_NS;

	if (late)
		nursery_fault(nursery, "not READY within %llu s", NESTS_READY_NS / 1000000000u);
	if (!late && !(nursery->told && nursery->now_ns - nursery->since_ns > NESTS_LEAVE_NS))
		return;
	nests_kill(nursery);
	nursery_hang_up(nursery, late ? "is not ready in time" : "does not leave");
	nursery->since_ns = nursery->now_ns; // a process that does not die is told again later
}

static void nests_keep_one(struct nests *nests, struct nursery *nursery, struct nests_use use)
{
	uint32_t bit = 1u << nursery->number;

	nests_limit(nursery);
	if (nursery->leaving && !nursery->told && nursery_there(nursery) &&
	    (!(use.spoke & bit) || nursery->now_ns - nursery->since_ns > NESTS_TELL_NS))
		nursery_leave(nursery);
	if (nursery_there(nursery) || nursery->process >= 0 || nursery_vacant(nursery))
		return;
	if (nursery->number != nests->home && !(use.used & bit) &&
	    (nursery->leaving || nursery->spawned || nursery->now_ns - nursery->gone_ns > NESTS_COME_NS))
		nests_vacate(nests, nursery);
}

void nests_keep(struct nests *nests, struct nests_use use)
{
	for (unsigned n = 0; n < PLANE_NESTS; n++)
		nests_keep_one(nests, &nests->nest[n], use);
}

uint64_t nests_due(const struct nests *nests)
{
	for (unsigned n = 0; n < PLANE_NESTS; n++)
		if (nests->nest[n].leaving && !nests->nest[n].told)
			return nests->nest[n].now_ns + NESTS_AGAIN_NS;
	return UINT64_MAX;
}

// ---- Orders

static int nests_run(struct nests *nests, struct nursery *nursery, const char *path)
{
	struct epoll_event event = { .events = EPOLLIN };
	int error = load_run(path, nests->part->config, &nursery->spawned, &nursery->process);

	if (error)
		return error;
	event.data.fd = nursery->process;
	if (epoll_ctl(nests->epoll, EPOLL_CTL_ADD, nursery->process, &event))
		nests_kill(nursery); // its end will be seen when its time is up
	nursery->since_ns = nursery->now_ns;
	nursery->error[0] = '\0';
	journal_write(nests->part->journal, JOURNAL_NEST_LOADED, (struct journal_place){ 0 },
		      "nest %u: nursery %d runs %.100s", nursery->number, nursery->spawned, path);
	return 0;
}

int nests_load(struct nests *nests, const char *path, char *why)
{
	unsigned n = nests_vacant(nests);
	int error;

	if (n == PLANE_NEST_NONE) {
		snprintf(why, NURSERY_TEXT, "nest: both are in use");
		return -EBUSY;
	}
	error = load_check(path, why, NURSERY_TEXT);
	if (error)
		return error;
	error = nests_run(nests, &nests->nest[n], path);
	if (error)
		snprintf(why, NURSERY_TEXT, "path %.120s: %s", path, strerror(-error));
	return error;
}

static int nests_refuse(char *why, unsigned nest, const char *text)
{
	snprintf(why, NURSERY_TEXT, "nest %u: %s", nest, text);
	return -EBUSY;
}

int nests_retire(struct nests *nests, unsigned nest, struct nests_use use, char *why)
{
	struct nursery *nursery = &nests->nest[nest];

	if (nursery_vacant(nursery))
		return 0; // it is gone already
	if (nest == nests->home)
		return nests_refuse(why, nest, "is home");
	if (use.used >> nest & 1)
		return nests_refuse(why, nest, "one of its seats is occupied or wanted");
	if (nursery->leaving)
		return 0;
	nursery->leaving = true;
	nursery->since_ns = nursery->now_ns;
	if (!nursery_there(nursery)) {
		nests_kill(nursery); // it had not come yet
		nursery->told = true;
	}
	journal_write(nests->part->journal, JOURNAL_NEST_RETIRED, (struct journal_place){ 0 },
		      "nest %u: nursery %d, build %s, shall leave", nest, nursery->pid, nursery->build);
	return 0;
}

int nests_move_home(struct nests *nests, unsigned nest, char *why)
{
	const struct nursery *nursery = &nests->nest[nest];

	if (nest != nests->home && (!nursery->ready || nursery->leaving))
		return nests_refuse(why, nest, "no nursery is ready there");
	nests->home = nest;
	return 0;
}
