// cost_kernel.h - what the packet path asks of the kernel at most once a burst, or never: clocks, calls, wake-ups.
#pragma once
#include "cost/cost_line.h"
#include "cost/table.h"

// Rows clock_tsc, clock_kernel, syscall; and wake (by doorbell, shared/base/bell.h) where there are two CPUs.
void cost_kernel(struct table *table, const struct line_pairs *pairs, unsigned repeats);
