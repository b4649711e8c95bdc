// caller.h - one connection: bytes become requests, answers and events become bytes. For oss.c alone.
#pragma once
#include "ctrl/door/listener.h"
#include "ctrl/door/request.h"
#include "proto/sp.h"
#include "ctrl/door/stream.h"
#include "shared/base/spares.h"

#define CALLER_MESSAGE_MAX (1024u * 1024)
#define CALLER_WORKING_MAX 1024u         // requests of one connection in the desk's hands; then it is not read
#define CALLER_WORKING_BYTES (64u << 20) // of them
#define CALLER_ANSWERS_MAX (4u << 20)    // bytes of answers it has not read; then it is not read either
#define CALLER_WORKING_FEW 16u           // the same two while all connections together have too much unread
#define CALLER_ANSWERS_FEW (64u << 10)
#define CALLER_ANSWER (16u << 10) // what a request in the desk's hands is taken to bring
#define CALLER_EVENTS_MAX 8192u   // events it has not read; a worker that stops moves up to 256 shards at once

struct call;

struct caller {
	struct caller *before, *after; // in its list
	struct caller_list *list;
	struct stream stream;
	const struct listener *listener; // the door it came through
	uint16_t protocol;               // 0 until it has greeted: SP_REQ, SP_SUB
	uint32_t events;                 // what epoll watches
	uint8_t *bytes;                  // what came and is not a whole message yet
	size_t have, room;
	uint8_t greeting_left;     // bytes of ours still to send
	uint32_t working;          // requests in the desk's hands,
	size_t working_bytes;      // and what they are long
	struct call *calls;        // those
	struct call *first, *last; // answered, to be written
	size_t written;            // of the first
	size_t unread;             // bytes of answers and events
	uint32_t waiting;          // events
	uint64_t heard_ns;
};

struct caller_list {
	struct caller *first, *last; // longest silent first
	uint32_t count;
};

// What callers share.
struct caller_desk {
	void (*take)(void *with, struct request *request);
	void *with;
	void (*answered)(void *with, struct caller *caller); // there is something to write
	void *owner;
	size_t buffered, buffered_max; // bytes of incomplete messages, all callers
	size_t unread,
	    unread_max;      // bytes of answers that they have not read, or may get for what is in the desk's hands
	struct spares calls; // call.h
};

struct caller *caller_make(int fd, const struct listener *listener, uint64_t now_ns); // null: no memory
// Closes it; requests in the desk's hands are answered to nobody.
void caller_free(struct caller *caller, struct caller_desk *desk);

// Reads what is there and hands on what is complete. 0, or -errno: the connection is over.
int caller_read(struct caller *caller, struct caller_desk *desk, uint64_t now_ns);

// A subscriber's next event, copied. 0; -EAGAIN: too many wait already; -ENOMEM.
int caller_publish(struct caller *caller, const void *bytes, size_t length);

// After an answer: goes on with what has come already. 0, or -errno.
int caller_resume(struct caller *caller, struct caller_desk *desk, uint64_t now_ns);

// Writes what can be written; of what has come already it may be able to take more then. 0, or -errno.
int caller_write(struct caller *caller);

// What epoll shall watch: EPOLLIN, EPOLLOUT.
uint32_t caller_wants(const struct caller *caller, const struct caller_desk *desk);

// Whether its TLS handshake has begun and is not over.
static inline bool caller_shaking(const struct caller *caller)
{
	return caller->stream.ssl && !caller->stream.shaken;
}

// Whether it has begun something that it should soon finish: its greeting or a message.
static inline bool caller_half_open(const struct caller *caller)
{
	return (!caller->protocol || caller->have) && !caller->working;
}

void caller_list_join(struct caller_list *list, struct caller *caller); // at its end; out of the list it was in
void caller_list_leave(struct caller *caller);

// Who has been longest at the door where most are, so that a crowd at one door costs those at another nothing. Null: empty.
struct caller *caller_list_crowd(const struct caller_list *list, const struct listener *doors);
