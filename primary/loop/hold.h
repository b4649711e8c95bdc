// hold.h - packets that wait in the primary: their worker's lane is full, or it is dead, or their shard is moving.
//
// One first-in-first-out list a shard, and one for the slow lane, threaded through one cell a room: a packet has a room, so
// there is always a cell for it. Each list is charged to a seat (its payer), and the caller bounds what a seat may have
// waiting; so one worker's hold never takes another's. Owned by the primary's loop.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/lane/lease.h"
#include "primary/loop/bits.h"
#include "shared/plane/lane.h"
#include "shared/plane/plane.h"

#define HOLD_SLOW SHARDS        // the slow lane's list
#define HOLD_LISTS (SHARDS + 1) //
#define HOLD_NOBODY PLANE_SEATS // payer of shards that have no seat

struct hold_cell {
	struct lane_handle handle;
	uint32_t next;     // cell; valid inside a list only
	uint16_t rule;     // of what is parked (park.h): its PDR ID,
	uint16_t bytes;    // the packet's, where somebody counts it should it be dropped; else 0,
	uint64_t since_ns; // and when it was
};

_Static_assert(sizeof(struct hold_cell) == 32, "two a line");

struct hold_list {
	uint32_t first, last; // cells; valid if count > 0
	uint32_t count;
	uint32_t suspects; // of those; only what was released comes before them
	uint32_t freed;    // of those: released from where they were parked, and beyond what a seat may have waiting
	uint8_t payer;     // seat, or HOLD_NOBODY
};

struct hold {
	uint32_t base[ROOM_ZONES]; // first cell of each zone
	uint32_t cells;
	uint32_t total;                    // packets waiting
	uint32_t count[PLANE_SEATS + 1];   // of those, by payer
	uint32_t suspect[PLANE_SEATS + 1]; // and of those the suspects (lease.h)
	uint32_t freed[PLANE_SEATS + 1];   // and those that were released
	uint32_t suspects;
	uint32_t freed_total;
	struct bits waiting; // shards whose list is not empty
	struct hold_list list[HOLD_LISTS];
	struct hold_cell *cell;
};

// 0 or -ENOMEM. rooms: as in struct plane. All lists are empty and charged to HOLD_NOBODY.
int hold_init(struct hold *hold, const uint32_t rooms[ROOM_ZONES]);
void hold_fini(struct hold *hold);

// The number of a valid room among all rooms: its cell.
static inline uint32_t hold_index(const struct hold *hold, uint32_t room)
{
	return hold->base[room >> ROOM_ZONE_SHIFT] + (room & ((1u << ROOM_ZONE_SHIFT) - 1));
}

static inline bool hold_empty(const struct hold *hold, unsigned list)
{
	return hold->list[list].count == 0;
}

void hold_push(struct hold *hold, unsigned list, const struct lane_handle *handle);  // behind all others
void hold_front(struct hold *hold, unsigned list, const struct lane_handle *handle); // before all others
// A list threaded through the cells from first to last, no suspects, before all others: released.
void hold_join(struct hold *hold, unsigned list, uint32_t first, uint32_t last, uint32_t count);

const struct lane_handle *hold_peek(const struct hold *hold, unsigned list); // null: empty
struct lane_handle hold_pop(struct hold *hold, unsigned list);               // the list is not empty

// Packets of a seat that count against what it may have waiting.
static inline uint32_t hold_counted(const struct hold *hold, unsigned payer)
{
	return hold->count[payer] - hold->freed[payer];
}

void hold_charge(struct hold *hold, unsigned list, unsigned payer); // moves the list's count over
