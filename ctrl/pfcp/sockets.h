// sockets.h - our UDP sockets, one for each address of pfcp.listen, port 8805.
//
// Never blocks. One thread.
#pragma once
#include <stddef.h>
#include "ctrl/pfcp/remote.h"

#define SOCKETS_MAX 8u

struct sockets {
	unsigned count;
	int fd[SOCKETS_MAX];
	uint8_t family[SOCKETS_MAX]; // 4 or 6
};

int sockets_open(struct sockets *sockets, const struct conf *conf); // 0, or -errno with a log line
void sockets_close(struct sockets *sockets);

// The next datagram of socket i. Its length; -EAGAIN: none; others: one that cannot be had.
int sockets_receive(const struct sockets *sockets, unsigned i, struct remote *from, uint8_t *bytes, size_t size);
int sockets_send(const struct sockets *sockets, const struct remote *to, const uint8_t *bytes,
		 size_t length); // 0 or -errno
