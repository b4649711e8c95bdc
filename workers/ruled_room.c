// ruled_room.c - what a cell's room holds, looked at before it is believed. Memory: the shard's, its owner's.
#include "workers/ruled_room.h"
#include <string.h>

#define LINE_BYTES 64u

// Null where neither room is in force.
static struct ruled *room_in_force(const struct region *region, const struct region_shape *shape, uint32_t slot)
{
	uint32_t which = region->rest[slot].ruled - 1;

	return shape->sheet && which < 2 ? region_room(region, shape, slot, which) : NULL;
}

// Where tokens and gauges lie: behind the sheet, each on lines of their own, and in the room.
static bool ends_good(const struct ruled_room *room, uint32_t tokens, uint32_t gauges, uint32_t limit)
{
	const struct sheet *sheet = &room->sheet;
	uint32_t bytes = sheet_bytes(sheet);

	return (tokens | gauges) % LINE_BYTES == 0 && sizeof(struct ruled) + bytes <= tokens &&
	       tokens + sheet->qers * SHEET_WAYS * sizeof(struct ruled_tokens) <= gauges &&
	       gauges + sheet->urrs * sizeof(struct ruled_gauge) <= limit;
}

bool ruled_room_open(struct ruled_room *room, const struct region *region, const struct region_shape *shape,
		     uint32_t slot)
{
	struct ruled *ruled = room_in_force(region, shape, slot);
	uint32_t tokens, gauges;

	if (!ruled || ruled->teid != region->rest[slot].teid ||
	    shape->sheet * LINE_BYTES < sizeof(*ruled) + sizeof(room->sheet))
		return false;
	tokens = ruled->tokens, gauges = ruled->gauges;
	memcpy(&room->sheet, ruled + 1, sizeof(room->sheet));
	if (sheet_bytes(&room->sheet) != ruled->bytes || !ends_good(room, tokens, gauges, shape->sheet * LINE_BYTES))
		return false;
	room->parts = sheet_parts_behind(&room->sheet, (const uint8_t *)(ruled + 1) + sizeof(room->sheet));
	room->ruled = ruled;
	room->tokens = (struct ruled_tokens *)((uint8_t *)ruled + tokens);
	room->gauges = (struct ruled_gauge *)((uint8_t *)ruled + gauges);
	return true;
}

void ruled_room_release(const struct region *region, const struct region_shape *shape, uint32_t slot)
{
	struct ruled *ruled = slot < region->slots ? room_in_force(region, shape, slot) : NULL;

	if (ruled)
		ruled->held_until = 0;
}
