// pingpong.c - round-trip time of one cache line between every two CPUs we may run on, as a matrix in nanoseconds.
// Printed beside every benchmark figure: on virtual machines CPUs move between cache groups, and ring speed follows.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "shared/base/clock.h"

#define ROUNDS 20000u
#define CPUS_MAX 64

struct side {
	_Atomic uint32_t *mine, *other;
	int cpu;
	uint64_t ns;
};

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

// Both sides run this: announce round i, wait until the other has announced it too.
static void *bounce(void *arg)
{
	struct side *side = arg;
	uint64_t from = 0;

	pin(side->cpu);
	for (uint32_t i = 1; i <= ROUNDS + 1000; i++) {
		if (i == 1000)
			from = clock_ns();
		atomic_store_explicit(side->mine, i, memory_order_release);
		for (uint32_t spin = 0; atomic_load_explicit(side->other, memory_order_acquire) < i; spin++)
			if (spin > 10000)
				sched_yield();
	}
	side->ns = (clock_ns() - from) / ROUNDS;
	return NULL;
}

static uint64_t round_trip(int a, int b)
{
	static _Alignas(64) _Atomic uint32_t words[32];
	struct side sides[2] = { { &words[0], &words[16], a, 0 }, { &words[16], &words[0], b, 0 } };
	pthread_t thread;

	memset(words, 0, sizeof(words));
	if (pthread_create(&thread, NULL, bounce, &sides[1]))
		return 0;
	bounce(&sides[0]);
	pthread_join(thread, NULL);
	return sides[0].ns;
}

int main(void)
{
	int cpus[CPUS_MAX], count = 0;
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return 1;
	for (int cpu = 0; cpu < CPU_SETSIZE && count < CPUS_MAX; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			cpus[count++] = cpu;
	printf("ns per round trip of a cache line\n     ");
	for (int i = 0; i < count; i++)
		printf("%6d", cpus[i]);
	for (int i = 0; i < count; i++) {
		printf("\n%5d", cpus[i]);
		for (int j = 0; j < count; j++)
			if (i == j)
				printf("%6s", "-");
			else
				printf("%6llu", (unsigned long long)round_trip(cpus[i], cpus[j]));
	}
	printf("\n");
	return 0;
}
