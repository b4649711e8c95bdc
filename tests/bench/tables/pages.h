// pages.h - memory for tables that are compared: large pages, touched before anybody measures, the same kind for all.
//
// Set up by one thread before the others begin. Nothing here is undone one by one; a benchmark ends and all is gone.
#pragma once
#include <stddef.h>

// Zeroed, 2 MB aligned, every page touched. Ends the program where there is no memory.
void *pages_take(size_t bytes);

// Share of the bytes taken that lie in 2 MB pages now, 0..1.
double pages_huge(void);

// Starts a small EAL without hugepages of its own, and gives DPDK's allocator `bytes` from pages_take: what rte_hash allocates
// on the socket returned lies in the same kind of memory as everything else. Once a process; leaves the thread's CPUs as
// they were.
int pages_socket(size_t bytes);
