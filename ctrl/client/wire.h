// wire.h - one connection to ctrl's door: frames out of a queue, answers in. For rpc.c alone.
#pragma once
#include <stdbool.h>
#include <sys/un.h>
#include "proto/sp.h"

#define WIRE_HEAD (SP_FRAME_MAX + 4u) // frame and request id
#define WIRE_BODY_MAX (1024u * 1024 - 4)

struct wire_frame {
	struct wire_frame *before, *after; // in the queue
	uint8_t *bytes;                    // frame, id, body
	size_t length;
	bool queued;
};

// Who hears of what comes and goes.
struct wire_ears {
	void (*next)(void *with, uint32_t id); // its answer comes behind the one that is told now
	void (*answer)(void *with, uint32_t id, const uint8_t *body, size_t length);
	void (*out)(void *with, struct wire_frame *frame); // written, and out of the queue
	void *with;
};

struct wire {
	struct sockaddr_un address;
	int fd, epoll;   // fd -1: there is no connection
	bool greeted;    // ctrl has said who it is
	bool wants_room; // epoll watches for room to write
	struct wire_frame *first, *last;
	size_t written; // of the greeting and then of the first
	unsigned greeting_left;
	uint8_t *bytes; // what came and is not a whole message
	size_t have, room;
	struct wire_ears ears;
};

void wire_open(struct wire *wire, int epoll, const struct wire_ears *ears);
int wire_address(struct wire *wire, const char *url); // 0, -EPROTONOSUPPORT, -ENAMETOOLONG
int wire_connect(struct wire *wire);                  // 0 or -errno
void wire_close(struct wire *wire);                   // the queue is empty then, and nothing of it was told

void wire_head_put(uint8_t *bytes, uint32_t id, size_t body);
void wire_queue(struct wire *wire, struct wire_frame *frame);
bool wire_forget(struct wire *wire, struct wire_frame *frame); // false: it is half written, `out` will tell

// 0, or -errno: the connection is over.
int wire_write(struct wire *wire);
int wire_read(struct wire *wire);
