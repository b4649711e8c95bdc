// oss.c - one epoll over listeners and callers.
#include "ctrl/oss.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "ctrl/caller.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define LISTENERS_MAX 4u
#define BACKLOG 1024
#define ACCEPT_TURN 64u
#define EVENTS_TURN 256
#define DESCRIPTORS_KEPT 128u // for the store, NNG and the rest

struct listener {
	int fd;
	bool ipc;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

struct oss {
	int epoll;
	struct listener listener[LISTENERS_MAX];
	unsigned listeners;
	struct caller_list half_open, idle; // longest silent first
	struct caller_desk desk;
	uint32_t callers_max;
};

static void caller_watch(struct oss *oss, struct caller *caller)
{
	struct epoll_event event = { .events = caller_wants(caller), .data.ptr = caller };

	if (event.events == caller->events)
		return;
	caller->events = event.events;
	epoll_ctl(oss->epoll, EPOLL_CTL_MOD, caller->fd, &event);
}

static void caller_sort(struct oss *oss, struct caller *caller)
{
	caller_list_join(caller_half_open(caller) ? &oss->half_open : &oss->idle, caller);
}

static void caller_answered(void *owner, struct caller *caller)
{
	struct oss *oss = owner;

	int error = caller_resume(caller, &oss->desk, clock_ns());

	if (!error)
		error = caller_write(caller);
	if (error) // not here, where the desk still has it in hand: it comes back as an event
		shutdown(caller->fd, SHUT_RDWR);
	caller_sort(oss, caller);
	caller_watch(oss, caller);
}

// Room for one more: whoever has been silent longest, first among those who never finished a word.
static bool one_sent_away(struct oss *oss)
{
	struct caller *caller = oss->half_open.first;

	for (struct caller *idle = oss->idle.first; !caller && idle; idle = idle->after)
		if (!idle->working)
			caller = idle;
	if (!caller)
		return false;
	log_warning("oss.crowded", "%u connections: the longest silent one is closed",
		    oss->half_open.count + oss->idle.count);
	caller_free(caller, &oss->desk);
	return true;
}

static void caller_admit(struct oss *oss, const struct listener *listener, int fd)
{
	struct caller *caller = caller_make(fd, listener->ipc, clock_ns());
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT, .data.ptr = caller };
	int yes = 1;

	if (!caller || epoll_ctl(oss->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		free(caller);
		close(fd);
		return;
	}
	if (!listener->ipc)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	caller->events = event.events;
	caller_sort(oss, caller);
}

static void callers_accept(struct oss *oss, const struct listener *listener)
{
	for (unsigned i = 0; i < ACCEPT_TURN; i++) {
		int fd;

		if (oss->half_open.count + oss->idle.count >= oss->callers_max && !one_sent_away(oss))
			return;
		fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EMFILE || errno == ENFILE) && one_sent_away(oss))
			continue;
		if (fd < 0)
			return;
		caller_admit(oss, listener, fd);
	}
}

static void caller_serve(struct oss *oss, struct caller *caller, uint32_t events)
{
	int error = 0;

	if (events & (EPOLLHUP | EPOLLERR)) // nobody is left to answer
		error = -ECONNRESET;
	if (!error && (events & EPOLLOUT))
		error = caller_write(caller);
	if (!error && (events & EPOLLIN))
		error = caller_read(caller, &oss->desk, clock_ns());
	if (error) {
		if (error != -ECONNRESET && error != -EPIPE)
			log_info("oss.caller", "a client is sent away: %s", strerror(-error));
		caller_free(caller, &oss->desk);
		return;
	}
	caller_sort(oss, caller);
	caller_watch(oss, caller);
}

static struct listener *listener_of(struct oss *oss, void *event)
{
	for (unsigned i = 0; i < oss->listeners; i++)
		if (event == &oss->listener[i])
			return &oss->listener[i];
	return NULL;
}

// Admitting may send a caller away whose event is still to come in this turn: listeners are served last.
void oss_serve(struct oss *oss)
{
	struct epoll_event events[EVENTS_TURN];
	int count = epoll_wait(oss->epoll, events, EVENTS_TURN, 0);

	for (int i = 0; i < count; i++)
		if (!listener_of(oss, events[i].data.ptr))
			caller_serve(oss, events[i].data.ptr, events[i].events);
	for (int i = 0; i < count; i++)
		if (listener_of(oss, events[i].data.ptr))
			callers_accept(oss, events[i].data.ptr);
}

void oss_tick(struct oss *oss, uint64_t now_ns)
{
	while (oss->half_open.first && now_ns - oss->half_open.first->heard_ns > OSS_PATIENCE_NS)
		caller_free(oss->half_open.first, &oss->desk);
}

int oss_fd(const struct oss *oss)
{
	return oss->epoll;
}

// A socket file nobody listens on is what a killed process left.
static void stale_remove(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 && errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static int ipc_listen(struct listener *listener, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	memcpy(listener->path, address.sun_path, sizeof(listener->path));
	listener->ipc = true;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return -errno;
	stale_remove(&address);
	// Between the two calls the mask of the process (077) keeps others out.
	if (bind(listener->fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0600) < 0)
		return -errno;
	return listen(listener->fd, BACKLOG) < 0 ? -errno : 0;
}

static int tcp_bind(struct listener *listener, const struct addrinfo *found)
{
	int yes = 1;

	listener->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return -errno;
	setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener->fd, found->ai_addr, found->ai_addrlen) < 0 || listen(listener->fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

static int tcp_listen(struct listener *listener, const char *where)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	const char *colon = strrchr(where, ':');
	bool bracket = *where == '[';
	char host[64] = "";
	int error;

	if (!colon || colon - where < 1 + 2 * bracket || (size_t)(colon - where) >= sizeof(host))
		return -EINVAL;
	memcpy(host, where + bracket, (size_t)(colon - where) - 2 * bracket);
	if (getaddrinfo(host, colon + 1, &hints, &found))
		return -EINVAL;
	error = tcp_bind(listener, found);
	freeaddrinfo(found);
	return error;
}

static int door_open(struct oss *oss, const char *url)
{
	struct listener *listener = &oss->listener[oss->listeners];
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = listener };
	int error = -EINVAL;

	listener->fd = -1;
	if (!strncmp(url, "ipc://", 6))
		error = ipc_listen(listener, url + 6);
	else if (!strncmp(url, "tcp://", 6))
		error = tcp_listen(listener, url + 6);
	if (!error && epoll_ctl(oss->epoll, EPOLL_CTL_ADD, listener->fd, &event) < 0)
		error = -errno;
	if (error) {
		log_error("oss.listen", "RPC cannot listen on %s: %s", url, strerror(-error));
		if (listener->fd >= 0)
			close(listener->fd);
		return error;
	}
	oss->listeners++;
	return 0;
}

// Each connection is a descriptor.
static uint32_t descriptors_raise(void)
{
	struct rlimit limit = { 1024, 1024 };

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur <= 2 * DESCRIPTORS_KEPT)
		return DESCRIPTORS_KEPT;
	if (limit.rlim_cur - DESCRIPTORS_KEPT < OSS_CALLERS_MAX)
		return (uint32_t)limit.rlim_cur - DESCRIPTORS_KEPT;
	return OSS_CALLERS_MAX;
}

int oss_open(const struct conf *conf, oss_take *take, void *with, struct oss **made)
{
	struct oss *oss = calloc(1, sizeof(*oss));
	int error = 0;

	if (!oss)
		return -ENOMEM;
	oss->callers_max = descriptors_raise();
	oss->desk = (struct caller_desk){
		.take = take, .with = with, .answered = caller_answered, .owner = oss, .buffered_max = OSS_BUFFERED_MAX
	};
	oss->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (oss->epoll < 0)
		error = -errno;
	for (unsigned i = 0; !error && i < conf->oss_urls; i++)
		error = door_open(oss, conf->oss_url[i]);
	if (error)
		oss_close(oss);
	else
		*made = oss;
	return error;
}

void oss_close(struct oss *oss)
{
	while (oss->half_open.first)
		caller_free(oss->half_open.first, &oss->desk);
	while (oss->idle.first)
		caller_free(oss->idle.first, &oss->desk);
	for (unsigned i = 0; i < oss->listeners; i++) {
		close(oss->listener[i].fd);
		if (oss->listener[i].ipc)
			unlink(oss->listener[i].path);
	}
	if (oss->epoll >= 0)
		close(oss->epoll);
	free(oss);
}
