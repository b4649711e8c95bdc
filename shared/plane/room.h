// room.h - rooms: where frames lie. An index names a room; addresses are found by arithmetic.
//
// Rooms lie in 2 MB-aligned memzones ("shoal_rooms_<zone>"), apart from mbuf structs. Any worker may read and write
// the room of a packet it was lent, nothing else is there.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/plane/limits.h"

struct rooms {
	uint8_t *base[ROOM_ZONES]; // null = no such zone
	uint32_t count[ROOM_ZONES];
};

static inline bool room_valid(const struct rooms *rooms, uint32_t room)
{
	return room >> ROOM_ZONE_SHIFT < ROOM_ZONES &&
	       (room & ((1u << ROOM_ZONE_SHIFT) - 1)) < rooms->count[room >> ROOM_ZONE_SHIFT];
}

// First byte of a valid room.
static inline uint8_t *room_at(const struct rooms *rooms, uint32_t room)
{
	return rooms->base[room >> ROOM_ZONE_SHIFT] + (uint64_t)(room & ((1u << ROOM_ZONE_SHIFT) - 1)) * ROOM_STRIDE;
}
