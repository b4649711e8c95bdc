// pair.c - starts the second thread, and lets both go at once. State: on the caller's stack.
#include "cost/pair.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include "shared/base/clock.h"

struct start {
	const struct pair *pair;
	_Atomic int ready; // 1: the other side is there; 2: go; -1: it is nowhere
};

bool pair_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *other(void *arg)
{
	struct start *start = arg;
	unsigned spins = 0;

	if (!pair_pin(start->pair->b)) {
		atomic_store(&start->ready, -1);
		return NULL;
	}
	atomic_store(&start->ready, 1);
	while (atomic_load(&start->ready) != 2)
		pair_wait(&spins);
	start->pair->there(start->pair->with);
	return NULL;
}

double pair_run(const struct pair *pair)
{
	struct start start = { .pair = pair };
	pthread_t thread;
	unsigned spins = 0;
	double ns = 0;
	uint64_t from;

	if (!pair_pin(pair->a) || pthread_create(&thread, NULL, other, &start))
		return 0;
	while (!atomic_load(&start.ready))
		pair_wait(&spins);
	if (atomic_load(&start.ready) == 1) {
		atomic_store(&start.ready, 2);
		from = clock_ns();
		pair->here(pair->with);
		ns = (double)(clock_ns() - from);
	}
	pthread_join(thread, NULL);
	return ns;
}
