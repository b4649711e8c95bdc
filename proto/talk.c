// talk.c - greeting, frames, and what is left of a message when the socket is full. State: struct talk, its owner's thread.
#include "proto/talk.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shared/base/modes.h"

#define BACKLOG 64

static int address_fill(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, path, strlen(path));
	return 0;
}

static int socket_make(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

// ---- Coming together

// A new socket has room for a greeting.
static int talk_begin(struct talk *talk, int fd, const struct talk_terms *terms)
{
	uint8_t greeting[SP_GREETING];

	*talk = (struct talk){ .fd = fd, .terms = *terms };
	sp_greeting_put(greeting, terms->ours);
	if (send(fd, greeting, SP_GREETING, MSG_NOSIGNAL) == SP_GREETING)
		return 0;
	talk_end(talk);
	return -ECONNRESET;
}

int talk_dial(struct talk *talk, const struct talk_terms *terms, const char *path)
{
	struct sockaddr_un address;
	int error = address_fill(&address, path);
	int fd = error ? error : socket_make();

	talk->fd = -1;
	if (fd < 0)
		return fd;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return talk_begin(talk, fd, terms);
	error = -errno;
	close(fd);
	return error;
}

void talk_unlink_stale(const struct sockaddr_un *address)
{
	int fd = socket_make();

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 && errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

// Between bind and chmod the mask of the process (077) keeps others out.
static int door_open(struct talk_door *door)
{
	const char *path = door->address.sun_path;

	talk_unlink_stale(&door->address);
	if (bind(door->fd, (struct sockaddr *)&door->address, sizeof(door->address)) ||
	    chmod(path, door->shared ? 0660 : 0600) || listen(door->fd, BACKLOG))
		return -errno;
	return 0;
}

int talk_listen(struct talk_door *door, const char *path)
{
	int error;

	*door = (struct talk_door){ .fd = -1 };
	error = address_fill(&door->address, path);
	if (error)
		return error;
	door->shared = modes_shared(path, &door->group);
	door->fd = socket_make();
	error = door->fd < 0 ? door->fd : door_open(door);
	if (error && door->fd >= 0)
		close(door->fd);
	if (error)
		door->fd = -1;
	return error;
}

void talk_shut(struct talk_door *door)
{
	if (door->fd < 0)
		return;
	close(door->fd);
	door->fd = -1;
	unlink(door->address.sun_path);
}

// The socket's mode is the first wall, this the second.
static bool is_stranger(const struct talk_door *door, int fd)
{
	struct ucred peer;
	socklen_t bytes = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes))
		return true;
	return peer.uid && peer.uid != geteuid() && (!door->shared || peer.gid != door->group);
}

int talk_accept(const struct talk_door *door, const struct talk_terms *terms, struct talk *talk)
{
	int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	talk->fd = -1;
	if (fd < 0)
		return errno == ECONNABORTED || errno == EINTR ? -EAGAIN : -errno;
	if (!is_stranger(door, fd))
		return talk_begin(talk, fd, terms);
	close(fd);
	return -EACCES;
}

void talk_end(struct talk *talk)
{
	if (talk->fd < 0)
		return;
	close(talk->fd);
	free(talk->in);
	free(talk->out);
	*talk = (struct talk)TALK_NOBODY;
}

// ---- Hearing

// Reads up to that many bytes in all, and no further: what has not been asked for stays where poll sees it. 0 = they are there.
static int bytes_read(const struct talk *talk, uint8_t *bytes, size_t *have, size_t wanted)
{
	while (*have < wanted) {
		ssize_t got = recv(talk->fd, bytes + *have, wanted - *have, 0);

		if (!got)
			return -ECONNRESET;
		if (got < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		*have += (size_t)got;
	}
	return 0;
}

static int greeting_read(struct talk *talk)
{
	int error = talk->greeted ? 0 : bytes_read(talk, talk->head, &talk->head_have, SP_GREETING);

	if (error || talk->greeted)
		return error;
	talk->greeted = true;
	talk->head_have = 0;
	return sp_greeting_is(talk->head, talk->terms.theirs) ? 0 : -EPROTO;
}

static int in_grow(struct talk *talk, size_t wanted)
{
	uint8_t *grown;

	if (wanted <= talk->in_room)
		return 0;
	grown = realloc(talk->in, wanted);
	if (!grown)
		return -ENOMEM;
	talk->in = grown;
	talk->in_room = wanted;
	return 0;
}

static int frame_read(struct talk *talk)
{
	uint64_t length;
	int error;

	if (talk->head_have == SP_FRAME_MAX)
		return 0;
	error = bytes_read(talk, talk->head, &talk->head_have, SP_FRAME_MAX);
	if (!error)
		error = sp_frame_get(talk->head, true, &length);
	if (!error && length > talk->terms.max)
		error = -EMSGSIZE;
	if (!error)
		error = in_grow(talk, (size_t)length + 1); // so that there is a place even for nothing
	if (error)
		return error;
	talk->in_have = 0;
	talk->in_length = (size_t)length;
	return 0;
}

int talk_hear(struct talk *talk, const uint8_t **message, size_t *length)
{
	int error = talk->fd < 0 ? -ENOTCONN : greeting_read(talk);

	if (!error)
		error = frame_read(talk);
	if (!error)
		error = bytes_read(talk, talk->in, &talk->in_have, talk->in_length);
	if (error)
		return error;
	talk->head_have = 0;
	*message = talk->in;
	*length = talk->in_length;
	return 0;
}

// ---- Speaking

bool talk_busy(const struct talk *talk)
{
	return talk->out_length;
}

int talk_room(struct talk *talk, size_t most, uint8_t **message)
{
	uint8_t *grown;

	if (talk->fd < 0)
		return -ENOTCONN;
	if (talk_busy(talk))
		return -EAGAIN;
	if (SP_FRAME_MAX + most > talk->out_room) {
		grown = realloc(talk->out, SP_FRAME_MAX + most);
		if (!grown)
			return -ENOMEM;
		talk->out = grown;
		talk->out_room = SP_FRAME_MAX + most;
	}
	*message = talk->out + SP_FRAME_MAX;
	return 0;
}

int talk_flush(struct talk *talk)
{
	while (talk->out_sent < talk->out_length) {
		ssize_t sent =
		    send(talk->fd, talk->out + talk->out_sent, talk->out_length - talk->out_sent, MSG_NOSIGNAL);

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		talk->out_sent += (size_t)sent;
	}
	talk->out_sent = talk->out_length = 0;
	return 0;
}

int talk_say(struct talk *talk, size_t length)
{
	sp_frame_put(talk->out, true, length);
	talk->out_length = SP_FRAME_MAX + length;
	return talk_flush(talk);
}

struct pollfd talk_poll(const struct talk *talk, bool hearing)
{
	return (struct pollfd){ talk->fd, (short)((hearing ? POLLIN : 0) | (talk_busy(talk) ? POLLOUT : 0)), 0 };
}
