// fake_plane.h - a plane of ordinary memory, so that a loop or a courier runs in a test without hugepages or an EAL.
//
// Laid out by the same functions as the real one. One pool of 64 rows and 8 foreign cells in each shard; 256 rooms; 2 KiB for rules.
#pragma once
#include "shared/plane/plane.h"

#define FAKE_ROOMS 256u
#define FAKE_POOL_ROWS 64u
#define FAKE_FOREIGN 8u
#define FAKE_SLOTS (FAKE_POOL_ROWS + FAKE_FOREIGN)

// Zeroed memory, every shard without owner. Freed by fake_plane_free.
void fake_plane_make(struct plane_view *view);
void fake_plane_free(struct plane_view *view);

// A bearer that fits the cell (shard, slot) of the pool.
struct bearer fake_bearer(const struct plane_view *view, uint8_t shard, uint32_t slot);
