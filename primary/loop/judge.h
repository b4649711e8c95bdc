// judge.h - whether a worker that holds work and gives nothing back hangs, by its own CPU clock. Pure.
//
// Looked at about every millisecond while the doubt lasts; wall time alone never condemns. The kernel moves a thread's CPU clock
// in steps of one tick, and one step may be a processor that a hypervisor took away for long: so each step counts as one
// tick at most, and looks that come late count as one that came in time. Where a worker ran for less than half of the time between two
// looks, the host is so busy that it gets slices of some ten microseconds: that counts an eighth.
//
//   runs, a tick without progress                -> LATE: do not feed it
//   runs, two ticks                              -> LOOPS: it hangs, and what it has in hand is suspect
//   stopped for 16 ms, not by a tracer           -> STOPPED: somebody did that to it; its packets are not suspect
//   asleep for 16 ms though its bell was rung    -> BLOCKED: it hangs
//   wants to run, or waits for the kernel's disk -> STARVED after 16 ms: not its fault, and killing it would not help
//   traced                                       -> TRACED: somebody looks at it
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define JUDGE_TICK_MIN_NS 4000000u  // however fine the kernel's clock is
#define JUDGE_TICK_MAX_NS 10000000u // whatever was measured
#define JUDGE_TICKS 2u
#define JUDGE_GRACE 8u // this part of a tick may be missing: its steps are a little shorter now and then
#define JUDGE_SPARSE 8u
#define JUDGE_STOOD_NS 14000000u // and the silence before the doubt
#define JUDGE_LOOK_NS 2500000u   // two looks are not further apart than this, whatever the clock says

enum judge_verdict {
	JUDGE_NONE, // no word yet
	JUDGE_LATE,
	JUDGE_STARVED,
	JUDGE_TRACED,
	JUDGE_BLIND, // the CPU clock can't be read
	JUDGE_LOOPS,
	JUDGE_STOPPED,
	JUDGE_BLOCKED,
	JUDGE_VERDICTS
};

struct judge_sample {
	uint64_t now_ns, run_ns;
	char state; // as in /proc/PID/stat
	bool traced;
};

struct judge {
	uint64_t tick_ns;  // one step of the CPU clock
	uint64_t ran_ns;   // since the doubt began
	uint64_t stood_ns; // in this state, without running
	struct judge_sample last;
};

// A doubt begins: the worker has been silent for a while already.
void judge_open(struct judge *judge, uint64_t tick_ns, const struct judge_sample *first);

enum judge_verdict judge_look(struct judge *judge, const struct judge_sample *now);

static inline bool judge_fatal(enum judge_verdict verdict)
{
	return verdict >= JUDGE_LOOPS;
}
