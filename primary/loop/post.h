// post.h - words between the primary's two threads: orders from the fleet thread to the loop, facts the other way.
//
// One SP/SC queue of plain structs a direction. The writer never waits: a full queue says so and the writer comes again.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/plane/ring.h"

#define POST_SLOTS 2048u

enum post_verb {
	POST_NONE,
	// Orders, fleet -> loop
	POST_START,      // seat: an operator wants a worker here; value = as a guest
	POST_STOP,       // seat: an operator wants none here
	POST_RESTART,    // seat: a fresh one
	POST_FORKED,     // seat, pid, value = bank: the nursery has forked it, we hold its pidfd
	POST_EXITED,     // seat, pid: the pidfd has spoken
	POST_MOVE,       // shard, seat; PLANE_SEAT_NONE: where it likes
	POST_GUEST,      // seat: gets only what is moved to it
	POST_REGULAR,    // seat: does not any more
	POST_QUARANTINE, // list, value = how many, shard = own additions the list knows; the list comes back at once
	POST_EXCEPTIONS, // list, value = how many; the loop hands the list back when it has another
	POST_ALIASES,    // list, value = how many (alias.h); the list comes back at once
	POST_FRAMED,     // list, value = how many (framed.h); the list comes back at once
	POST_RELEASE,    // list of struct release_cell, value = how many; the list comes back at once
	POST_DROP,       // list of struct release_drop, value = how many; it comes back when they are done
	POST_MARKERS,    // list of struct marker_order, value = how many; it comes back at once
	POST_TRACES,     // list of TRACE_KEYS keys (trace.h); it comes back at once
	POST_ECHOES,     // list of struct echo_order, the same
	POST_LINK,       // seat = port, value = up
	POST_END,        // orderly stop
	// Facts, loop -> fleet
	POST_WANT,    // seat: free, and a worker is wanted
	POST_REST,    // seat: no longer wanted
	POST_KILL,    // seat: SIGKILL it
	POST_UP,      // seat, pid: serving
	POST_DOWN,    // seat, pid, value = enum post_down; shard = packets parked for others
	POST_LEFT,    // seat: left as it was told
	POST_MOVED,   // shard, seat
	POST_RETURN,  // list: no longer used
	POST_REFUSED, // value = -errno, seat, shard, pid = which order: it could not be
	POST_ENDED,   // the loop has stopped
	POST_POISON,  // list = struct record to be written and given free
	POST_WAITS,   // seat, pid, value = enum judge_verdict: holds packets through no fault of its own
};

// Why a seat went down.
enum post_down {
	POST_DIED,     // the kernel or its pidfd said so
	POST_CRASHED,  // its own handler said so; pid is the signal
	POST_FORGED,   // evicted: gave back what it did not hold
	POST_RING,     // evicted: impossible ring index
	POST_LOOPS,    // evicted: runs and gives nothing back
	POST_BLOCKED,  // evicted: sleeps on what it holds
	POST_STUCK,    // evicted: gives nothing back, and nobody can tell its CPU time
	POST_LATE,     // evicted: neither READY nor gone in time
	POST_STOPPED,  // evicted: somebody has stopped it
	POST_STILLBORN // died before it was READY
};

// Whether what it had in hand may be what did it.
static inline bool post_suspects(unsigned down)
{
	return down == POST_CRASHED || down == POST_LOOPS || down == POST_BLOCKED || down == POST_STUCK;
}

struct post_word {
	uint32_t verb; // enum post_verb
	uint32_t seat;
	uint32_t shard;
	int32_t pid;
	int64_t value;
	void *list;
};

struct post {
	struct ring_index head;                  // w: writer
	struct ring_index tail;                  // w: reader
	_Alignas(64) _Atomic uint32_t *sleeping; // the reader's, and its doorbell
	int bell;
	uint32_t rung; // w: writer; the reader was told of all before it
	struct post_word word[POST_SLOTS];
};

// The posts are zeroed memory; sleeping and bell belong to the reader.
void post_init(struct post *post, _Atomic uint32_t *sleeping, int bell);
bool post_put(struct post *post, struct post_word word);   // false: full
void post_ring(struct post *post);                         // once behind several puts: each ring may be a system call
bool post_take(struct post *post, struct post_word *word); // false: nothing there
bool post_waits(const struct post *post);
