// stats.c - medians and quartiles. Pure; sorts its caller's values.
#include "cost/stats.h"
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

// The value below which `share` of the sorted ones lie, between two of them by proportion.
static double quantile(const double *sorted, unsigned count, double share)
{
	double place = share * (count - 1);
	unsigned below = (unsigned)place;

	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
}

struct stats stats_of(double *values, unsigned count)
{
	if (!count)
		return (struct stats){ 0 };
	qsort(values, count, sizeof(*values), by_value);
	return (struct stats){ quantile(values, count, 0.5),
			       quantile(values, count, 0.25),
			       quantile(values, count, 0.75),
			       values[0],
			       values[count - 1],
			       count };
}

double stats_spread(const struct stats *stats)
{
	return stats->median > 0 ? (stats->high - stats->low) / 2 / stats->median : 0;
}
