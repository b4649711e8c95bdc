// brood.c - speaks with the nursery, holds the pidfds. The fleet thread only.
#include "primary/brood.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "primary/door.h"
#include "shared/base/log.h"

#define BROOD_ASKED_NS 5000000000ull

enum brood_state { BROOD_REST, BROOD_DUE, BROOD_ASKED, BROOD_SITS };

struct child {
	enum brood_state state;
	int32_t pid;
	int pidfd;                      // -1 = none
	uint64_t due_ns;                // DUE: not before; ASKED: when it was asked
	uint64_t rest_ns;               // how long the next one is put off
	uint64_t died_ns[BROOD_DEATHS]; // the last deaths
	unsigned deaths;
};

struct brood {
	struct brood_parts part;
	struct door door;
	int epoll;
	int nursery; // its socket; -1 = none
	int32_t nursery_pid;
	char nursery_lines[PLANE_LINES_BYTES];
	bool ready; // the nursery can fork
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

	atomic_store(&brood->part.view->plane->nest[seat], 0);
	child->state = BROOD_SITS;
	child->pid = pid;
	child->pidfd = pidfd;
	brood_watch(brood, pidfd);
	post_put(brood->part.orders, (struct post_word){ .verb = POST_FORKED, .seat = seat, .pid = pid });
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

static void brood_hang_up(struct brood *brood, const char *why)
{
	log_warning("nursery.gone", "nursery %d: %s; its workers live on", brood->nursery_pid, why);
	close(brood->nursery);
	brood->nursery = -1;
	brood->ready = false;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (brood->child[seat].state == BROOD_ASKED)
			brood->child[seat].state = BROOD_DUE;
}

static void brood_start(struct brood *brood, unsigned seat, uint64_t now_ns)
{
	struct nest_word word = { .verb = NEST_START, .seat = seat, .generation = brood->part.view->plane->generation };
	int error;

	if (brood_orphan(brood, seat))
		return;
	error = nest_send(brood->nursery, &word, NULL, 0);
	if (error) {
		brood_hang_up(brood, strerror(-error));
		return;
	}
	brood->child[seat].state = BROOD_ASKED;
	brood->child[seat].due_ns = now_ns;
}

static void brood_starts(struct brood *brood, uint64_t now_ns)
{
	for (unsigned seat = 0; seat < PLANE_SEATS && brood->ready; seat++) {
		struct child *child = &brood->child[seat];

		if (child->state == BROOD_DUE && child->due_ns <= now_ns)
			brood_start(brood, seat, now_ns);
		else if (child->state == BROOD_ASKED && now_ns - child->due_ns > BROOD_ASKED_NS)
			brood_hang_up(brood, "asked for a worker and gave none");
	}
}

static void brood_welcome(struct brood *brood, int fd, const struct nest_word *hello)
{
	struct nest_word word = { .verb = NEST_WELCOME, .generation = brood->part.view->plane->generation };
	int error;

	snprintf(word.prefix, sizeof(word.prefix), "%s", brood->part.prefix);
	snprintf(word.dir, sizeof(word.dir), "%s", brood->part.hugepage_dir);
	brood->nursery = fd;
	brood->nursery_pid = hello->pid;
	memcpy(brood->nursery_lines, hello->lines, sizeof(brood->nursery_lines));
	error = nest_send(fd, &word, brood->part.bell, NEST_BELLS);
	if (error)
		brood_hang_up(brood, strerror(-error));
	else
		log_info("nursery.hello", "nursery %d, build %s", hello->pid, hello->build);
}

static void brood_forked(struct brood *brood, const struct nest_word *word, int pidfd)
{
	if (brood->child[word->seat].state == BROOD_SITS) {
		log_warning("seat.twice", "seat %u: nursery forked %d, but %d sits there", word->seat, word->pid,
			    brood->child[word->seat].pid);
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		close(pidfd);
		return;
	}
	brood_adopt(brood, word->seat, word->pid, pidfd);
}

static void brood_died(const struct nest_word *word)
{
	if (WIFSIGNALED(word->status))
		log_info("worker.end", "seat %u: worker %d was ended by signal %d", word->seat, word->pid,
			 WTERMSIG(word->status));
	else
		log_info("worker.end", "seat %u: worker %d left with %d", word->seat, word->pid,
			 WEXITSTATUS(word->status));
}

// The nursery says how large all shards are as its build lays them out: it gets the bank of that layout.
static void brood_bank(struct brood *brood, const struct nest_word *asked)
{
	struct nest_word word = { .verb = NEST_BANK, .bytes = asked->bytes };
	int bank = banks_get(brood->part.banks, brood->nursery_lines, asked->bytes);
	int fds[2] = { bank < 0 ? -1 : brood->part.banks->bank[bank].fd, brood->part.banks->image };

	if (bank >= 0) {
		if (nest_send(brood->nursery, &word, fds, 2))
			brood_hang_up(brood, "takes no words");
		return;
	}
	word.verb = NEST_REFUSE;
	snprintf(word.dir, sizeof(word.dir), "no bank of %llu bytes for its lines: %s",
		 (unsigned long long)asked->bytes, strerror(-bank));
	nest_send(brood->nursery, &word, NULL, 0);
	brood_hang_up(brood, word.dir);
}

// One word of the nursery; false: there is none.
static bool brood_hear(struct brood *brood)
{
	struct nest_word word;
	unsigned nfds = 1;
	int pidfd = -1, error = nest_receive(brood->nursery, &word, &pidfd, &nfds);

	if (error == -EAGAIN)
		return false;
	if (error) {
		brood_hang_up(brood, error == -EPROTO ? "speaks nonsense" : "hung up");
		return false;
	}
	if (word.verb == NEST_FORKED && nfds == 1) {
		brood_forked(brood, &word, pidfd);
		return true;
	}
	if (nfds == 1)
		close(pidfd);
	if (word.verb == NEST_READY)
		brood->ready = true;
	else if (word.verb == NEST_DIED)
		brood_died(&word);
	else if (word.verb == NEST_BANK)
		brood_bank(brood, &word);
	else
		brood_hang_up(brood, "said a word that is not its own");
	return brood->nursery >= 0;
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
	int nursery;

	if (door_event(&brood->door, fd, brood->nursery >= 0, &hello, &nursery)) {
		if (nursery >= 0)
			brood_welcome(brood, nursery, &hello);
		return;
	}
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (fd == brood->child[seat].pidfd)
			brood_ended(brood, seat);
}

void brood_work(struct brood *brood, uint64_t now_ns)
{
	struct epoll_event event[16];
	int n = epoll_wait(brood->epoll, event, 16, 0);

	// First: a nursery that has hung up must not stand in the way of the next one at the door.
	while (brood->nursery >= 0 && brood_hear(brood))
		;
	for (int i = 0; i < n; i++)
		brood_event(brood, event[i].data.fd);
	brood_starts(brood, now_ns);
}

uint64_t brood_due(const struct brood *brood)
{
	uint64_t due = UINT64_MAX;

	for (unsigned seat = 0; seat < PLANE_SEATS && brood->ready; seat++) {
		const struct child *child = &brood->child[seat];
		uint64_t at = child->state == BROOD_DUE     ? child->due_ns
			      : child->state == BROOD_ASKED ? child->due_ns + BROOD_ASKED_NS
							    : UINT64_MAX;

		due = at < due ? at : due;
	}
	return due;
}

void brood_want(struct brood *brood, unsigned seat, bool wanted, uint64_t now_ns)
{
	struct child *child = &brood->child[seat];

	if (wanted && child->state == BROOD_REST) {
		child->state = BROOD_DUE;
		child->due_ns = now_ns + child->rest_ns;
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

void brood_death(struct brood *brood, unsigned seat, uint64_t now_ns)
{
	struct child *child = &brood->child[seat];
	uint64_t *oldest = &child->died_ns[child->deaths++ % BROOD_DEATHS];
	bool storm;

	*oldest = now_ns;
	oldest = &child->died_ns[child->deaths % BROOD_DEATHS]; // now the oldest of the last BROOD_DEATHS
	storm = child->deaths >= BROOD_DEATHS && now_ns - *oldest < BROOD_PERIOD_NS + child->rest_ns * BROOD_DEATHS;
	if (!storm) {
		child->rest_ns = 0;
		return;
	}
	child->rest_ns = child->rest_ns ? 2 * child->rest_ns : BROOD_REST_MIN_NS;
	if (child->rest_ns > BROOD_REST_MAX_NS)
		child->rest_ns = BROOD_REST_MAX_NS;
	journal_write(brood->part.journal, JOURNAL_ALARM, (struct journal_place){ seat, 0 },
		      "seat %u: %u deaths, the next worker comes in %lu s", seat, child->deaths,
		      (unsigned long)(child->rest_ns / 1000000000u));
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
	b->nursery = -1;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		b->child[seat].pidfd = -1;
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
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
	brood_shut(brood->nursery);
	door_close(&brood->door);
	brood_shut(brood->epoll);
	free(brood);
}
