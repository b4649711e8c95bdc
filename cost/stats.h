// stats.h - what a row of repeated measurements says: the middle, and how far the middle half lies around it.
//
// Pure. On shared machines means and extremes tell of the neighbours; the median and the quartiles tell of the machine.
#pragma once

struct stats {
	double median, low, high; // low, high: first and third quartile
	double least, most;
	unsigned count;
};

// Sorts the values in place. All zero for none.
struct stats stats_of(double *values, unsigned count);

// Half the distance of the quartiles, as a share of the median.
double stats_spread(const struct stats *stats);
