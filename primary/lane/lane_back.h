// lane_back.h - what a seat gave back at once, and which of it is as nearly all is: then nothing else has to be looked at.
//
// Asked of the seat's book of leases and of the handles' private copies; shared memory is not read. The primary's loop only.
#pragma once
#include "primary/lane/lane.h"
#include "shared/plane/room.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"

struct lane_back {
	unsigned n;
	struct lane_handle handle[LANE_BURST];
	// Of the usual ones: their packets. A usual one is a packet, no suspect, in the order in which they were lent; it was forwarded to
	// a side, is as long as an IPv4 header at least, lies in its room, and LANE_L2 bytes are free before it.
	uint8_t *packet[LANE_BURST];
};
#define LANE_L2 18u // Ethernet header and one 802.1Q tag

// Handles as they are looked at, in columns: where is offset, length << 16; rest is turn, port << 16, code << 24.
enum { LANE_ROOM, LANE_HINT, LANE_WHERE, LANE_REST, LANE_COLUMNS };

// What was lent, as the book has it, from the oldest on, and what came; so what is said of a room is known to be so. One zone of rooms
// is nearly all packets': others are not usual.
struct lane_look {
	const uint32_t (*lent)[LANE_COLUMNS], (*came)[LANE_COLUMNS];
	uint8_t *base;
	uint32_t zone;
};

static inline struct lane_look lane_look_at(const struct lane *lane, const struct rooms *rooms,
					    const struct lane_handle *came)
{
	const struct lane_handle *lent = &lane->lease.lent[lane->lease.due % LANE_SLOTS];
	uint32_t zone = lent->room >> ROOM_ZONE_SHIFT;

	return (struct lane_look){ (const void *)lent, (const void *)came, rooms->base[zone], zone };
}

static inline uint8_t *lane_packet(struct lane_look at, unsigned i)
{
	uint32_t room = at.lent[i][LANE_ROOM] & ((1u << ROOM_ZONE_SHIFT) - 1);

	return at.base + (uint64_t)room * ROOM_STRIDE + (at.came[i][LANE_WHERE] & 0xffff);
}

static inline bool lane_is_usual(struct lane_look at, unsigned i)
{
	uint32_t offset = at.came[i][LANE_WHERE] & 0xffff, length = at.came[i][LANE_WHERE] >> LANE_WORD_LENGTH;
	bool same = (at.came[i][LANE_ROOM] == at.lent[i][LANE_ROOM]) &
		    !((at.came[i][LANE_REST] ^ at.lent[i][LANE_REST]) & 0xffff);
	bool plain =
	    ((at.lent[i][LANE_REST] >> 24) - 1 < LANE_CUT - 1) & (at.lent[i][LANE_ROOM] >> ROOM_ZONE_SHIFT == at.zone);
	bool goes = at.came[i][LANE_REST] >> 17 == (VERDICT_FORWARD << 7 | LANE_SIDE_ACCESS >> 1);
	bool fits = (offset >= LANE_L2) & (length >= IP4_HEADER) & (offset + length <= ROOM_STRIDE);

	return same & plain & goes & fits;
}

// Which of the handles from the first on, that is the next to come back, are usual ones: a set, by number in `back`. *until: what
// it says nothing of begins there, behind `first` in any case.
uint32_t lane_usual(const struct lane *lane, const struct rooms *rooms, struct lane_back *back, unsigned first,
		    unsigned *until);

// The same of one.
static inline bool lane_usual_one(const struct lane *lane, const struct rooms *rooms, struct lane_back *back,
				  unsigned i)
{
	const struct lane_look at = lane_look_at(lane, rooms, &back->handle[i]);

	if (lane->lease.head == lane->lease.due || !lane_is_usual(at, 0))
		return false;
	back->packet[i] = lane_packet(at, 0);
	return true;
}
