// nest_stand.c - plays a nursery and its workers: a socket, real processes, real pidfds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/bell.h"
#include "shared/base/log.h"
#include "tests/unit/nest_stand.h"

char dir[] = "/tmp/shoal-brood.XXXXXX";
struct plane plane;
struct plane_view view;
struct seat_worker_page *pages;
struct seat_courier_page *couriers;
struct post orders;
static _Atomic uint32_t awake;
struct journal journal;
struct brood *brood;
uint64_t now;
struct banks banks;

int group_setup(void **state)
{
	log_open("test", "error");
	return mkdtemp(dir) ? 0 : -1;
}

int group_teardown(void **state)
{
	return rmdir(dir);
}

int bank_with(const char *lines)
{
	for (unsigned i = 0; i < PLANE_BANKS; i++)
		if (banks.bank[i].fd >= 0 && !strcmp(banks.bank[i].lines, lines))
			return (int)i;
	return -1;
}

void bank_offer(const char *lines)
{
	unsigned i = banks.bank[0].fd < 0 ? 0 : 1;

	if (bank_with(lines) >= 0)
		return;
	banks.bank[i].fd = memfd_create("bank", MFD_CLOEXEC);
	banks.bank[i].bytes = PLANE_PAGE;
	snprintf(banks.bank[i].lines, sizeof(banks.bank[i].lines), "%s", lines);
}

int setup(void **state)
{
	struct brood_parts parts = { dir, "shoal-1", "/huge", "wait", &view, &banks, &orders, &journal, { 0 } };

	memset(&orders, 0, sizeof(orders));
	memset(&journal, 0, sizeof(journal));
	post_init(&orders, &awake, -1);
	pages = calloc(PLANE_SEATS, sizeof(*pages));
	couriers = calloc(PLANE_SEATS, sizeof(*couriers));
	for (unsigned i = 0; i < PLANE_SEATS; i++) {
		view.seats[i].worker = &pages[i];
		view.seats[i].courier = &couriers[i];
		plane.nest[i] = PLANE_NEST_NONE;
	}
	banks.image = memfd_create("image", MFD_CLOEXEC);
	for (unsigned i = 0; i < PLANE_BANKS; i++)
		banks.bank[i].fd = -1;
	bank_offer("lines");
	view.plane = &plane;
	plane.abi = PLANE_ABI;
	snprintf(plane.build, sizeof(plane.build), "build");
	for (unsigned i = 0; i < NEST_BELLS; i++)
		parts.bell[i] = bell_make();
	now = SECOND;
	return brood_open(&parts, &brood);
}

int teardown(void **state)
{
	brood_close(brood);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	free(pages);
	free(couriers);
	return 0;
}

int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", dir, NEST_SOCKET);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void say(int fd, uint32_t verb, uint32_t seat, int32_t pid)
{
	struct nest_word word = { .verb = verb, .seat = seat, .pid = pid, .bytes = PLANE_PAGE };

	assert_int_equal(nest_send(fd, &word, NULL, 0), 0);
}

void greet(int fd, const char *build, const char *lines, int32_t pid)
{
	struct nest_word word = { .verb = NEST_HELLO, .abi = PLANE_ABI, .pid = pid };

	snprintf(word.build, sizeof(word.build), "%s", build);
	snprintf(word.lines, sizeof(word.lines), "%s", lines);
	assert_int_equal(nest_send(fd, &word, NULL, 0), 0);
}

uint32_t hear(int fd, struct nest_word *word)
{
	int fds[NEST_BELLS];

	for (unsigned i = 0; i < 50; i++) {
		unsigned nfds = NEST_BELLS;

		brood_work(brood, now);
		int error = nest_receive(fd, word, fds, &nfds);

		for (unsigned k = 0; k < nfds; k++)
			close(fds[k]);
		if (!error)
			return word->verb;
		if (error != -EAGAIN)
			return UINT32_MAX; // hung up
	}
	return 0;
}

int nursery_of(const char *build, const char *lines, int32_t pid)
{
	struct nest_word word;
	int fd = dial();

	greet(fd, build, lines, pid);
	assert_int_equal(hear(fd, &word), NEST_WELCOME);
	assert_string_equal(word.prefix, "shoal-1");
	assert_string_equal(word.dir, "/huge");
	bank_offer(lines);
	say(fd, NEST_BANK, 0, 0);
	assert_int_equal(hear(fd, &word), NEST_BANK);
	say(fd, NEST_READY, 0, 0);
	brood_work(brood, now);
	return fd;
}

int nursery(void)
{
	return nursery_of("build", "lines", getpid());
}

// A child that waits to be killed. It keeps none of our descriptors: a copy would keep sockets alive, and what epoll knows.
pid_t fork_idle(void)
{
	int gate[2];
	char end;
	pid_t pid;

	assert_int_equal(pipe(gate), 0);
	pid = fork();
	if (pid == 0) {
		close_range(3, ~0u, 0);
		for (;;)
			pause();
	}
	close(gate[1]);
	assert_int_equal(read(gate[0], &end, 1), 0); // its end is closed too
	close(gate[0]);
	return pid;
}

pid_t fork_for(int fd, unsigned seat)
{
	struct nest_word word = { .verb = NEST_FORKED, .seat = seat, .pid = fork_idle() };
	int pidfd = (int)syscall(SYS_pidfd_open, word.pid, 0);

	assert_int_equal(nest_send(fd, &word, &pidfd, 1), 0);
	close(pidfd);
	return word.pid;
}

struct post_word order(void)
{
	struct post_word word = { 0 };
	struct pollfd ready = { brood_fd(brood), POLLIN, 0 };

	for (unsigned i = 0; i < 100 && !post_take(&orders, &word); i++) {
		poll(&ready, 1, 100);
		brood_work(brood, now);
	}
	return word;
}

void ends(pid_t pid, unsigned seat)
{
	struct post_word got;

	kill(pid, SIGKILL);
	got = order();
	assert_int_equal(got.verb, POST_EXITED);
	assert_int_equal(got.seat, seat);
	waitpid(pid, NULL, 0);
}

pid_t worker(int fd, unsigned seat)
{
	struct nest_word word;
	pid_t pid;

	brood_want(brood, seat, true, now);
	assert_int_equal(hear(fd, &word), NEST_START);
	assert_int_equal(word.seat, seat);
	pid = fork_for(fd, seat);
	assert_int_equal(order().verb, POST_FORKED);
	return pid;
}
