// watch.h - the thread that looks at workers in doubt, so that the packet loop never has to.
//
// The loop notes a seat that holds work and has given nothing back for a while: that is a doubt, and has a number. The watcher then
// reads that worker's CPU clock and state about every millisecond (judge.h), writes what it thinks beside the number, and rings
// the loop. The loop decides: it alone knows whether something has come back meanwhile. Without a doubt the watcher sleeps.
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include "primary/loop/judge.h"
#include "shared/plane/limits.h"

struct watch_seat {
	_Alignas(64) _Atomic int32_t pid;   // who sits there; 0 = nobody. w: loop
	_Atomic uint32_t doubt;             // number of the doubt; 0 = none. w: loop
	_Alignas(64) _Atomic uint64_t word; // doubt << 32 | enum judge_verdict. w: watcher
};

struct watch {
	struct watch_seat seat[PLANE_SEATS];
	_Alignas(64) _Atomic uint32_t sleeping; // w: watcher
	_Atomic bool over;
	int bell; // the watcher's
	_Atomic uint32_t *loop_sleeping;
	int loop_bell;
	uint64_t tick_ns; // constant after start
	pthread_t thread;
};

// The struct is zeroed memory. Measures the step of the CPU clock, some 30 ms, and starts the thread. 0 or -errno with a log line.
int watch_start(struct watch *watch, _Atomic uint32_t *loop_sleeping, int loop_bell);
void watch_stop(struct watch *watch); // after the loop has ended

// ---- For the loop

void watch_sit(struct watch *watch, unsigned seat, int32_t pid); // 0: it is empty again
void watch_doubt(struct watch *watch, unsigned seat, uint32_t doubt);

// What is thought of the doubt with this number.
static inline enum judge_verdict watch_word(const struct watch *watch, unsigned seat, uint32_t doubt)
{
	uint64_t word = atomic_load_explicit(&watch->seat[seat].word, memory_order_acquire);

	return word >> 32 == doubt ? (enum judge_verdict)(uint32_t)word : JUDGE_NONE;
}
