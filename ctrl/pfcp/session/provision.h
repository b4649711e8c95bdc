// provision.h - PFD Management (TS 29.244 6.2.5) from the request to the last session that follows it.
//
//   request ─> read and checked, whole ─> "sessions are to follow" noted ─> a note for each application that changes ─> accepted
//                 └> refused, nothing changed                                                                            │
//                                                  note dropped <── all sessions that name one follow (session.h) <──────┘
//
// Requests are served one after the other. What a request names takes the place of what there was; without PFDs an application is
// forgotten, and all are by a request that names none. A request whose notes ctrl does not take within 8 s is refused with 77: some
// of its applications may have changed by then, and it is good to ask again. Whoever starts after us finds the notes, and lets
// sessions follow. One thread.
#pragma once
#include <sys/queue.h>
#include "ctrl/pfcp/rules/pfds.h"

#define PROVISION_NOTES "pfcp.pfd" // all notes begin so
#define PROVISION_NOTE PROVISION_NOTES "s-follow"

struct deal;
struct provision_change;
TAILQ_HEAD(provision_changes, provision_change);

// note: writes a note, or deletes it (bytes null); then provision_noted with the same `about`. 0 or -errno. answer: to a request; its deal is
// gone then. follow: sessions are to be brought up to date; then provision_followed.
struct provision_ways {
	int (*note)(void *arg, const char *name, const void *bytes, size_t length, void *about);
	void (*answer)(void *arg, struct deal *deal, const struct pfcp_fault *fault);
	void (*follow)(void *arg);
	void *arg;
};

struct provision {
	struct provision_ways ways;
	struct pfds pfds;
	struct provision_changes changes; // the first is at work
	bool marked;                      // PROVISION_NOTE stands,
	bool marking, mark;               // is being written (mark) or dropped
	bool owed, following;             // sessions are to follow; they do
	unsigned changed;                 // applications, so far
	unsigned waiting;                 // requests
	uint64_t now_ns, pause_ns;        // ctrl is not asked before
	uint64_t due_ns;                  // UINT64_MAX: nothing to do
	struct pfcp_tree tree;            // of one application at a time
};

void provision_open(struct provision *provision, const struct provision_ways *ways);
void provision_close(struct provision *provision);

// Notes as an earlier process has left them, before anything else. False: it is none of ours.
bool provision_found(struct provision *provision, const char *name, const uint8_t *value, size_t bytes);

// A PFD Management Request: answered now or later. message: read already, over bytes that live until then.
void provision_request(struct provision *provision, struct deal *deal, const struct pfcp_tree *message);

void provision_noted(struct provision *provision, void *about, bool done);
void provision_followed(struct provision *provision);

void provision_tick(struct provision *provision, uint64_t now_ns); // CLOCK_MONOTONIC
