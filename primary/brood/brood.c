// brood.c - fills the seats and holds the pidfds of who sits there. The fleet thread only.
#include "primary/brood/brood.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "primary/brood/backoff.h"
#include "primary/brood/door.h"
#include "shared/base/log.h"

#define BROOD_ASKED_NS 5000000000ull
#define BROOD_AGAIN_NS 5000000u // a seat whose reports have still to be read is looked at again

enum brood_state { BROOD_REST, BROOD_DUE, BROOD_ASKED, BROOD_SITS };

struct child {
	enum brood_state state;
	uint8_t nest; // where its workers come from; PLANE_NEST_NONE: home, when it is wanted
	bool homing;  // the next one comes from home
	int32_t pid;
	int pidfd;       // -1 = none
	uint64_t due_ns; // DUE: not before; ASKED: when it was asked
	bool wanted;     // the loop wants somebody there
	struct backoff backoff;
};

struct brood {
	struct brood_parts part;
	struct door door;
	int epoll;
	struct nests nests;
	struct child child[PLANE_SEATS];
};

static int brood_watch(struct brood *brood, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(brood->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void brood_adopt(struct brood *brood, unsigned seat, int32_t pid, int pidfd)
{
	struct child *child = &brood->child[seat];
	struct post_word word = {
		.verb = POST_FORKED, .seat = seat, .pid = pid, .value = brood->nests.nest[child->nest].bank
	};

	child->state = BROOD_SITS;
	child->pid = pid;
	child->pidfd = pidfd;
	brood_watch(brood, pidfd);
	post_put(brood->part.orders, word);
}

// Whether the worker who sat there last has said things that nobody has read.
static bool brood_spoke(const struct brood *brood, unsigned seat)
{
	const struct seat *pages = &brood->part.view->seats[seat];

	return ring_resume(&pages->worker->report_head) != ring_resume(&pages->courier->report_tail);
}

// The seat's page goes over to the courier of this nest. Not before the one of the nest before, as long as it has a nursery, has
// read what is there for it.
static bool brood_hand_over(struct brood *brood, unsigned seat, unsigned nest)
{
	_Atomic uint8_t *of = &brood->part.view->plane->nest[seat];
	unsigned old = atomic_load(of);

	if (old == nest)
		return true;
	if (old < PLANE_NESTS && nursery_there(&brood->nests.nest[old]) && brood_spoke(brood, seat))
		return false;
	atomic_store(of, (uint8_t)nest);
	brood->child[seat].nest = (uint8_t)nest;
	return true;
}

// A nursery may have died between fork and FORKED. Whoever then sits down is found by the thread id in his seat.
static bool brood_orphan(struct brood *brood, unsigned seat)
{
	uint32_t life = atomic_load(&brood->part.view->seats[seat].worker->life);
	int pidfd = life && !(life & SEAT_LIFE_DIED) ? (int)syscall(SYS_pidfd_open, life, 0) : -1;

	if (pidfd < 0)
		return false;
	log_warning("seat.orphan", "seat %u: pid %u sits there and no nursery said so", seat, life);
	brood_adopt(brood, seat, (int32_t)life, pidfd);
	return true;
}

static void brood_start(struct brood *brood, unsigned seat, uint64_t now_ns)
{
	struct child *child = &brood->child[seat];
	unsigned nest = nests_for(&brood->nests, child->homing ? PLANE_NEST_NONE : child->nest);

	if (nest == PLANE_NEST_NONE)
		return;
	if (child->nest == PLANE_NEST_NONE)
		child->nest = (uint8_t)nest;
	if (brood_orphan(brood, seat))
		return;
	if (!brood_hand_over(brood, seat, nest)) {
		child->due_ns = now_ns + BROOD_AGAIN_NS;
		return;
	}
	child->nest = (uint8_t)nest;
	child->homing = false;
	nursery_start(&brood->nests.nest[nest], seat);
	if (!nursery_there(&brood->nests.nest[nest]))
		return;
	child->state = BROOD_ASKED;
	child->due_ns = now_ns;
}

static void brood_asked(struct brood *brood, unsigned seat, uint64_t now_ns)
{
	struct child *child = &brood->child[seat];
	struct nursery *nursery = &brood->nests.nest[child->nest];

	if (nursery_there(nursery) && now_ns - child->due_ns > BROOD_ASKED_NS)
		nursery_hang_up(nursery, "was asked for a worker and gave none");
	if (!nursery_there(nursery))
		child->state = BROOD_DUE;
}

static void brood_starts(struct brood *brood, uint64_t now_ns)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		if (brood->child[seat].state == BROOD_ASKED)
			brood_asked(brood, seat, now_ns);
		if (brood->child[seat].state == BROOD_DUE && brood->child[seat].due_ns <= now_ns)
			brood_start(brood, seat, now_ns);
	}
}

static void brood_forked(struct brood *brood, unsigned nest, const struct nest_word *word, int pidfd)
{
	struct child *child = &brood->child[word->seat];

	if (child->state == BROOD_ASKED && child->nest == nest) {
		brood_adopt(brood, word->seat, word->pid, pidfd);
		return;
	}
	log_warning("seat.twice", "seat %u: nest %u forked %d, and was not asked to", word->seat, nest, word->pid);
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	close(pidfd);
}

static void brood_died(struct brood *brood, unsigned nest, const struct nest_word *word, uint64_t now_ns)
{
	struct child *child = &brood->child[word->seat];

	if (!word->pid && child->state == BROOD_ASKED && child->nest == nest) {
		log_warning("worker.none", "seat %u: nest %u could not fork", word->seat, nest);
		child->state = BROOD_DUE;
		child->due_ns = now_ns + BACKOFF_REST_MIN_NS;
	} else if (WIFSIGNALED(word->status)) {
		log_info("worker.end", "seat %u: worker %d was ended by signal %d", word->seat, word->pid,
			 WTERMSIG(word->status));
	} else {
		log_info("worker.end", "seat %u: worker %d left with %d", word->seat, word->pid,
			 WEXITSTATUS(word->status));
	}
}

static void brood_hear(struct brood *brood, unsigned nest, uint64_t now_ns)
{
	struct nest_word word;
	int pidfd;

	while (nests_hear(&brood->nests, nest, &word, &pidfd)) {
		if (word.verb == NEST_FORKED)
			brood_forked(brood, nest, &word, pidfd);
		else
			brood_died(brood, nest, &word, now_ns);
	}
}

static void brood_ended(struct brood *brood, unsigned seat)
{
	struct child *child = &brood->child[seat];

	// Should the loop have no ear for it now, the pidfd stays readable and we come again.
	if (!post_put(brood->part.orders, (struct post_word){ .verb = POST_EXITED, .seat = seat, .pid = child->pid }))
		return;
	close(child->pidfd);
	child->pidfd = -1;
	child->pid = 0;
	child->state = BROOD_REST;
}

static void brood_event(struct brood *brood, int fd)
{
	struct nest_word hello;
	const char *unfit;
	int caller;

	if (door_event(&brood->door, fd, &hello, &caller, &unfit)) {
		nests_refused(&brood->nests, hello.pid, unfit);
		if (caller >= 0 && nests_admit(&brood->nests, caller, &hello, brood_use(brood, 0)) < 0)
			door_full(&brood->door, caller, &hello);
		return;
	}
	if (nests_event(&brood->nests, fd))
		return;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (fd == brood->child[seat].pidfd)
			brood_ended(brood, seat);
}

void brood_work(struct brood *brood, uint64_t now_ns)
{
	struct epoll_event event[16];
	int n = epoll_wait(brood->epoll, event, 16, 0);

	nests_tick(&brood->nests, now_ns);
	// First: a nursery that has hung up must not stand in the way of the next one at the door.
	for (unsigned nest = 0; nest < PLANE_NESTS; nest++)
		brood_hear(brood, nest, now_ns);
	for (int i = 0; i < n; i++)
		brood_event(brood, event[i].data.fd);
	brood_starts(brood, now_ns);
	nests_keep(&brood->nests, brood_use(brood, 0));
}

// When something can be done about the seat; what a nursery will say wakes us by itself.
static uint64_t brood_due_one(const struct brood *brood, const struct child *child)
{
	const struct nests *nests = &brood->nests;
	unsigned nest = child->nest < PLANE_NESTS ? child->nest : nests->home;
	uint64_t gone_ns = nests->nest[nest].gone_ns + NESTS_COME_NS;

	if (child->state == BROOD_ASKED)
		return child->due_ns + BROOD_ASKED_NS;
	if (child->state != BROOD_DUE)
		return UINT64_MAX;
	if (nests->nest[nest].ready)
		return child->due_ns;
	if (nursery_there(&nests->nest[nest]) || !nests->nest[nests->home].ready)
		return UINT64_MAX;
	return gone_ns > child->due_ns ? gone_ns : child->due_ns;
}

uint64_t brood_due(const struct brood *brood)
{
	uint64_t due = nests_due(&brood->nests);

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		uint64_t at = brood_due_one(brood, &brood->child[seat]);

		due = at < due ? at : due;
	}
	return due;
}

struct nests_use brood_use(const struct brood *brood, uint32_t wanted)
{
	struct nests_use use = { 0 };

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		const struct child *child = &brood->child[seat];
		unsigned page = atomic_load(&brood->part.view->plane->nest[seat]);

		if (page < PLANE_NESTS && brood_spoke(brood, seat))
			use.spoke |= 1u << page;
		if (child->nest == PLANE_NEST_NONE)
			continue;
		if (child->state == BROOD_SITS || child->state == BROOD_ASKED)
			use.lived |= 1u << child->nest;
		if (child->state != BROOD_REST || (wanted >> seat & 1))
			use.used |= 1u << child->nest;
	}
	return use;
}

int brood_place(struct brood *brood, unsigned seat, unsigned nest)
{
	struct child *child = &brood->child[seat];
	bool empty = child->state == BROOD_REST || child->state == BROOD_DUE;

	if (child->nest == nest)
		return 0;
	if (!empty)
		return -EBUSY;
	child->nest = (uint8_t)nest;
	return 0;
}

void brood_call_home(struct brood *brood, unsigned seat)
{
	brood->child[seat].homing = true;
}

unsigned brood_nest(const struct brood *brood, unsigned seat)
{
	return brood->child[seat].nest;
}

struct nests *brood_nests(struct brood *brood)
{
	return &brood->nests;
}

void brood_want(struct brood *brood, unsigned seat, bool wanted, uint64_t now_ns)
{
	struct child *child = &brood->child[seat];

	child->wanted = wanted;
	if (wanted && child->state == BROOD_REST && !child->backoff.over) {
		child->state = BROOD_DUE;
		child->due_ns = now_ns + child->backoff.rest_ns;
	} else if (!wanted && child->state == BROOD_DUE) {
		child->state = BROOD_REST;
	}
}

void brood_kill(struct brood *brood, unsigned seat, int32_t pid)
{
	struct child *child = &brood->child[seat];

	if (child->state == BROOD_SITS && child->pid == pid)
		syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
}

void brood_death(struct brood *brood, unsigned seat, bool own_doing, uint64_t now_ns)
{
	struct child *child = &brood->child[seat];

	if (backoff_death(&child->backoff, own_doing, child->due_ns, now_ns))
		backoff_tell(&child->backoff, seat, brood->part.journal);
}

void brood_pardon(struct brood *brood, unsigned seat, uint64_t now_ns)
{
	struct child *child = &brood->child[seat];

	backoff_pardon(&child->backoff);
	if (child->state == BROOD_DUE)
		child->due_ns = now_ns;
	brood_want(brood, seat, child->wanted, now_ns);
}

int32_t brood_pid(const struct brood *brood, unsigned seat)
{
	return brood->child[seat].pid;
}

int brood_fd(const struct brood *brood)
{
	return brood->epoll;
}

int brood_open(const struct brood_parts *parts, struct brood **brood)
{
	struct brood *b = calloc(1, sizeof(*b));
	int error;

	*brood = b;
	if (!b)
		return -ENOMEM;
	b->part = *parts;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		b->child[seat] = (struct child){ .nest = PLANE_NEST_NONE, .pidfd = -1 };
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	nests_init(&b->nests, &b->part, b->epoll);
	error = b->epoll < 0 ? -errno : door_open(&b->door, parts->run_dir, parts->view->plane, b->epoll);
	if (!error)
		return 0;
	log_error("nest.listen", "%s/%s: %s", parts->run_dir, NEST_SOCKET, strerror(-error));
	brood_close(b);
	*brood = NULL;
	return error;
}

static void brood_shut(int fd)
{
	if (fd >= 0)
		close(fd);
}

void brood_close(struct brood *brood)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		brood_kill(brood, seat, brood->child[seat].pid);
		brood_shut(brood->child[seat].pidfd);
	}
	nests_close(&brood->nests);
	door_close(&brood->door);
	brood_shut(brood->epoll);
	free(brood);
}
