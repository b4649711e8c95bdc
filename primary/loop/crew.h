// crew.h - the lives of the workers: who sits where, since when, and what is to become of them.
//
//   FREE --forked--> STARTING --says READY--> READY --operator--> DRAINING --shards and packets gone--> LEAVING
//                                  any --died, crashed, exited--> (reap.h) DEAD --pidfd has spoken--> FREE
//                                  any --forges, hangs, too late--> CONDEMNED --died--> DEAD
//
// A seat that holds packets and gives none back is in doubt (watch.h). A tick of CPU time later it is late: not fed, but nothing is
// moved, and the next handle that comes back makes all well. Only then, if it goes on, it is condemned.
//
// Owned by the primary's loop. What it can't do without waiting (start, kill, tell people) it posts to the fleet thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/loop/post.h"

struct loop;

enum crew_phase {
	CREW_FREE,
	CREW_STARTING,
	CREW_READY,
	CREW_DRAINING,
	CREW_LEAVING,
	CREW_CONDEMNED,
	CREW_DEAD,
	CREW_PHASES
};

struct crew {
	uint8_t phase; // enum crew_phase
	uint8_t blame; // enum post_down, once it is condemned
	bool wanted;   // a worker shall sit here
	bool asked;    // the fleet thread knows that
	bool killing;  // SIGKILL is still to be posted
	bool exited;   // the pidfd has spoken
	uint8_t bank;  // where it finds its lines
	int32_t pid;
	uint64_t deadline_ns; // 0 = none
	uint32_t returned;    // handles come back when progress was judged last
	uint64_t since_ns;    // when it gave something back last, or held nothing
	uint32_t doubt;       // number of the doubt about it; 0 = none
	bool late;            // holds packets and gives none back: not fed
	bool waits;           // told that it is not its fault
};

#define CREW_START_NS 10000000000ull // from FORKED to READY
#define CREW_DRAIN_NS 5000000000ull  // from the order to leave until its shards and packets are gone
#define CREW_LEAVE_NS 2000000000ull  // from then to its exit; also what a SIGKILL may take before it is repeated
#define CREW_DOUBT_NS 1000000ull     // without one handle coming back while it holds some: the watcher shall look
#define CREW_STUCK_NS 2000000000ull  // the same, where nobody can tell its CPU time: it hangs

void crew_order(struct loop *loop, const struct post_word *order); // START, STOP, RESTART, FORKED, EXITED

// Every turn: reads each worker's words. Cheap: they hardly ever change.
void crew_look(struct loop *loop);

// Every millisecond: deadlines, what could not be posted before.
void crew_keep(struct loop *loop);

// Whether the seat's phase lets packets be lent to it at all; crew_feed: takes in whether they are, by everything that is known.
bool crew_eats(const struct loop *loop, unsigned seat);
void crew_feed(struct loop *loop, unsigned seat);

// Evicts: not fed any more, SIGKILL. Its leases stand until it is dead.
void crew_condemn(struct loop *loop, unsigned seat, enum post_down blame);

// All seats are to be left, none to be filled again.
void crew_dismiss(struct loop *loop);
