// sockets.h - our UDP sockets, one for each address of pfcp.listen, port 8805.
//
// Never blocks: what a socket has no room for is gone, and counted. What is sent goes out with the next sockets_flush, several datagrams
// a system call; those of one peer and one length as one message that the kernel cuts, where it can. One thread.
#pragma once
#include <stddef.h>
#include "ctrl/pfcp/peer/remote.h"

#define SOCKETS_MAX 8u
#define SOCKETS_TOGETHER 64u // datagrams a system call
#define SOCKETS_DATAGRAM 65536u

struct sockets_letter; // a datagram that waits, or room for one that comes

struct sockets {
	unsigned count;
	int fd[SOCKETS_MAX];
	uint8_t family[SOCKETS_MAX]; // 4 or 6
	bool alone[SOCKETS_MAX];     // the kernel does not cut what leaves here
	uint64_t *sent, *unsent;     // the caller's counters
	struct sockets_letter *in, *out;
	unsigned waiting; // of out
};

typedef void sockets_take(void *arg, const struct remote *from, const uint8_t *bytes, size_t length);

int sockets_open(struct sockets *sockets, const struct conf *conf); // 0, or -errno with a log line
void sockets_close(struct sockets *sockets);

// Hands on what has come to socket i, at most SOCKETS_TOGETHER. False: that was all.
bool sockets_receive(struct sockets *sockets, unsigned i, sockets_take *take, void *arg);

// The bytes are copied.
void sockets_send(struct sockets *sockets, const struct remote *to, const uint8_t *bytes, size_t length);
void sockets_flush(struct sockets *sockets);
