// pair.h - two threads on two CPUs that begin together.
#pragma once
#include <sched.h>
#include <stdbool.h>

// Runs on its own CPU; both return before pair_run does.
typedef void pair_side(void *with);

// Runs `here` on CPU `a` in this thread and `there` on CPU `b` in another. Returns the nanoseconds that `here` took, 0 if the
// second thread can't be started or a CPU can't be had.
struct pair {
	int a, b;
	pair_side *here, *there;
	void *with;
};
double pair_run(const struct pair *pair);

bool pair_pin(int cpu);

// While it waits: pauses, and lets others run now and then, so that two sides on one busy CPU get on.
static inline void pair_wait(unsigned *spins)
{
	__builtin_ia32_pause();
	if (++*spins % 4096 == 0)
		sched_yield();
}
