// fleet.c - the thread beside the loop: waits for anything, passes it on. All state is struct fleet, owned by this thread.
#include "primary/fleet/fleet.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "primary/fleet/fleet_inside.h"
#include "primary/loop/judge.h"
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/notify.h"

#define FLEET_LINK_NS 500000000ull
#define FLEET_WAITS_NS 10000000000ull // between two words about one seat

static void fleet_links(struct fleet *fleet)
{
	for (unsigned port = 0; port < nic_ports(fleet->part.nic); port++) {
		struct nic_stats stats;
		bool was = fleet->link >> port & 1;

		nic_stats(fleet->part.nic, port, &stats);
		if (was == (stats.up != 0))
			continue;
		fleet->link ^= 1u << port;
		post_put(fleet->part.orders, (struct post_word){ .verb = POST_LINK, .seat = port, .value = !was });
		journal_write(&fleet->journal, was ? JOURNAL_PORT_DOWN : JOURNAL_PORT_UP, (struct journal_place){ 0 },
			      "%s: link %s", fleet->part.conf->port[port].name, was ? "down" : "up");
	}
}

// Drivers hold on to the interface that they opened. So we begin anew, as after any death: sessions stay, and who restarts us finds it.
static void fleet_replaced(struct fleet *fleet)
{
	const char *port = nic_replaced(fleet->part.nic);

	if (!port)
		return;
	log_error("port.replaced", "%s: another interface has its name; beginning anew", port);
	_exit(EXIT_FAILURE);
}

static void fleet_down(struct fleet *fleet, const struct post_word *fact, uint64_t now_ns)
{
	static const char *const why[] = {
		[POST_DIED] = "died",
		[POST_CRASHED] = "crashed",
		[POST_FORGED] = "gave back what it did not hold: evicted",
		[POST_RING] = "ring index impossible: evicted",
		[POST_LOOPS] = "hangs in a loop: evicted",
		[POST_BLOCKED] = "hangs asleep: evicted",
		[POST_STUCK] = "hangs: evicted",
		[POST_LATE] = "too late: evicted",
		[POST_STOPPED] = "was stopped: evicted",
		[POST_STILLBORN] = "died before it was ready",
	};

	journal_write(&fleet->journal, JOURNAL_SEAT_DOWN, (struct journal_place){ fact->seat, 0 },
		      "seat %u: worker %d %s, %u packets go to others", fact->seat, fact->pid, why[fact->value],
		      fact->shard);
	brood_death(fleet->brood, fact->seat, fact->value != POST_DIED && fact->value != POST_STOPPED, now_ns);
}

static void fleet_refused(const struct post_word *fact)
{
	if (fact->pid == POST_MOVE)
		log_warning("shard.refused", "shard %u can't go to seat %u: nobody serves there", fact->shard,
			    fact->seat);
	else
		log_warning("drain.refused", "seat %u is the last regular: it can't be a guest", fact->seat);
}

static void fleet_poison(struct fleet *fleet, struct record *record)
{
	char path[RECORD_PATH];
	int error = record_write(record, fleet->part.conf->record_dir, path);

	if (error)
		log_warning("record.lost", "a packet that killed two workers is not kept: %s", strerror(-error));
	else
		log_info("record.kept", "%s", path);
	journal_poison(&fleet->journal, record, path);
	fleet_apart(fleet, record);
	record_free(record);
}

// Not its fault: nothing is done but to say so, now and then.
static void fleet_waits(struct fleet *fleet, const struct post_word *fact, uint64_t now_ns)
{
	uint64_t *told_ns = &fleet->waits_ns[fact->seat];

	if (*told_ns && now_ns - *told_ns < FLEET_WAITS_NS)
		return;
	*told_ns = now_ns;
	journal_write(&fleet->journal, JOURNAL_ALARM, (struct journal_place){ fact->seat, 0 },
		      "seat %u: worker %d holds packets and %s", fact->seat, fact->pid,
		      fact->value == JUDGE_TRACED ? "is being traced" : "gets no processor time");
}

static void fleet_fact(struct fleet *fleet, const struct post_word *fact, uint64_t now_ns)
{
	switch (fact->verb) {
	case POST_WANT:
	case POST_REST:
		brood_want(fleet->brood, fact->seat, fact->verb == POST_WANT, now_ns);
		break;
	case POST_KILL:
		brood_kill(fleet->brood, fact->seat, fact->pid);
		break;
	case POST_UP:
		journal_write(&fleet->journal, JOURNAL_SEAT_UP, (struct journal_place){ fact->seat, 0 },
			      "seat %u: worker %d serves", fact->seat, fact->pid);
		break;
	case POST_DOWN:
		fleet_down(fleet, fact, now_ns);
		break;
	case POST_POISON:
		fleet_poison(fleet, fact->list);
		break;
	case POST_WAITS:
		fleet_waits(fleet, fact, now_ns);
		break;
	case POST_LEFT:
		journal_write(&fleet->journal, JOURNAL_SEAT_LEFT, (struct journal_place){ fact->seat, 0 },
			      "seat %u: worker %d left as told", fact->seat, fact->pid);
		break;
	case POST_MOVED:
		journal_write(&fleet->journal, JOURNAL_SHARD_MOVED, (struct journal_place){ fact->seat, fact->shard },
			      "shard %u: seat %u", fact->shard, fact->seat);
		break;
	case POST_RETURN:
		if (fact->value)
			journal_write(&fleet->journal, JOURNAL_ALARM, (struct journal_place){ 0 },
				      "a table for the door was not taken whole: %s", strerror((int)-fact->value));
		fleet_returned(fleet, fact->list);
		free(fact->list);
		break;
	case POST_REFUSED:
		fleet_refused(fact);
		break;
	case POST_ENDED:
		fleet->ended = true;
		break;
	default:
		break;
	}
}

static void fleet_signal(struct fleet *fleet)
{
	struct signalfd_siginfo info;

	if (read(fleet->signals, &info, sizeof(info)) != sizeof(info))
		return;
	log_info("primary.stop", "signal %u: workers are told to leave", info.ssi_signo);
	notify_stopping();
	post_put(fleet->part.orders, (struct post_word){ .verb = POST_END });
}

static int fleet_timeout(const struct fleet *fleet, uint64_t now_ns)
{
	uint64_t due = brood_due(fleet->brood), link = fleet->link_ns + FLEET_LINK_NS;

	due = due < link ? due : link;
	return due > now_ns ? (int)((due - now_ns) / 1000000u) + 1 : 0;
}

static void fleet_wait(struct fleet *fleet)
{
	struct epoll_event event[8];
	int n, timeout = fleet_timeout(fleet, clock_ns());

	bell_doze(fleet->part.sleeping);
	n = epoll_wait(fleet->epoll, event, 8, post_waits(fleet->part.facts) ? 0 : timeout);
	bell_rise(fleet->part.sleeping);
	for (int i = 0; i < n; i++) {
		if (event[i].data.fd == fleet->part.bell)
			bell_hush(fleet->part.bell);
		else if (event[i].data.fd == fleet->signals)
			fleet_signal(fleet);
		else if (event[i].data.fd == fleet->callers.epoll)
			fleet_callers_serve(fleet);
	}
}

static void *fleet_run(void *with)
{
	struct fleet *fleet = with;
	struct post_word fact;

	pthread_setname_np(pthread_self(), "shoal-fleet");
	while (!fleet->ended) {
		fleet_wait(fleet);

		uint64_t now_ns = clock_ns();

		while (post_take(fleet->part.facts, &fact))
			fleet_fact(fleet, &fact, now_ns);
		brood_work(fleet->brood, now_ns);
		fleet_trace_tick(fleet, now_ns);
		if (now_ns - fleet->link_ns >= FLEET_LINK_NS) {
			fleet->link_ns = now_ns;
			fleet_links(fleet);
			fleet_replaced(fleet);
			fleet_stranded(fleet, now_ns);
		}
		post_ring(fleet->part.orders);
	}
	return NULL;
}

static int fleet_watch(struct fleet *fleet, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(fleet->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int fleet_open_door(struct fleet *fleet)
{
	char path[320];
	int error;

	snprintf(path, sizeof(path), "%s/fleet.ipc", fleet->part.conf->run_dir);
	error = fleet_callers_open(fleet, path);
	if (error)
		log_error("fleet.listen", "%s: %s", path, strerror(-error));
	return error;
}

static int fleet_open_brood(struct fleet *fleet)
{
	struct brood_parts parts = {
		.run_dir = fleet->part.conf->run_dir,
		.prefix = fleet->part.prefix,
		.hugepage_dir = fleet->part.conf->hugepage_dir,
		.config = fleet->part.conf->path,
		.view = fleet->part.view,
		.banks = fleet->part.banks,
		.orders = fleet->part.orders,
		.journal = &fleet->journal,
	};

	memcpy(parts.bell, fleet->part.nest_bell, sizeof(parts.bell));
	return brood_open(&parts, &fleet->brood);
}

static int fleet_open(struct fleet *fleet)
{
	sigset_t set;
	int error;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	fleet->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	fleet->epoll = epoll_create1(EPOLL_CLOEXEC);
	error = fleet->signals < 0 || fleet->epoll < 0 ? -errno : fleet_open_brood(fleet);
	if (!error)
		error = fleet_open_door(fleet);
	if (!error)
		error = fleet_watch(fleet, fleet->signals);
	if (!error)
		error = fleet_watch(fleet, fleet->part.bell);
	if (!error)
		error = fleet_watch(fleet, fleet->callers.epoll);
	if (!error)
		error = fleet_watch(fleet, brood_fd(fleet->brood));
	return error;
}

static void fleet_end(struct fleet *fleet)
{
	if (fleet->brood)
		brood_close(fleet->brood);
	fleet_callers_close(fleet);
	close(fleet->epoll);
	close(fleet->signals);
}

int fleet_start(const struct fleet_parts *parts, struct fleet **fleet)
{
	struct fleet *f = calloc(1, sizeof(*f));
	int error;

	if (!f)
		return -ENOMEM;
	f->part = *parts;
	f->link = UINT32_MAX;
	f->start_ns = clock_ns();
	error = fleet_open(f);
	if (!error)
		error = -pthread_create(&f->thread, NULL, fleet_run, f);
	if (error) {
		log_error("fleet.start", "%s", strerror(-error));
		fleet_end(f);
		return error;
	}
	*fleet = f;
	return 0;
}

void fleet_stop(struct fleet *fleet)
{
	pthread_join(fleet->thread, NULL);
	fleet_end(fleet);
}
