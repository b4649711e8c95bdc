// ctrl.h - the controller as a whole: its parts, opened in order, and a turn of its main loop.
#pragma once
#include "ctrl/desk/desk.h"
#include "ctrl/door/oss.h"
#include "ctrl/feed/feed.h"
#include "ctrl/fleet/exceptions.h"
#include "ctrl/fleet/release.h"
#include "ctrl/fleet/upgrade.h"
#include "ctrl/tell/path.h"
#include "ctrl/tell/traces.h"
#include "ctrl/truth/truth.h"

struct ctrl {
	const struct conf *conf;
	bool salvage;
	struct inbox inbox;
	struct truth truth;
	struct push push;
	struct desk desk;
	struct quarantine quarantine;
	struct upgrade upgrade;
	struct release release;
	struct traces traces;
	struct paths paths;
	struct event event;
	struct oss *oss;
	struct feed *feed[PLANE_NESTS];
	struct fleet *fleet;
	struct exceptions exceptions;
	uint64_t ticked_ns;
};

// Opens the doors, which takes rights that are given up afterwards; nobody is served yet. 0, or -errno with a log line. ctrl: zero
// but for conf and salvage.
int ctrl_bind(struct ctrl *ctrl);

// Loads the store and opens the other sockets. 0, or -errno with a log line.
int ctrl_open(struct ctrl *ctrl);

// Reads the doors' certificates anew.
void ctrl_renew(struct ctrl *ctrl);

// Closes the store, and leaves the rest to the end of the process. What was acknowledged is durable, as after a kill.
void ctrl_close(struct ctrl *ctrl);

// One turn: what came in, a group of requests, what goes out. Blocks until something comes, `wake_fd` is readable, or it is time
// to look. 0, or -EUCLEAN: the store is not to be trusted any more.
int ctrl_turn(struct ctrl *ctrl, int wake_fd);

void ctrl_upgrade_open(struct ctrl *ctrl); // of ctrl_open: ctrl_upgrade.c
void ctrl_traces_open(struct ctrl *ctrl);  // likewise: ctrl_traces.c

// Of ctrl.c: ctrl_path.c. 0 or -ENOMEM.
int ctrl_path_open(struct ctrl *ctrl);
void ctrl_path_moved(struct ctrl *ctrl, uint32_t cell); // its session is durable as it is now
void ctrl_path_heard(void *ctrl, const struct report *report);
void ctrl_path_tick(struct ctrl *ctrl, uint64_t now_ns);
