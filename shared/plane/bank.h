// bank.h - the memory of all shards under one layout of lines, and the image in which a shard goes from one layout to another.
//
// A bank is a hugetlb memfd of SHARDS regions. The primary makes it and hands its descriptor to each nursery whose build lays
// lines out that way (nest.h); nurseries and their forks map it. The primary itself never looks inside: builds that differ in
// their lines can serve side by side, each from its own bank. Zeroed memory is a bank of empty shards.
#pragma once
#include <stddef.h>
#include "shared/plane/plane.h"

#define PLANE_BANKS 2u

// A descriptor (close-on-exec) of `bytes` zeroed bytes of 2 MB pages, a multiple of PLANE_PAGE, all of them reserved; or -errno:
// -ENOMEM where the host has too few free pages. Takes no time, however large. Any process, any thread.
int bank_make(const char *name, uint64_t bytes);

// Bytes of a bank under this build's layout of lines.
uint64_t bank_bytes(const struct region_shape *shape);

// Maps a bank and the image, and fills view->shards and view->image. 0 or -errno. Nursery, before its first fork.
int bank_map(struct plane_view *view, int bank, int image);
