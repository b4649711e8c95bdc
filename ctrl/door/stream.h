// stream.h - a connection as a stream of bytes, TLS or not, that never blocks. For caller.c and oss.c alone.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <openssl/types.h>
#include "ctrl/door/refusal.h"
#include "ctrl/door/tls.h"

struct stream {
	int fd;
	const struct tls *tls; // null = no TLS
	SSL *ssl;              // from the first byte on; null without TLS
	bool shaken;           // the handshake is over
	bool wants_write;      // TLS itself has something to write before it can go on
};

struct stream stream_make(int fd, const struct tls *tls);
void stream_close(struct stream *stream);

// A step of the handshake. 1: it is over; 0: more has to come; -errno with *why: the end.
int stream_shake(struct stream *stream, enum refusal *why);

// As recv and sendmsg on a socket that does not block, but for the result: bytes, 0 = the end, or -errno; -EAGAIN = later.
ssize_t stream_read(struct stream *stream, void *bytes, size_t room);
ssize_t stream_write(struct stream *stream, const struct iovec *parts, unsigned count);

// Whether bytes have been read from the socket that stream_read has not given yet: the socket will not tell.
bool stream_pending(const struct stream *stream);
