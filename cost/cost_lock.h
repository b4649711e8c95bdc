// cost_lock.h - what the packet path does without: atomic read-modify-writes and spinlocks, free and contended.
#pragma once
#include "cost/cost_line.h"
#include "cost/table.h"

// Rows atomic, spinlock, and for each reach there is spinlock_contended_*.
void cost_lock(struct table *table, const struct line_pairs *pairs, unsigned repeats);
