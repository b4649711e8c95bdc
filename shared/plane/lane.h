// lane.h - the handle: what crosses between the primary and a worker instead of a packet.
//
// 16 bytes, four to a cache line. The packet stays in its room; the mbuf struct stays with the primary.
//
//   lane.in   primary -> worker   what was lent         (primary's page; the worker only reads it)
//   lane.out  worker -> primary   what comes back       (worker's page; the primary copies, then checks, then believes)
//
// A seat holds at most LANE_SLOTS handles at once (its credit), and lane.out is as large, so a worker always has space
// to return what it was lent. `offset` and `length` describe the packet from its IP header on, both ways; the
// Ethernet header belongs to the primary.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "shared/plane/limits.h"
#include "shared/plane/ring.h"

enum lane_kind {
	LANE_NONE,
	LANE_UPLINK,   // GTP-U G-PDU for one of our TEIDs; hint = TEID
	LANE_DOWNLINK, // IP packet for a UE; hint = its shard, and the rest of an IPv4 destination (shard_hint), else zeros. With plane_net.places:
	// shard | slot << 8, of both families
	LANE_LOCAL, // for the gateway itself; slow lane; hint = enum lane_local | a subscriber's pool, and 1, << LANE_POOL
	LANE_TTL, // TTL used up; slow lane; hint = likewise, beside 0
	LANE_BIG, // larger than the link; slow lane; hint = likewise, beside the MTU
	LANE_CUT, // fence; hint = shard | LANE_IMAGE. No room. Comes back as VERDICT_CUT once everything before it has been returned
	LANE_OWN,     // the seat now owns the shard; hint = shard | LANE_IMAGE. No room. Comes back as VERDICT_OWNED
	LANE_RELEASE, // fence; hint = shard | slot << 16. No room. Comes back as VERDICT_RELEASED; what comes behind it waits no more (struct ruled)
	LANE_FRAMED, // IP packet for a network behind a UE; hint = the session's TEID. Earlier builds say VERDICT_NOT_OURS
	LANE_LOST, // fence; hint = shard | slot << 16, offset = PDR ID, port = packets, length = their bytes. No room. So much of the rule's was dropped while it
	// waited; its URRs count it. Lent to builds that say SEAT_LOSSES alone; comes back as VERDICT_COUNTED
	LANE_KINDS
};

// Whether it came from the core side, for a subscriber.
static inline bool lane_kind_down(unsigned kind)
{
	return kind == LANE_DOWNLINK || kind == LANE_FRAMED;
}

// Why it is the gateway's.
enum lane_local {
	LANE_ASKED,      // it is addressed to us
	LANE_NO_SESSION, // a G-PDU, as it came: no session has its TEID
	LANE_EXTENSION,  // likewise: an extension header has to be understood and is not
};

// With plane_net.places hints for the slow lane say which of the pools that have his address is the subscriber's whom the answer is for.
#define LANE_POOL 16

// In the hint of LANE_CUT and LANE_OWN, beside the shard: the seats' builds lay lines out differently, so the old seat writes an
// image of the shard before it gives it up, and the new one reads it into its own region (image.h).
#define LANE_IMAGE 0x100u

struct lane_handle {
	uint32_t room; // room index (room.h); LANE_CUT, LANE_OWN: 0
	uint32_t
	    hint; // in: what the primary found (see lane_kind). out: LANE_BIG's MTU with VERDICT_TO_SLOW_BIG, the slot with VERDICT_BUFFER and its like (and the rule, see LANE_DROPS), else 0
	uint16_t offset; // of the IP header, from the room's start
	uint16_t length; // bytes from there; frame padding included on the way in, none on the way out
	uint16_t turn;   // low 16 bits of the position in lane.in; comes back unchanged: the lease is (seat, position)
	uint8_t port;    // in: port of arrival. out: side to leave by: the same port, or LANE_SIDE_*
	uint8_t code;    // in: enum lane_kind. out: enum verdict
};
_Static_assert(sizeof(struct lane_handle) == 16, "four handles a line, none straddles two");

// The same in two words: so the packet path makes and moves handles in registers, with one store for each word.
struct lane_words {
	uint64_t place; // room, hint << 32
	uint64_t rest;  // offset, length << 16, turn << 32, port << 48, code << 56
};
#define LANE_WORD_LENGTH 16
#define LANE_WORD_TURN 32
#define LANE_WORD_PORT 48
#define LANE_WORD_CODE 56
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "where the fields lie in the words");

static inline struct lane_words lane_words(const struct lane_handle *handle)
{
	struct lane_words words;

	memcpy(&words, handle, sizeof(words));
	return words;
}

static inline struct lane_handle lane_handle(struct lane_words words)
{
	struct lane_handle handle;

	memcpy(&handle, &words, sizeof(handle));
	return handle;
}

// Which kind of port the packet leaves by; the primary finds port and next hop from the destination address. On the way
// in, LANE_SIDE_ACCESS instead of a port tells the slow lane: from a subscriber, and outside its tunnel already.
#define LANE_SIDE_ACCESS 254u // towards the radio side
#define LANE_SIDE_CORE 255u   // towards the packet data network

// With VERDICT_BUFFER and its like, instead of the port: somebody counts the packet should it be dropped while it waits (LANE_LOST). Beside the slot in hint is
// its rule's PDR ID then, << 16, and length is the user's packet's.
#define LANE_DROPS 240u

// Handles on their way out of a lane and into one, from `position` on, a run at a time: n <= LANE_SLOTS.
static inline void lane_get(struct lane_handle *to, const struct lane_handle *ring, uint32_t position, unsigned n)
{
	unsigned place = position % LANE_SLOTS, run = n < LANE_SLOTS - place ? n : LANE_SLOTS - place;

	memcpy(to, ring + place, run * sizeof(*to));
	if (n > run)
		memcpy(to + run, ring, (n - run) * sizeof(*to));
}

static inline void lane_set(struct lane_handle *ring, uint32_t position, const struct lane_handle *from, unsigned n)
{
	unsigned place = position % LANE_SLOTS, run = n < LANE_SLOTS - place ? n : LANE_SLOTS - place;

	memcpy(ring + place, from, run * sizeof(*from));
	if (n > run)
		memcpy(ring, from + run, (n - run) * sizeof(*from));
}
