// banks.h - the banks of shards this primary keeps, one for each layout of lines that some build here has. The fleet thread's.
#pragma once
#include "shared/plane/bank.h"

struct banks {
	int image; // -1 = not made yet
	struct {
		int fd; // -1 = none
		uint64_t bytes;
		char lines[PLANE_LINES_BYTES];
	} bank[PLANE_BANKS];
};

// The image, and a bank for this build's own layout. 0, or -errno with a log line that says how many pages are missing.
int banks_open(struct banks *banks, const struct region_shape *shape);
void banks_close(struct banks *banks);

// 2 MB pages that banks_open needs, in bytes.
uint64_t banks_bytes(const struct region_shape *shape);

// The number of the bank for this layout, made if there is none yet; -ENOMEM: too few hugepages; -EINVAL: bytes is no size of a bank,
// or not that of this layout; -ENOSPC: both banks are of other layouts.
int banks_get(struct banks *banks, const char *lines, uint64_t bytes);

// Gives a bank's memory back; its processes are gone.
void banks_drop(struct banks *banks, unsigned bank);
