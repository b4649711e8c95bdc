// map.h - which seat serves which shard, and how a shard goes from one to another.
//
//   HOMELESS --somebody is there--> TAKING --OWN lent--> SERVED --it shall move--> LEAVING --CUT lent--> CUT
//                                     ^                    |                          |                   |
//                                     +------------------- death of its seat --------+-- CUT comes back --+
//
// A shard is fed in SERVED only; in any other state its packets wait in the hold. Pure: it decides, the loop lends the
// fences and tells the neighbours. Owned by the primary's loop.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/bits.h"
#include "shared/plane/limits.h"

enum map_state { MAP_HOMELESS, MAP_TAKING, MAP_SERVED, MAP_LEAVING, MAP_CUT };

struct map_shard {
	uint8_t state;  // enum map_state
	uint8_t seat;   // who has it, or gets it next (TAKING); PLANE_SEAT_NONE
	uint8_t target; // LEAVING, CUT: where it goes; PLANE_SEAT_NONE = to whoever is there then
};

struct map {
	struct map_shard shard[SHARDS];
	struct bits of[PLANE_SEATS]; // shards by seat
	struct bits asks;            // shards that wait for a fence to be lent: TAKING, LEAVING
	struct bits changed;         // shards whose seat changed since the loop looked last
	uint16_t load[PLANE_SEATS];  // shards each seat has or will have
	uint32_t live;               // set of seats that may be given shards
	uint32_t homeless;           // number of shards in HOMELESS
};

void map_init(struct map *map);

void map_join(struct map *map, unsigned seat); // a seat is there: homeless shards go to it, then loads are evened out
void map_part(struct map *map, unsigned seat); // a seat shall leave: its shards move to others
void map_close(struct map *map);               // nobody shall be given anything any more
void map_lost(struct map *map, unsigned seat); // a seat is dead: its shards are taken elsewhere, CUT or not

// Moves one shard. 0; -ENOENT: that seat can't have it; -EBUSY: it is moving already.
int map_move(struct map *map, unsigned shard, unsigned seat);

// The loop has lent the fence that map.asks calls for: CUT in LEAVING, OWN in TAKING.
void map_fenced(struct map *map, unsigned shard);

// The CUT came back: everything before it is out.
void map_cut(struct map *map, unsigned shard);

static inline bool map_has(const struct map *map, unsigned seat)
{
	return bits_any(&map->of[seat]);
}
