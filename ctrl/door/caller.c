// caller.c - non-blocking reads into a buffer that grows only as bytes really come, and writes in order of answers.
#include "ctrl/door/caller.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include "ctrl/door/call.h"

#define READ_FIRST 4096u
#define READ_MUCH 65536u         // for who sends much
#define TOGETHER 64u             // answers a write
#define READ_TURN (1024u * 1024) // bytes of one caller before others have their turn

struct caller *caller_make(int fd, const struct listener *listener, uint64_t now_ns)
{
	struct caller *caller = calloc(1, sizeof(*caller));

	if (!caller)
		return NULL;
	caller->stream = stream_make(fd, listener->secured ? &listener->tls : NULL);
	caller->listener = listener;
	caller->greeting_left = SP_GREETING;
	caller->heard_ns = now_ns;
	return caller;
}

static void buffer_free(struct caller *caller, struct caller_desk *desk)
{
	desk->buffered -= caller->room;
	free(caller->bytes);
	caller->bytes = NULL;
	caller->room = 0;
}

static void first_out(struct caller *caller)
{
	struct call *call = caller->first;

	caller->unread -= call->request.answer_bytes;
	if (call->desk) // no event
		call->desk->unread -= call->request.answer_bytes;
	caller->waiting -= caller->protocol == SP_SUB;
	caller->first = call->next;
	call_end(call);
}

void caller_free(struct caller *caller, struct caller_desk *desk)
{
	for (struct call *call = caller->calls; call; call = call->after)
		call->caller = NULL;
	while (caller->first)
		first_out(caller);
	buffer_free(caller, desk);
	caller_list_leave(caller);
	stream_close(&caller->stream);
	free(caller);
}

static void call_unlink(struct caller *caller, struct call *call)
{
	if (call->before)
		call->before->after = call->after;
	else
		caller->calls = call->after;
	if (call->after)
		call->after->before = call->before;
	caller->working--;
	caller->working_bytes -= call->request.length;
}

static void call_write_later(struct caller *caller, struct call *call)
{
	if (caller->first)
		caller->last->next = call;
	else
		caller->first = call;
	caller->last = call;
	caller->unread += call->request.answer_bytes;
	if (call->desk)
		call->desk->unread += call->request.answer_bytes;
}

// The desk has answered.
static void call_answered(struct request *request)
{
	struct call *call = (struct call *)request;
	struct caller *caller = call->caller;
	size_t trace = call->prefix_bytes;
	bool ipc = caller && caller->listener->ipc;

	call->desk->unread -= CALLER_ANSWER;
	if (!caller) {
		call_end(call);
		return;
	}
	call_unlink(caller, call);
	memmove(call->prefix + sp_frame(ipc), call->prefix, trace);
	sp_frame_put(call->prefix, ipc, trace + request->answer_bytes);
	call->prefix_bytes += sp_frame(ipc);
	call_write_later(caller, call);
	call->desk->answered(call->desk->owner, caller);
}

// Hands a whole message to the desk.
static int message_take(struct caller *caller, struct caller_desk *desk, const uint8_t *message, size_t length)
{
	int trace = sp_trace(message, length);
	struct call *call;

	if (trace < 0)
		return trace;
	length -= (size_t)trace;
	call = call_make(desk, message + trace, length);
	if (!call)
		return -ENOMEM;
	call->caller = caller;
	call->after = caller->calls;
	call->prefix_bytes = (size_t)trace;
	memcpy(call->prefix, message, (size_t)trace);
	call->request.arrived_ns = caller->heard_ns;
	call->request.pass = &caller->listener->pass;
	call->request.answered = call_answered;
	if (caller->calls)
		caller->calls->before = call;
	caller->calls = call;
	caller->working++;
	caller->working_bytes += length;
	desk->unread += CALLER_ANSWER;
	desk->take(desk->with, &call->request);
	return 0;
}

// The length of the thing at `at` in the buffer (greeting or framed message); 0 = cannot be told yet. -errno: nonsense.
static int64_t next_length(const struct caller *caller, size_t at)
{
	size_t frame = sp_frame(caller->listener->ipc);
	uint64_t length;

	if (!caller->protocol)
		return SP_GREETING;
	if (caller->protocol == SP_SUB)
		return -EBADMSG; // it has nothing to say
	if (caller->have - at < frame)
		return 0;
	if (sp_frame_get(caller->bytes + at, caller->listener->ipc, &length))
		return -EBADMSG;
	return length > CALLER_MESSAGE_MAX ? -EMSGSIZE : (int64_t)(frame + length);
}

// A door serves requests, events, or both: the client's greeting says what it wants.
static int greeting_take(struct caller *caller)
{
	if (caller->listener->requests && sp_greeting_is(caller->bytes, SP_REQ))
		caller->protocol = SP_REQ;
	else if (caller->listener->events && sp_greeting_is(caller->bytes, SP_SUB))
		caller->protocol = SP_SUB;
	return caller->protocol ? 0 : -EPROTO;
}

static int next_take(struct caller *caller, struct caller_desk *desk, size_t at, size_t length)
{
	size_t frame = sp_frame(caller->listener->ipc);

	if (!caller->protocol)
		return greeting_take(caller);
	return message_take(caller, desk, caller->bytes + at + frame, length - frame);
}

static bool is_loaded(const struct caller *caller, const struct caller_desk *desk)
{
	bool crowded = desk->unread >= desk->unread_max;

	return caller->working >= (crowded ? CALLER_WORKING_FEW : CALLER_WORKING_MAX) ||
	       caller->working_bytes >= CALLER_WORKING_BYTES ||
	       caller->unread >= (crowded ? CALLER_ANSWERS_FEW : CALLER_ANSWERS_MAX);
}

// Takes everything whole out of the buffer.
static int buffer_work(struct caller *caller, struct caller_desk *desk)
{
	size_t at = 0;
	int error = 0;

	while (!error && caller->have > at && !is_loaded(caller, desk)) {
		int64_t length = next_length(caller, at);

		if (length < 0)
			return (int)length;
		if (length == 0 || caller->have - at < (size_t)length)
			break;
		error = next_take(caller, desk, at, (size_t)length);
		at += (size_t)length;
	}
	caller->have -= at;
	if (at)
		memmove(caller->bytes, caller->bytes + at, caller->have);
	if (!caller->have && caller->room)
		buffer_free(caller, desk);
	return error;
}

static int buffer_set(struct caller *caller, struct caller_desk *desk, size_t room)
{
	uint8_t *bytes = realloc(caller->bytes, room);

	if (!bytes)
		return -ENOMEM;
	desk->buffered = desk->buffered + room - caller->room;
	caller->bytes = bytes;
	caller->room = room;
	return 0;
}

static bool is_affordable(const struct caller *caller, const struct caller_desk *desk, size_t room)
{
	return desk->buffered + room - caller->room <= desk->buffered_max;
}

// Room for more: as much again as has come, never more than one message. filled: the last read took all the room that there was, so the
// next one has much, where that can be had.
static int buffer_grow(struct caller *caller, struct caller_desk *desk, bool filled)
{
	bool full = caller->have == caller->room;
	size_t room = full && caller->room ? caller->room * 2 : caller->room ? caller->room : READ_FIRST;
	size_t most = CALLER_MESSAGE_MAX + SP_FRAME_MAX;

	if (filled && room < READ_MUCH && is_affordable(caller, desk, READ_MUCH))
		room = READ_MUCH;
	room = room < most ? room : most;
	if (room != caller->room)
		return is_affordable(caller, desk, room) ? buffer_set(caller, desk, room) : -ENOBUFS;
	return full ? -ENOBUFS : 0;
}

// Nothing but what came is kept until the rest comes.
static int buffer_shrink(struct caller *caller, struct caller_desk *desk)
{
	if (!caller->have && caller->room)
		buffer_free(caller, desk);
	return caller->have <= READ_FIRST && caller->room == READ_MUCH ? buffer_set(caller, desk, READ_FIRST) : 0;
}

int caller_resume(struct caller *caller, struct caller_desk *desk, uint64_t now_ns)
{
	caller->heard_ns = now_ns; // it was we who were slow
	return buffer_work(caller, desk);
}

int caller_read(struct caller *caller, struct caller_desk *desk, uint64_t now_ns)
{
	bool filled = false;
	size_t turn = 0;
	int error = 0;

	caller->heard_ns = now_ns;
	while (!error && turn < READ_TURN && !is_loaded(caller, desk)) {
		ssize_t got;

		error = buffer_grow(caller, desk, filled);
		if (error)
			break;
		got = stream_read(&caller->stream, caller->bytes + caller->have, caller->room - caller->have);
		if (got == -EAGAIN)
			break;
		if (got <= 0)
			return got ? (int)got : -ECONNRESET;
		caller->have += (size_t)got;
		filled = caller->have == caller->room;
		turn += (size_t)got;
		error = buffer_work(caller, desk);
	}
	return error ? error : buffer_shrink(caller, desk);
}

static int greeting_write(struct caller *caller)
{
	uint8_t greeting[SP_GREETING];
	struct iovec part = { greeting + SP_GREETING - caller->greeting_left, caller->greeting_left };
	ssize_t sent;

	sp_greeting_put(greeting, caller->protocol == SP_SUB ? SP_PUB : SP_REP);
	sent = stream_write(&caller->stream, &part, 1);
	if (sent < 0)
		return sent == -EAGAIN ? 0 : (int)sent;
	caller->greeting_left = (uint8_t)(caller->greeting_left - sent);
	return 0;
}

static size_t call_whole(const struct call *call)
{
	return call->prefix_bytes + call->request.answer_bytes;
}

// The answers that wait, as many as go out together; a TLS connection takes one at a time. Returns how many parts.
static unsigned answers_gather(const struct caller *caller, struct iovec parts[2 * TOGETHER])
{
	unsigned most = caller->stream.tls ? 2 : 2 * TOGETHER, count = 0;
	size_t skip = caller->written;

	for (const struct call *call = caller->first; call && count < most; call = call->next) {
		parts[count++] = (struct iovec){ (void *)call->prefix, call->prefix_bytes };
		parts[count++] = (struct iovec){ call->request.answer, call->request.answer_bytes };
	}
	for (unsigned i = 0; i < 2; i++) {
		size_t part = skip < parts[i].iov_len ? skip : parts[i].iov_len;

		parts[i].iov_base = (uint8_t *)parts[i].iov_base + part;
		parts[i].iov_len -= part;
		skip -= part;
	}
	return count;
}

// Writes on at the first answers. 1: they are out; 0: the socket is full.
static int answers_write(struct caller *caller)
{
	struct iovec parts[2 * TOGETHER];
	unsigned count = answers_gather(caller, parts);
	ssize_t sent = stream_write(&caller->stream, parts, count);

	if (sent < 0)
		return sent == -EAGAIN ? 0 : (int)sent;
	caller->written += (size_t)sent;
	for (; count && caller->written >= call_whole(caller->first); count -= 2) {
		caller->written -= call_whole(caller->first);
		first_out(caller);
	}
	return !count;
}

int caller_write(struct caller *caller)
{
	int result = caller->protocol && caller->greeting_left ? greeting_write(caller) : 0;

	if (result < 0 || caller->greeting_left)
		return result;
	result = 1;
	while (caller->first && result > 0)
		result = answers_write(caller);
	return result < 0 ? result : 0;
}

// What TLS has read already the socket will not tell of: there it is the room to write that wakes us.
uint32_t caller_wants(const struct caller *caller, const struct caller_desk *desk)
{
	bool loaded = is_loaded(caller, desk);
	bool out = caller->first || (caller->protocol && caller->greeting_left) || caller->stream.wants_write ||
		   (!loaded && stream_pending(&caller->stream));

	return (loaded ? 0 : EPOLLIN) | (out ? EPOLLOUT : 0);
}

int caller_publish(struct caller *caller, const void *bytes, size_t length)
{
	bool ipc = caller->listener->ipc;
	struct call *call;

	if (caller->waiting >= CALLER_EVENTS_MAX || caller->unread + length > CALLER_ANSWERS_MAX)
		return -EAGAIN;
	call = call_event(bytes, length);
	if (!call)
		return -ENOMEM;
	call->prefix_bytes = sp_frame(ipc);
	sp_frame_put(call->prefix, ipc, length);
	call_write_later(caller, call);
	caller->waiting++;
	return 0;
}
