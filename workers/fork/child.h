// child.h - what every fork of the nursery is given, and what it does first.
#pragma once
#include <stddef.h>
#include "shared/base/account.h"
#include "shared/base/conf.h"
#include "shared/plane/nest.h"

// Made by the nursery before it forks; read-only afterwards.
struct kit {
	const struct conf *conf;
	struct plane_view view;
	unsigned nest; // which one we are
	int bell[NEST_BELLS];
	int primary_pidfd;
	int nursery_pid;
	struct account worker, courier; // who they become; the courier as ctrl, whose sockets it dials
	char *title;                    // the memory of our argv, where ps looks
	size_t title_bytes;
};

void kit_title(struct kit *kit, char **argv);

// Finds the accounts that the configuration names. 0, or -ENOENT with a log line.
int kit_accounts(struct kit *kit);

// In the fork: a session of its own (a terminal's Ctrl-C is for the nursery), default signals, no core dump, its name, the
// first to be killed where memory runs out, and no descriptor but stderr and keep[0..n).
void child_begin(const struct kit *kit, const char *name, const int *keep, unsigned n);
