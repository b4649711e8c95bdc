// map.h - which seat serves which shard, and how a shard goes from one to another.
//
//   HOMELESS --somebody is there--> TAKING --OWN lent--> SERVED --it shall move--> LEAVING --CUT lent--> CUT
//                                     ^                    |                          |                   |
//                                     +------------------- death of its seat --------+-- CUT comes back --+
//
// A shard is fed in SERVED and LEAVING, unless it is shut; in any other state its packets wait in the hold. A seat is a regular, among whom shards are
// evened out, or a guest: that one gets what an order moves to it, and what no regular is there for. An order pins its shard to
// the seat. Seats of one bank share the memory of lines (shared/plane/bank.h); from bank to bank a shard goes as an image, one at a
// time. Pure: it decides, the loop lends the fences and tells the neighbours. Owned by the primary's loop.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/loop/bits.h"
#include "shared/plane/limits.h"

#define MAP_NO_SHARD SHARDS
#define MAP_NO_BANK 255u

enum map_state { MAP_HOMELESS, MAP_TAKING, MAP_SERVED, MAP_LEAVING, MAP_CUT };

struct map_shard {
	uint8_t state;  // enum map_state
	uint8_t seat;   // who has it, or gets it next (TAKING); PLANE_SEAT_NONE
	uint8_t target; // LEAVING, CUT: where it goes; PLANE_SEAT_NONE = to whoever is there then
};

// The shard whose lines are in the image, from the CUT that has them written until the OWN that has them read is back.
struct map_image {
	uint16_t shard; // MAP_NO_SHARD: nobody's
	uint8_t bank;   // whence it comes
	bool whole;     // its CUT is back
	bool taken;     // OWN has been lent with it
};

struct map {
	struct map_shard shard[SHARDS];
	uint8_t feeds[SHARDS]; // the seat that packets of the shard may be lent to, as its state says; PLANE_SEAT_NONE
	struct bits of[PLANE_SEATS]; // shards by seat
	struct bits asks;            // shards that wait for a fence to be lent: TAKING, LEAVING
	struct bits changed;         // shards whose seat changed since the loop looked last
	struct bits pinned;          // shards that stay where an order wants them,
	uint8_t pin[SHARDS];         // at this seat
	struct bits shut;            // shards that are not fed though their state says so
	uint8_t lines[SHARDS];       // the bank where a shard was served last
	uint16_t load[PLANE_SEATS];  // shards each seat has or will have
	uint8_t bank[PLANE_SEATS];   // of who sits there, or sat there last
	uint32_t live;               // set of seats that may be given shards
	uint32_t guests;             // set of seats that are guests, live or not
	uint32_t homeless;           // number of shards in HOMELESS
	bool uneven;                 // as even as could be, while some shards were on their way
	struct map_image image;
};

void map_init(struct map *map);

void map_join(struct map *map, unsigned seat,
	      unsigned bank);                  // a seat is there: homeless shards go to it, then loads even out
void map_part(struct map *map, unsigned seat); // a seat shall leave: its shards move to others
void map_close(struct map *map);               // nobody shall be given anything any more
void map_lost(struct map *map, unsigned seat); // a seat is dead: its shards are taken elsewhere, CUT or not

// A seat is a guest from now on, or a regular. 0; -EBUSY: it is the last regular, and a guest may not be.
int map_stand(struct map *map, unsigned seat, bool guest);

// Moves one shard and pins it there, once what it is doing is done. 0; -ENOENT: that seat can't have it.
int map_move(struct map *map, unsigned shard, unsigned seat);
void map_unpin(struct map *map, unsigned shard);

// Whether the fence that map.asks calls for may be lent now, and with the image: LEAVING needs one if the shard goes to another
// bank, TAKING if it has come from there.
enum map_fence { MAP_WAIT, MAP_PLAIN, MAP_IMAGE };
enum map_fence map_fence(const struct map *map, unsigned shard);

// The loop has lent that fence: CUT in LEAVING, OWN in TAKING.
void map_fenced(struct map *map, unsigned shard);

// The CUT came back: everything before it is out. The OWN came back: the shard's lines are there.
void map_cut(struct map *map, unsigned shard);
void map_owned(struct map *map, unsigned shard);

static inline bool map_has(const struct map *map, unsigned seat)
{
	return bits_any(&map->of[seat]);
}

static inline unsigned map_feeder(const struct map *map, unsigned shard)
{
	const struct map_shard *now = &map->shard[shard];
	bool fed = (now->state == MAP_SERVED || now->state == MAP_LEAVING) && !bits_has(&map->shut, shard);

	return fed ? now->seat : PLANE_SEAT_NONE;
}

// Whether a shard is not fed, whatever its state.
static inline void map_shut(struct map *map, unsigned shard, bool shut)
{
	if (shut)
		bits_set(&map->shut, shard);
	else
		bits_clear(&map->shut, shard);
	map->feeds[shard] = (uint8_t)map_feeder(map, shard);
}

// Packets of the shard may be lent to its seat.
static inline bool map_fed(const struct map *map, unsigned shard)
{
	return map->feeds[shard] != PLANE_SEAT_NONE;
}
