// memory.h - memory to measure with: whole, touched, and in large pages where the kernel gives them unasked.
//
// Never takes reserved hugepages: a gateway on this host may need them.
#pragma once
#include <stddef.h>

// Zeroed and touched; null: there is none.
void *memory_make(size_t bytes);
void memory_free(void *memory, size_t bytes);

// Share of this process's memory that lies in 2 MB pages, 0..1.
double memory_large_share(void);

// Bytes that may be taken without pressing the host: a quarter of what is available.
size_t memory_spare(void);
