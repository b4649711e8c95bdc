// cost_kernel.c - reads clocks, calls the kernel, wakes a thread that sleeps. State: on the stack.
#include "cost/cost_kernel.h"
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cost/pair.h"
#include "shared/base/bell.h"
#include "shared/base/clock.h"

#define TIMES 20000u
#define WAKES 40u
#define DOZE_NS 50000u // from the sleeper's last word until it certainly sleeps

static double read_tsc(void *with)
{
	uint64_t from = clock_ns(), sum = 0;

	for (unsigned i = 0; i < TIMES; i++)
		sum += clock_ticks();
	__asm__ volatile("" ::"r"(sum));
	return (double)(clock_ns() - from) / TIMES;
}

static double read_kernel(void *with)
{
	uint64_t from = clock_ns(), sum = 0;

	for (unsigned i = 0; i < TIMES; i++)
		sum += clock_ns();
	__asm__ volatile("" ::"r"(sum));
	return (double)(clock_ns() - from) / TIMES;
}

static double call(void *with)
{
	uint64_t from = clock_ns();

	for (unsigned i = 0; i < TIMES; i++)
		syscall(SYS_getpid);
	return (double)(clock_ns() - from) / TIMES;
}

struct doze {
	int bell;
	const struct line_pair *pair;
	_Atomic uint32_t number; // of the wake-up the sleeper waits for
	_Atomic uint64_t woke;   // ns; woke 0 = still asleep
	double sum;
};

static void sleeper(void *with)
{
	struct doze *doze = with;

	for (uint32_t i = 1; i <= WAKES; i++) {
		struct pollfd fd = { doze->bell, POLLIN, 0 };

		atomic_store(&doze->number, i);
		while (poll(&fd, 1, 1000) < 0 && errno == EINTR)
			;
		atomic_store(&doze->woke, clock_ns());
		bell_hush(doze->bell);
	}
}

static void waker(void *with)
{
	struct doze *doze = with;

	for (uint32_t i = 1; i <= WAKES; i++) {
		unsigned spins = 0;
		uint64_t from;

		while (atomic_load(&doze->number) < i)
			pair_wait(&spins);
		for (from = clock_ns(); clock_ns() - from < DOZE_NS;)
			pair_wait(&spins);
		atomic_store(&doze->woke, 0);
		from = clock_ns();
		bell_ring(doze->bell);
		while (!atomic_load(&doze->woke))
			pair_wait(&spins);
		doze->sum += (double)(atomic_load(&doze->woke) - from);
	}
}

static double wake(void *with)
{
	struct doze *doze = with;

	doze->sum = 0;
	atomic_store(&doze->number, 0);
	pair_run(&(struct pair){ doze->pair->a, doze->pair->b, waker, sleeper, doze });
	return doze->sum / WAKES;
}

void cost_kernel(struct table *table, const struct line_pairs *pairs, unsigned repeats)
{
	struct doze doze = { .bell = bell_make() };

	table_measure(table, &(struct table_row){ .key = "clock_tsc", .what = "clock read, TSC" }, read_tsc, NULL,
		      repeats);
	table_measure(table, &(struct table_row){ .key = "clock_kernel", .what = "clock read, clock_gettime" },
		      read_kernel, NULL, repeats);
	table_measure(table, &(struct table_row){ .key = "syscall", .what = "system call (getpid)" }, call, NULL,
		      repeats);
	for (enum reach reach = 0; reach < REACHES && !doze.pair; reach++)
		doze.pair = line_typical(pairs, reach);
	if (doze.pair && doze.bell >= 0)
		table_measure(table, &(struct table_row){ .key = "wake", .what = "wake-up by doorbell, mean of 40" },
			      wake, &doze, repeats);
	if (doze.bell >= 0)
		close(doze.bell);
}
