// notify.c - the sd_notify(3) protocol in a few lines: one datagram to the socket named by the environment. The last
// status is the only state; main threads call this.
#include "shared/base/notify.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "shared/base/log.h"

#define STATUS_BYTES 256

static char last[STATUS_BYTES];

// A service manager that is not there or does not listen is no reason to stop; nor, unless it must hear of it, to wait.
static void tell(const char *words, int wait)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, length);
	if (to.sun_path[0] == '@') // abstract name
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, words, strlen(words), MSG_NOSIGNAL | wait, (const struct sockaddr *)&to,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(fd);
}

// True if text is news.
static bool remember(const char *text)
{
	char now[STATUS_BYTES];

	snprintf(now, sizeof now, "%s", text);
	if (!strcmp(now, last))
		return false;
	memcpy(last, now, sizeof last);
	return true;
}

void notify_ready(const char *text)
{
	char words[STATUS_BYTES + 32];

	remember(text);
	snprintf(words, sizeof words, "READY=1\nSTATUS=%s", last);
	tell(words, 0);
	log_info("process.ready", "%s", text);
}

static void tell_status(const char *text, const char *before)
{
	char words[STATUS_BYTES + 32];

	if (!remember(text))
		return;
	snprintf(words, sizeof words, "%sSTATUS=%s", before, last);
	tell(words, *before ? 0 : MSG_DONTWAIT);
	log_info("process.status", "%s", text);
}

void notify_status(const char *text)
{
	tell_status(text, "");
}

void notify_waiting(const char *text)
{
	tell_status(text, "READY=1\n");
}

void notify_stopping(void)
{
	remember("stopping");
	tell("STOPPING=1", MSG_DONTWAIT);
	log_info("process.stopping", "stopping");
}
