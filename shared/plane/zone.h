// zone.h - the plane's memzones: made once by the primary, found once by the nursery before it forks.
//
// Needs an initialised EAL. Not thread-safe, not for workers: after the fork nobody looks anything up.
//
//   zone               bytes                                   made for
//   shoal_plane        PLANE_PAGE                              struct plane
//   shoal_rooms_<z>    rooms[z] x ROOM_STRIDE, up to 2 MB       packet rooms of one NUMA node
//   shoal_seat_<n>     3 x PLANE_PAGE                          struct seat
#pragma once
#include <stddef.h>
#include "shared/plane/plane.h"

// Bytes of hugepages the zones need; rooms[z] is the number of rooms on NUMA node z.
size_t zone_bytes(const uint32_t rooms[ROOM_ZONES]);

// Primary: reserves and zeroes all zones, fills view, writes magic, abi, build, shape, rooms. Returns 0 or -errno with a log line that names the zone.
int zone_make(struct plane_view *view, const struct region_shape *shape, const uint32_t rooms[ROOM_ZONES]);

// Secondary: finds all zones and fills view. -ENOENT: no such zone. -ESTALE: another ABI (logged, both named).
int zone_find(struct plane_view *view);
