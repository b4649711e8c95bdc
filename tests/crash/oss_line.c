// oss_line.c - dials, asks, dials again. The caller's thread owns the line; no other state.
#include "tests/crash/oss_line.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "proto/sp.h"
#include "shared/base/clock.h"

#define ID_BYTES 4u
#define REQUEST_MAX 1024u
#define ANSWER_MAX (1u << 20) // a list of a thousand sessions is far smaller
#define TRY_S 1
#define REST_NS 2000000 // between two dials

static bool send_all(int fd, const uint8_t *bytes, size_t length)
{
	return send(fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static bool receive_all(int fd, uint8_t *bytes, size_t length)
{
	return recv(fd, bytes, length, MSG_WAITALL) == (ssize_t)length;
}

static bool greet(int fd)
{
	uint8_t greeting[SP_GREETING];

	sp_greeting_put(greeting, SP_REQ);
	return send_all(fd, greeting, sizeof(greeting)) && receive_all(fd, greeting, sizeof(greeting)) &&
	       sp_greeting_is(greeting, SP_REP);
}

static bool dial(struct oss_line *line)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = TRY_S };

	line->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (line->fd < 0)
		return false;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", line->path);
	setsockopt(line->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(line->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (!connect(line->fd, (struct sockaddr *)&address, sizeof(address)) && greet(line->fd))
		return true;
	oss_hang_up(line);
	return false;
}

void oss_hang_up(struct oss_line *line)
{
	if (line->fd >= 0)
		close(line->fd);
	line->fd = -1;
}

// The request has one id, and so has the answer.
static bool say(int fd, const uint8_t *request, size_t length)
{
	static const uint8_t id[ID_BYTES] = { 0x80, 0, 0, 1 };
	uint8_t message[SP_FRAME_MAX + ID_BYTES + REQUEST_MAX];
	const size_t head = sp_frame(true);

	sp_frame_put(message, true, ID_BYTES + length);
	memcpy(message + head, id, ID_BYTES);
	memcpy(message + head + ID_BYTES, request, length);
	return send_all(fd, message, head + ID_BYTES + length);
}

static Shoal__Oss__Response *hear(int fd)
{
	Shoal__Oss__Response *response = NULL;
	uint8_t frame[SP_FRAME_MAX], *message;
	uint64_t length;

	if (!receive_all(fd, frame, sp_frame(true)) || sp_frame_get(frame, true, &length) || length < ID_BYTES ||
	    length > ANSWER_MAX)
		return NULL;
	message = malloc(length);
	if (message && receive_all(fd, message, length))
		response = shoal__oss__response__unpack(NULL, length - ID_BYTES, message + ID_BYTES);
	free(message);
	return response;
}

Shoal__Oss__Response *oss_ask(struct oss_line *line, Shoal__Oss__Request *request, unsigned patience_s)
{
	uint64_t end_ns = clock_ns() + patience_s * 1000000000ull;
	Shoal__Oss__Response *response = NULL;
	uint8_t bytes[REQUEST_MAX];
	size_t length;

	request->version = 1;
	length = shoal__oss__request__get_packed_size(request);
	if (length > sizeof(bytes))
		return NULL;
	shoal__oss__request__pack(request, bytes);
	while (!response && clock_ns() < end_ns) {
		if (line->fd < 0 && !dial(line)) {
			nanosleep(&(struct timespec){ .tv_nsec = REST_NS }, NULL);
			continue;
		}
		if (say(line->fd, bytes, length))
			response = hear(line->fd);
		if (!response)
			oss_hang_up(line);
	}
	return response;
}
