// ruled_room.h - the rules of a session (shared/plane/ruled.h) as the packet path reads them.
//
// Whatever stands in the memory of a shard, nothing outside the cell's room is read or written: counts are looked at once, on a copy,
// and every index is compared with them before it is followed.
#pragma once
#include <stdbool.h>
#include "shared/plane/ruled.h"

struct ruled_room {
	struct sheet sheet; // a copy
	struct sheet_parts parts;
	struct ruled *ruled;
	struct ruled_tokens *tokens; // [QER][way]
	struct ruled_gauge *gauges;
};

// False: the cell has no rules that could be believed. slot < slots.
bool ruled_room_open(struct ruled_room *room, const struct region *region, const struct region_shape *shape,
		     uint32_t slot);

// The cell's packets wait no more for those before them (LANE_RELEASE). Any slot.
void ruled_room_release(const struct region *region, const struct region_shape *shape, uint32_t slot);
