// ruled_room.h - the rules of a session (shared/plane/ruled.h) as the packet path reads them.
//
// Whatever stands in the memory of a shard, nothing outside the cell's room is read or written: counts are looked at once, on a copy,
// and every index is compared with them before it is followed. Memory: the shard's, its owner's.
#pragma once
#include <stdbool.h>
#include <string.h>
#include "shared/plane/ruled.h"

struct ruled_room {
	struct sheet sheet; // a copy
	struct sheet_parts parts;
	struct ruled *ruled;
	struct ruled_tokens *tokens; // [QER][way]
	struct ruled_gauge *gauges;
};

// Null where neither room is in force.
static inline struct ruled *ruled_in_force(const struct region *region, const struct region_shape *shape, uint32_t slot)
{
	uint32_t which = region->rest[slot].ruled - 1;

	return shape->sheet && which < 2 ? region_room(region, shape, slot, which) : NULL;
}

// Where tokens and gauges lie: behind the sheet, each on lines of their own, and in the room.
static inline bool ruled_ends_good(const struct sheet *sheet, const struct ruled *ruled, uint32_t limit)
{
	uint32_t bytes = ruled->bytes, tokens = ruled->tokens, gauges = ruled->gauges;

	return (tokens | gauges) % sizeof(*ruled) == 0 && sizeof(*ruled) + bytes <= tokens &&
	       tokens + sheet->qers * SHEET_WAYS * sizeof(struct ruled_tokens) <= gauges &&
	       gauges + sheet->urrs * sizeof(struct ruled_gauge) <= limit;
}

// False: the cell has no rules that could be believed. slot < slots.
static inline bool ruled_room_open(struct ruled_room *room, const struct region *region,
				   const struct region_shape *shape, uint32_t slot)
{
	struct ruled *ruled = ruled_in_force(region, shape, slot), words;
	uint32_t limit = shape->sheet * (uint32_t)sizeof(*ruled);

	if (!ruled || limit < sizeof(*ruled) + sizeof(room->sheet))
		return false;
	memcpy(&words, ruled, offsetof(struct ruled, told));
	memcpy(&room->sheet, ruled + 1, sizeof(room->sheet));
	room->parts = sheet_parts_behind(&room->sheet, (const uint8_t *)(ruled + 1) + sizeof(room->sheet));
	if (words.teid != region->rest[slot].teid || !ruled_ends_good(&room->sheet, &words, limit) ||
	    sheet_all_bytes(&room->sheet) != words.bytes)
		return false;
	room->ruled = ruled;
	room->tokens = (struct ruled_tokens *)((uint8_t *)ruled + words.tokens);
	room->gauges = (struct ruled_gauge *)((uint8_t *)ruled + words.gauges);
	return true;
}

// The cell's packets wait no more for those before them (LANE_RELEASE). Any slot.
static inline void ruled_room_release(const struct region *region, const struct region_shape *shape, uint32_t slot)
{
	struct ruled *ruled = slot < region->slots ? ruled_in_force(region, shape, slot) : NULL;

	if (ruled)
		ruled->held_until = 0;
}
