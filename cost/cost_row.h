// cost_row.h - what lines cost that move between two CPUs many in a row, as a burst of handles does: far less each than one alone.
// Measured between the two that are nearest to each other.
#pragma once
#include "cost/cost_line.h"
#include "cost/table.h"

// Rows taken_<reach>: lines that the other CPU has written are read; given_<reach>: lines that it has read are written, with a look at a
// doorbell after each burst's. Nanoseconds a line beyond what lines of one's own take.
void cost_row(struct table *table, const struct line_pairs *pairs, unsigned repeats);

// Of the nearest reach; 0: not measured.
double row_taken_ns(const struct table *table);
double row_given_ns(const struct table *table);
