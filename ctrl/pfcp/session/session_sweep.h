// session_sweep.h - something is done with many of an owner's sessions, in the background; for session*.c alone.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "ctrl/pfcp/peer/assoc.h"
#include "ctrl/pfcp/session/choice.h"

struct sessions;
struct task;

struct sweep {
	TAILQ_ENTRY(sweep) all;
	struct sessions *sessions;
	char owner[ASSOC_OWNER_BYTES];
	struct deal *deal;              // who asks for it; null: all sessions are to go
	struct pfcp_tree *request;      // its message
	uint64_t after;                 // the last one looked at, in this round
	bool round_over, again, failed; // again: another round has to follow; failed: for one could not be done
	bool looks, owns;               // whether there are any is all it is to find out; there are
	uint8_t cause;                  // of its answer
	unsigned under_way;
	uint64_t wake_ns; // 0 = something is under way
};
TAILQ_HEAD(sweep_list, sweep);

void sweeps_tick(struct sessions *sessions);
uint64_t sweeps_due(const struct sessions *sessions); // UINT64_MAX: nothing to do
void sweeps_close(struct sessions *sessions);

// One that was under way is over. done: else there is another round.
void sweep_did(struct sweep *sweep, bool done);

// Whether it moves sessions (session_shift.c), and so hears of each by sweep_did; else it deletes them.
bool sweep_moves(const struct sweep *sweep);
void shift_failed(struct task *task); // it was not to be, and the task is gone
