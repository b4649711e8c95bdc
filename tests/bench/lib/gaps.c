// gaps.c - how long each CPU we may run on stands still: reads the clock without a pause for a tenth of a second a CPU, and prints
// the gaps of more than 20 us, which are not ours. Printed beside every benchmark figure: what is measured meanwhile stood still too.
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include "shared/base/clock.h"

#define LOOK_MS 100u
#define GAP_US 20u

static void look(int cpu, uint64_t hz)
{
	uint64_t gaps = 0, lost = 0, longest = 0, now = clock_ticks(), end = now + hz / 1000 * LOOK_MS;
	double us = (double)hz / 1e6;

	while (now < end) {
		uint64_t then = now;

		now = clock_ticks();
		if (now - then <= hz / 1000000 * GAP_US)
			continue;
		gaps++;
		lost += now - then;
		longest = now - then > longest ? now - then : longest;
	}
	printf("%d,%llu,%.1f,%.1f\n", cpu, (unsigned long long)gaps, (double)longest / us, (double)lost / us);
}

int main(void)
{
	uint64_t hz = clock_hz();
	cpu_set_t allowed, one;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return 1;
	puts("cpu,gaps,longest_us,lost_us");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one))
			return 1;
		look(cpu, hz);
	}
	return 0;
}
