// eal.h - the primary's environment: hugepages counted before they are asked for, EAL of this generation, leftovers of dead ones.
//
// Every generation has a file prefix of its own ("shoal-<pid>"), so that a new primary never meets an old one's memory.
// Main thread, before any other exists.
#pragma once
#include <stddef.h>
#include "shared/base/conf.h"

#define EAL_PREFIX_BYTES 64

// Removes hugepage and runtime files of primaries that are dead. Their memory comes back once their last worker has left.
void eal_sweep(const struct conf *conf);

// Whether hugepage_dir is a hugetlbfs of 2 MB pages with `bytes` free; waits up to 5 s for workers of a dead primary to leave.
// 0; -ENOTDIR not such a mount; -ENOMEM too few pages (needed and free are logged).
int eal_room(const struct conf *conf, size_t bytes);

// Initialises the EAL with `bytes` of memory, fixed for life, and what nic_eal_args asks for. prefix gets this generation's file
// prefix. 0 or -errno with a log line.
int eal_open(const struct conf *conf, size_t bytes, char prefix[EAL_PREFIX_BYTES]);

// Frees the EAL and unlinks this generation's files.
void eal_close(const struct conf *conf);
