// listener.c - sockets that listen. The configuration outlives them.
#include "ctrl/door/listener.h"
#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "proto/talk.h"
#include "shared/base/account.h"
#include "shared/base/log.h"
#include "shared/base/modes.h"

#define BACKLOG 1024
#define GROUPS_MAX 256u
#define GONE_MS 60000 // a TCP peer that confirms nothing for so long is gone

static int account_add(struct listener *listener, const char *name)
{
	struct account account;
	int error = account_find(name, &account);

	if (error)
		log_error("oss.account", "%s: there is no user '%s'", listener->door.url, name);
	else
		listener->account[listener->accounts++] = account.uid;
	return error;
}

static int group_find(const char *name, gid_t *gid)
{
	const struct group *found = getgrnam(name);
	char *end;

	*gid = found ? found->gr_gid : (gid_t)strtoul(name, &end, 10);
	return found || !*end ? 0 : -ENOENT;
}

// Root, ourselves, whom we become, and who else the configuration names.
static int accounts_find(struct listener *listener, const struct conf *conf)
{
	const struct conf_door *door = &listener->door;
	int error = 0;

	listener->account[listener->accounts++] = 0;
	listener->account[listener->accounts++] = geteuid();
	if (*conf->ctrl_user)
		error = account_add(listener, conf->ctrl_user);
	if (*conf->ctrl_user && !geteuid())
		listener->owner = listener->account[listener->accounts - 1];
	for (unsigned i = 0; i < door->users && !error; i++)
		error = account_add(listener, door->user[i]);
	if (error || !*door->group)
		return error;
	listener->grouped = true;
	error = group_find(door->group, &listener->group);
	if (error)
		log_error("oss.account", "%s: there is no group '%s'", door->url, door->group);
	return error;
}

static bool group_has(const struct listener *listener, int fd)
{
	gid_t groups[GROUPS_MAX];
	socklen_t bytes = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) < 0)
		return false;
	for (socklen_t i = 0; i < bytes / sizeof(*groups); i++)
		if (groups[i] == listener->group)
			return true;
	return false;
}

static bool admits(const struct listener *listener, int fd)
{
	struct ucred peer;
	socklen_t bytes = sizeof(peer);

	if (!listener->ipc)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) < 0)
		return false;
	for (unsigned i = 0; i < listener->accounts; i++)
		if (listener->account[i] == peer.uid)
			return true;
	return listener->grouped && (listener->group == peer.gid || group_has(listener, fd));
}

static void tcp_settle(int fd)
{
	int yes = 1, gone_ms = GONE_MS;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &gone_ms, sizeof(gone_ms));
}

int listener_accept(const struct listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (!listener->ipc)
		tcp_settle(fd);
	if (admits(listener, fd))
		return fd;
	close(fd);
	log_warning("oss.stranger", "%s: somebody of another account is closed unread", listener->door.url);
	return -EACCES;
}

// The mode keeps out whom a mode can; users by name are let through to be looked at.
static int socket_give(const struct listener *listener, const char *path)
{
	mode_t mode = listener->door.users ? 0666 : listener->grouped ? 0660 : 0600;

	if (listener->grouped && chown(path, (uid_t)-1, listener->group) < 0)
		return -errno;
	if (listener->owner && chown(path, listener->owner, (gid_t)-1) < 0)
		return -errno;
	return chmod(path, mode) < 0 ? -errno : 0;
}

// The folder of a door for others may be entered by them, and is made so if there is none.
static int folder_check(const struct listener *listener, const char *path)
{
	const struct conf_door *door = &listener->door;
	enum modes_who who = door->users ? MODES_ALL_ENTER : listener->grouped ? MODES_GROUP_ENTERS : MODES_PRIVATE;
	char folder[sizeof(door->url)];

	snprintf(folder, sizeof(folder), "%s", path);
	return modes_folder(dirname(folder), who, listener->group);
}

static int ipc_listen(struct listener *listener, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int error = folder_check(listener, path);

	if (error)
		return error;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return -errno;
	talk_unlink_stale(&address);
	// Between the two calls the mask of the process (077) keeps others out.
	if (bind(listener->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	error = socket_give(listener, path);
	if (error)
		return error;
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

static int listen_now(struct listener *listener, const struct conf *conf)
{
	const char *url = listener->door.url;
	int error;

	listener->ipc = !strncmp(url, "ipc://", 6);
	listener->secured = !strncmp(url, "tls+", 4);
	if (listener->secured) {
		error = tls_open(&listener->tls, &listener->door);
		return error ? error : tcp_listen(listener, url + strlen("tls+tcp://"));
	}
	if (!listener->ipc)
		return tcp_listen(listener, url + strlen("tcp://"));
	error = accounts_find(listener, conf);
	return error ? error : ipc_listen(listener, url + strlen("ipc://"));
}

int listener_open(struct listener *listener, const struct conf *conf)
{
	int error;

	listener->fd = -1;
	listener->pass = role_pass_of(conf, &listener->door);
	error = listen_now(listener, conf);
	if (error) {
		log_error("oss.listen", "cannot listen on %s: %s", listener->door.url, strerror(-error));
		listener_close(listener);
	}
	return error;
}

void listener_close(struct listener *listener)
{
	if (listener->secured)
		tls_close(&listener->tls);
	if (listener->fd < 0)
		return;
	close(listener->fd);
	if (listener->ipc)
		unlink(listener->door.url + strlen("ipc://"));
}
