// ruled_lost.c - finds the rule of what was dropped while it waited. Memory: the session's room, its shard's owner's.
#include "workers/pipe/ruled_lost.h"
#include "workers/pipe/ruled_admit.h"

void ruled_lost(const struct region *region, const struct region_shape *shape, const struct lane_handle *lost,
		uint64_t now)
{
	const struct ruled_loss loss = { lost->port, lost->length, now };
	uint32_t slot = lost->hint >> 16;
	struct ruled_room room;

	if (slot >= region->slots || !ruled_room_open(&room, region, shape, slot))
		return;
	for (unsigned i = 0; i < room.sheet.pdrs; i++)
		if (room.parts.pdr[i].id == lost->offset) {
			ruled_count_lost(&room, room.parts.pdr[i].urrs, &loss);
			return;
		}
}
