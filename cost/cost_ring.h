// cost_ring.h - what a 16-byte handle costs on its way through one of our SP/SC rings to another CPU.
#pragma once
#include "cost/cost_line.h"
#include "cost/table.h"

// Rows ring_<reach>_<burst> for bursts of 1, 8, 32 and 128 and each reach there is. Nanoseconds a handle, one way, both sides
// at work: what a stream of handles takes, not how long one is under way.
void cost_ring(struct table *table, const struct line_pairs *pairs, unsigned repeats);
