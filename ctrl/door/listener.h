// listener.h - one place where clients come in: the socket, who may come, and what they may do then.
//
//   ipc      the directory lets no stranger in or put something else there, the socket has a tight mode, and the kernel says
//            whose process calls: others are closed unread
//   tls+tcp  certificates both ways (tls.h)
//   tcp      anybody; only when the configuration says `plain`
//
// Main thread.
#pragma once
#include <sys/types.h>
#include "ctrl/door/role.h"
#include "ctrl/door/tls.h"

#define LISTENER_ACCOUNTS_MAX 11u // root, ours before and after the change of user, those of the configuration

// The urls of ctrl.oss, the doors, and the url of ctrl.events.
#define LISTENERS_MAX \
	(sizeof(((struct conf *)0)->oss_url) / 256 + sizeof(((struct conf *)0)->door) / sizeof(struct conf_door) + 1)

struct listener {
	int fd;
	struct conf_door door;
	bool ipc, secured;     // secured: TLS
	bool requests, events; // what is served
	struct role_pass pass;
	struct tls tls;
	uid_t account[LISTENER_ACCOUNTS_MAX];
	unsigned accounts;
	uid_t owner; // of the socket's file: whom we become; 0 = stays
	gid_t group;
	bool grouped;
};

// Listens as listener->door, requests and events say. 0, or -errno with a log line and nothing left open.
int listener_open(struct listener *listener, const struct conf *conf);
void listener_close(struct listener *listener);

// The next connection, as a descriptor that does not block; or -errno: -EAGAIN when there is none, -EACCES when a stranger came to
// an ipc door and was closed unread.
int listener_accept(const struct listener *listener);
