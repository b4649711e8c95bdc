// count.h - counts the instructions of a piece of code exactly, without performance counters: a forked child runs it, one step
// at a time.
//
// Some microseconds an instruction, so for thousands of them, not for millions. One thread.
#pragma once
#include <stdint.h>

typedef void count_work(void *with);

// Instructions of work(with), user space; 0: the kernel does not let us trace our own child.
uint64_t count_instructions(count_work *work, void *with);
