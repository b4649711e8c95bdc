// session_follow.h - all sessions that name an application, brought up to date in the background; for session*.c alone.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct rules_fault;
struct sessions;
struct task;

struct follow {
	bool under_way, again; // again: one could not be done now
	bool round_over;
	uint64_t since_ns; // what is asked later is translated anew
	uint64_t after;    // the last one looked at, in this round
	unsigned tasks;    // sessions under way
	uint64_t wake_ns;  // 0 = something is under way
	unsigned changed, left;
};

// Whether a session is being made that was asked for by then: it may be in no list yet.
bool task_making(const struct sessions *sessions, uint64_t then_ns);

void follow_tick(struct sessions *sessions);
uint64_t follow_due(const struct sessions *sessions); // UINT64_MAX: nothing to do

// A task of ours is over: its session is up to date, or can't be brought there.
void follow_done(struct task *task, bool changed);
void follow_refused(struct task *task, const struct rules_fault *fault);
