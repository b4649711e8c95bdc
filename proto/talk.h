// talk.h - one conversation with another process of this host: whole messages over a Unix socket, in NNG's words (sp.h).
//
//   talk_room -> write the message there -> talk_say -> socket -> talk_hear
//
// Not NNG's own sockets: in NNG 1.5.2 a peer that dies while both sides are writing may stop the one thread that takes connections
// down, for good. A PAIR then accepts nobody any more, and every connection that comes leaves a descriptor behind. About one SIGKILL
// in a hundred did that (tests/unit/test_talk.c). The words stay NNG's: whoever uses its sockets is understood, builds of before are.
//
// One thread, which never blocks; errors are -errno, and all but -EAGAIN mean that the conversation is over: talk_end. No lock, no thread.
// It needs socket, connect, accept4, close, sendto, recvfrom, and memory.
#pragma once
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>
#include "proto/sp.h"

struct talk_terms {
	uint16_t ours, theirs; // SP_PAIR and so on
	size_t max;            // bytes of a message that we take
};

struct talk {
	int fd; // -1 = nobody
	struct talk_terms terms;
	bool greeted;                                  // the other end has said who it is
	uint8_t head[SP_FRAME_MAX];                    // greeting, then frames
	size_t head_have, in_have, in_length, in_room; // in_length: of the message under way, once its frame is there
	uint8_t *in;
	size_t out_sent, out_length, out_room; // frame and message; out_length 0 = nothing is on its way
	uint8_t *out;
};

struct talk_door {
	int fd;      // -1 = closed
	bool shared; // for the group of a shared run directory (modes.h), too
	gid_t group;
	struct sockaddr_un address;
};

#define TALK_NOBODY \
	{ \
		.fd = -1 \
	}

// Connects to the socket at path and greets. 0; -ENOENT, -ECONNREFUSED nobody listens; -EAGAIN too many wait there; -ENAMETOOLONG; others.
int talk_dial(struct talk *talk, const struct talk_terms *terms, const char *path);

// Listens at path; what a dead process left there is removed. 0; -EADDRINUSE somebody listens; -ENAMETOOLONG; others.
int talk_listen(struct talk_door *door, const char *path);

// The next one who has come, greeted. 0; -EAGAIN nobody; -EACCES a stranger, closed unread: neither root, nor us, nor of the group.
int talk_accept(const struct talk_door *door, const struct talk_terms *terms, struct talk *talk);
void talk_shut(struct talk_door *door);

// A message in *message, good until the next call. 0; -EAGAIN; -ECONNRESET it has gone; -EPROTO greets as somebody else; -EMSGSIZE
// more than terms.max; -EBADMSG; -ENOMEM.
int talk_hear(struct talk *talk, const uint8_t **message, size_t *length);

// Where to write the next message, of at most that many bytes. 0; -EAGAIN the last one is still on its way; -ENOTCONN; -ENOMEM.
int talk_room(struct talk *talk, size_t most, uint8_t **message);

// Sends what has been written there, or begins to; talk_flush goes on. 0; errors as above, never -EAGAIN.
int talk_say(struct talk *talk, size_t length);
int talk_flush(struct talk *talk);

bool talk_busy(const struct talk *talk); // a message is still on its way
void talk_end(struct talk *talk);        // once more does no harm

// What to poll for. hearing: whether messages are wanted now. That it is over is told in any case.
struct pollfd talk_poll(const struct talk *talk, bool hearing);

// A socket file nobody listens on is what a killed process left: removes it.
void talk_unlink_stale(const struct sockaddr_un *address);
