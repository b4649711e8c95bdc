// door.c - answers the door of the primary. The fleet thread only.
#include "primary/brood/door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/log.h"

static int door_watch(struct door *door, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(door->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

// Why a caller may not be a nursery of ours; null: he may.
static const char *door_unfit(const struct nest_word *hello)
{
	if (hello->verb != NEST_HELLO)
		return "speaks before it says hello";
	if (hello->abi != PLANE_ABI)
		return "another ABI: its workers and this primary do not understand each other";
	return hello->build[0] ? NULL : "does not say of which build it is";
}

static void door_refuse(const struct door *door, int fd, const struct nest_word *hello, const char *why, bool again)
{
	struct nest_word word = { .verb = NEST_REFUSE, .status = again };

	snprintf(word.dir, sizeof(word.dir), "%s (primary is build %s, nursery is build %s)", why, door->plane->build,
		 hello->build);
	log_write(again ? LOG_DEBUG : LOG_WARNING, "nursery.refused", "pid %d: %s", hello->pid, word.dir);
	nest_send(fd, &word, NULL, 0);
	close(fd);
}

void door_full(const struct door *door, int caller, const struct nest_word *hello)
{
	door_refuse(door, caller, hello, "another nursery serves already", true);
}

// Nobody is answered before his HELLO has been read: closing a socket with something unread in it would swallow the answer.
static int door_guest(struct door *door, int *guest, struct nest_word *hello, const char **unfit)
{
	unsigned nfds = 0;
	int fd = *guest, error = nest_receive(fd, hello, NULL, &nfds);

	if (error == -EAGAIN)
		return -1;
	*guest = -1;
	if (error) {
		close(fd);
		return -1;
	}
	*unfit = door_unfit(hello);
	if (!*unfit)
		return fd;
	door_refuse(door, fd, hello, *unfit, false);
	return -1;
}

// A place for a caller: a free one, or that of who has kept silent longest.
static unsigned door_seat(struct door *door)
{
	unsigned i = 0;

	while (i < DOOR_GUESTS - 1 && door->guest[i] >= 0)
		i++;
	if (door->guest[i] < 0)
		return i;
	close(door->guest[0]);
	memmove(&door->guest[0], &door->guest[1], (DOOR_GUESTS - 1) * sizeof(door->guest[0]));
	door->guest[i] = -1;
	return i;
}

static void door_accept(struct door *door)
{
	int fd = accept4(door->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned i;

	if (fd < 0)
		return;
	i = door_seat(door);
	if (door_watch(door, fd))
		close(fd);
	else
		door->guest[i] = fd;
}

bool door_event(struct door *door, int fd, struct nest_word *hello, int *caller, const char **unfit)
{
	*caller = -1;
	*unfit = NULL;
	if (fd == door->listener) {
		door_accept(door);
		return true;
	}
	for (unsigned i = 0; i < DOOR_GUESTS; i++)
		if (fd == door->guest[i]) {
			*caller = door_guest(door, &door->guest[i], hello, unfit);
			return true;
		}
	return false;
}

static int door_listen(struct door *door)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask = umask(077);
	int error;

	memcpy(address.sun_path, door->path, sizeof(door->path));
	unlink(door->path); // a dead primary's: we hold the lock
	error = bind(door->listener, (struct sockaddr *)&address, sizeof(address)) || listen(door->listener, 4);
	error = error ? -errno : 0;
	umask(mask);
	return error ? error : door_watch(door, door->listener);
}

int door_open(struct door *door, const char *run_dir, const struct plane *plane, int epoll)
{
	int length = snprintf(door->path, sizeof(door->path), "%s/%s", run_dir, NEST_SOCKET);

	door->epoll = epoll;
	door->plane = plane;
	for (unsigned i = 0; i < DOOR_GUESTS; i++)
		door->guest[i] = -1;
	door->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (length < 0 || (size_t)length >= sizeof(door->path))
		return -ENAMETOOLONG;
	return door->listener < 0 ? -errno : door_listen(door);
}

void door_close(struct door *door)
{
	for (unsigned i = 0; i < DOOR_GUESTS; i++)
		if (door->guest[i] >= 0)
			close(door->guest[i]);
	if (door->listener < 0)
		return;
	close(door->listener);
	unlink(door->path);
}
