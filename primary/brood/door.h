// door.h - where nurseries come in: listens at nest.sock, hears each caller's HELLO, turns away who does not fit.
//
// Part of brood (brood.h), on whose epoll its descriptors are watched. The fleet thread; never blocks.
#pragma once
#include <stdbool.h>
#include <sys/un.h>
#include "shared/plane/nest.h"

#define DOOR_GUESTS 4u // callers that have not said HELLO yet

struct door {
	int epoll, listener;
	int guest[DOOR_GUESTS];
	const struct plane *plane;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

int door_open(struct door *door, const char *run_dir, const struct plane *plane, int epoll); // 0 or -errno
void door_close(struct door *door);

// A descriptor of the epoll is readable. True: it was the door's; then *caller is the socket of one whose HELLO fits, or -1. *unfit: why one
// was turned away whose HELLO does not, or null.
bool door_event(struct door *door, int fd, struct nest_word *hello, int *caller, const char **unfit);

// Turns a caller away who fits, but finds no place now: he may come again.
void door_full(const struct door *door, int caller, const struct nest_word *hello);
