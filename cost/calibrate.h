// calibrate.h - how fast this core gets through code of the packet path's kind when nothing is missing in its caches.
#pragma once
#include "cost/table.h"

// Rows cycle (one add that needs the one before: a clock cycle of the core as it runs now) and instruction. The loop checks, reads,
// builds and changes headers with the functions of shared/wire, which the packet path is made of, but is not the packet path.
// Returns nanoseconds an instruction; 0: they can't be counted here.
double calibrate(struct table *table, unsigned repeats);
