// starts.c - the first hundred times and the last hundred.
#include "tests/crash/starts.h"
#include <stdio.h>
#include <stdlib.h>

#define FEW 100u

static unsigned first[FEW], last[FEW], count; // last: a ring

void starts_note(unsigned ms)
{
	if (!ms)
		return;
	if (count < FEW)
		first[count] = ms;
	last[count++ % FEW] = ms;
}

static int order(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

static void tell(const char *which, unsigned ms[FEW])
{
	unsigned n = count < FEW ? count : FEW;

	if (!n)
		return;
	qsort(ms, n, sizeof(*ms), order);
	printf("the %s %u starts, ms until the first answer: p50 %u, p90 %u, max %u\n", which, n, ms[n / 2],
	       ms[n * 9 / 10], ms[n - 1]);
}

void starts_tell(void)
{
	tell("first", first);
	tell("last", last);
}
