// wire.c - a socket that never blocks. Whoever has frames to write waits for room in epoll, so that all of one turn of the caller's
// loop go out together. State: struct wire, one thread.
#include "ctrl/client/wire.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "shared/wire/cursor.h"

#define SCHEME "ipc://"
#define ID_BYTES 4u
#define TOGETHER 64u // frames a sendmsg
#define READ_FIRST (64u * 1024)
#define MESSAGE_MAX (1024u * 1024 + SP_TRACE_MAX)

void wire_open(struct wire *wire, int epoll, const struct wire_ears *ears)
{
	*wire = (struct wire){ .epoll = epoll, .fd = -1, .ears = *ears };
}

int wire_address(struct wire *wire, const char *url)
{
	const char *path = url + strlen(SCHEME);

	if (strncmp(url, SCHEME, strlen(SCHEME)))
		return -EPROTONOSUPPORT;
	if (strlen(path) >= sizeof(wire->address.sun_path))
		return -ENAMETOOLONG;
	wire->address.sun_family = AF_UNIX;
	memcpy(wire->address.sun_path, path, strlen(path) + 1);
	return 0;
}

static int watch(struct wire *wire, int operation, bool room)
{
	struct epoll_event event = { .events = EPOLLIN | (room ? EPOLLOUT : 0), .data.ptr = wire };

	wire->wants_room = room;
	return epoll_ctl(wire->epoll, operation, wire->fd, &event) < 0 ? -errno : 0;
}

int wire_connect(struct wire *wire)
{
	int error;

	wire->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->fd < 0)
		return -errno;
	error = connect(wire->fd, (const struct sockaddr *)&wire->address, sizeof(wire->address)) < 0 ? -errno : 0;
	if (!error)
		error = watch(wire, EPOLL_CTL_ADD, true);
	if (error) {
		close(wire->fd);
		wire->fd = -1;
		return error;
	}
	wire->greeted = false;
	wire->greeting_left = SP_GREETING;
	return 0;
}

static void queue_leave(struct wire *wire, struct wire_frame *frame)
{
	if (frame->before)
		frame->before->after = frame->after;
	else
		wire->first = frame->after;
	if (frame->after)
		frame->after->before = frame->before;
	else
		wire->last = frame->before;
	frame->before = frame->after = NULL;
	frame->queued = false;
}

void wire_close(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
	while (wire->first)
		queue_leave(wire, wire->first);
	wire->written = wire->have = wire->room = 0;
	free(wire->bytes);
	wire->bytes = NULL;
}

void wire_head_put(uint8_t *bytes, uint32_t id, size_t body)
{
	sp_frame_put(bytes, true, ID_BYTES + body);
	be32_put(bytes + SP_FRAME_MAX, id);
}

void wire_queue(struct wire *wire, struct wire_frame *frame)
{
	frame->before = wire->last;
	frame->after = NULL;
	frame->queued = true;
	if (wire->last)
		wire->last->after = frame;
	else
		wire->first = frame;
	wire->last = frame;
	if (wire->fd >= 0 && !wire->wants_room)
		watch(wire, EPOLL_CTL_MOD, true);
}

bool wire_forget(struct wire *wire, struct wire_frame *frame)
{
	if (frame == wire->first && wire->written)
		return false;
	if (frame->queued)
		queue_leave(wire, frame);
	return true;
}

// ---- Out

static ssize_t send_parts(const struct wire *wire, struct iovec *parts, unsigned count)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
	ssize_t sent = sendmsg(wire->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

	return sent < 0 ? -errno : sent;
}

static int greeting_write(struct wire *wire)
{
	uint8_t greeting[SP_GREETING];
	struct iovec part = { greeting + SP_GREETING - wire->greeting_left, wire->greeting_left };
	ssize_t sent;

	sp_greeting_put(greeting, SP_REQ);
	sent = send_parts(wire, &part, 1);
	if (sent < 0)
		return sent == -EAGAIN ? 0 : (int)sent;
	wire->greeting_left -= (unsigned)sent;
	return 0;
}

// What has been sent leaves the queue.
static void frames_out(struct wire *wire, size_t sent)
{
	wire->written += sent;
	while (wire->first && wire->written >= wire->first->length) {
		struct wire_frame *frame = wire->first;

		wire->written -= frame->length;
		queue_leave(wire, frame);
		wire->ears.out(wire->ears.with, frame);
	}
}

static int frames_write(struct wire *wire)
{
	struct iovec parts[TOGETHER];
	unsigned count = 0;
	ssize_t sent;

	for (const struct wire_frame *frame = wire->first; frame && count < TOGETHER; frame = frame->after)
		parts[count++] = (struct iovec){ frame->bytes, frame->length };
	parts[0].iov_base = (uint8_t *)parts[0].iov_base + wire->written;
	parts[0].iov_len -= wire->written;
	sent = send_parts(wire, parts, count);
	if (sent < 0)
		return (int)sent;
	frames_out(wire, (size_t)sent);
	return 0;
}

int wire_write(struct wire *wire)
{
	int error = wire->greeting_left ? greeting_write(wire) : 0;

	while (!error && !wire->greeting_left && wire->first)
		error = frames_write(wire);
	if (error == -EAGAIN)
		error = 0;
	if (!error && wire->wants_room && !wire->first && !wire->greeting_left)
		error = watch(wire, EPOLL_CTL_MOD, false);
	return error;
}

// ---- In

// behind: bytes that have come behind it.
static int message_take(struct wire *wire, const uint8_t *message, size_t length, size_t behind)
{
	const struct wire_ears *ears = &wire->ears;

	if (length < ID_BYTES)
		return -EPROTO;
	if (behind >= WIRE_HEAD)
		ears->next(ears->with, be32_get(message + length + SP_FRAME_MAX));
	ears->answer(ears->with, be32_get(message), message + ID_BYTES, length - ID_BYTES);
	return 0;
}

// Takes the first thing out of the buffer; 0: it is not whole yet. Otherwise its bytes, or -errno.
static ssize_t first_take(struct wire *wire, const uint8_t *bytes, size_t have)
{
	uint64_t length;
	int error;

	if (!wire->greeted) {
		if (have < SP_GREETING)
			return 0;
		wire->greeted = sp_greeting_is(bytes, SP_REP);
		return wire->greeted ? (ssize_t)SP_GREETING : -EPROTO;
	}
	if (have < SP_FRAME_MAX)
		return 0;
	if (sp_frame_get(bytes, true, &length) || length > MESSAGE_MAX)
		return -EPROTO;
	if (have - SP_FRAME_MAX < length)
		return 0;
	error = message_take(wire, bytes + SP_FRAME_MAX, (size_t)length, have - SP_FRAME_MAX - (size_t)length);
	return error ? error : (ssize_t)(SP_FRAME_MAX + length);
}

static int buffer_work(struct wire *wire)
{
	size_t at = 0;
	ssize_t taken;

	while ((taken = first_take(wire, wire->bytes + at, wire->have - at)) > 0)
		at += (size_t)taken;
	wire->have -= at;
	memmove(wire->bytes, wire->bytes + at, wire->have);
	return taken < 0 ? (int)taken : 0;
}

// No message is longer than what is asked for here.
static int buffer_grow(struct wire *wire)
{
	size_t room = wire->room ? wire->room * 2 : READ_FIRST;
	uint8_t *bytes;

	if (wire->have < wire->room)
		return 0;
	bytes = realloc(wire->bytes, room);
	if (!bytes)
		return -ENOMEM;
	wire->bytes = bytes;
	wire->room = room;
	return 0;
}

// Once: answers bring forth requests, and those go to ctrl, which has nothing else to do, before more answers are worked at. epoll tells
// again of what is left.
int wire_read(struct wire *wire)
{
	int error = buffer_grow(wire);
	ssize_t got;

	if (error)
		return error;
	got = recv(wire->fd, wire->bytes + wire->have, wire->room - wire->have, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!got)
		return -ECONNRESET;
	wire->have += (size_t)got;
	return buffer_work(wire);
}
