// guard.h - what of the plane stays mapped, and how: a wild write of a worker then faults in the worker, and nowhere else.
//
// guard_trim: once, in the nursery after zone_find. The other two: in a fork, before its work begins.
#pragma once
#include "shared/plane/plane.h"

// Unmaps every shared mapping of this process that is not part of the plane: the EAL's heap, its books, the primary's mbufs. From
// here no function of the EAL may be called. The plane's head becomes read-only. 0 or -errno.
int guard_trim(const struct plane_view *view);

// Keeps rooms, shards and one seat; its pages 0 and 2 become read-only. Touches what is left, so that no packet pays for it.
int guard_worker(const struct plane_view *view, unsigned seat);

// Keeps shards and workers' pages read-only and couriers' pages writable; no rooms.
int guard_courier(const struct plane_view *view);
