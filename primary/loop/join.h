// join.h - puts G-PDUs together that came in fragments (RFC 791 3.2, RFC 8200 4.5), before anybody looks into them.
//
// A packet's fragments are gathered in the room of the one that came first, each where it belongs; the others' rooms are free at once.
// So many packets at a time, half of them of one sender, each for JOIN_NS; none larger than a room (JOIN_MOST): what would be holds a packet
// that no port takes, and no subscriber's link is told an MTU that makes one (TS 29.281 13, TS 23.060 9.3). What overlaps what is there is not
// believed: a repetition ends alone, anything else takes the whole packet with it (RFC 5722). Owned by the primary's loop; allocates
// at start and never again.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/nic/nic.h"
#include "shared/plane/room.h"
#include "shared/wire/ip.h"

#define JOIN_NS 1000000000ull
#define JOIN_AT \
	192u // where in its room what follows the IP header is gathered: behind the longest IPv4 header and all that goes before
#define JOIN_MOST (ROOM_STRIDE - JOIN_AT)
#define JOIN_UNITS (JOIN_MOST / 8)
#define JOIN_SHARES 256u // senders that fall into the same share it
#define JOIN_NONE UINT16_MAX
_Static_assert(JOIN_UNITS == 256, "four words of bits");

struct join_key {
	uint8_t source[16]; // IPv4 in the first four
	uint32_t id;
	uint32_t family;
};

struct join_place {
	struct join_key key;
	uint64_t since_ns;
	uint64_t got[JOIN_UNITS / 64]; // units of eight bytes that are there
	uint32_t room;
	uint16_t total;  // bytes behind the IP header; 0 = the last fragment has not come
	uint16_t header; // of the IP header; 0 = the first one has not come
	uint16_t next;   // in its bucket, or among those free
	uint8_t ecn;     // set of those seen
	bool used;
};

struct join {
	const struct rooms *rooms;
	uint32_t places, buckets, total; // total: of the places, those in use
	uint32_t walk;
	uint64_t seed;
	uint16_t free;
	uint16_t *bucket;
	struct join_place *place;
	uint16_t share[JOIN_SHARES];
};

// 0 or -ENOMEM. places: 0 = fragments are refused.
int join_init(struct join *join, const struct rooms *rooms, uint32_t places, uint64_t seed);
void join_fini(struct join *join);

// What has become of a fragment and of its packet.
struct join_fate {
	unsigned verdict; // of this fragment; VERDICT_FORWARD: its room is kept, or is the packet's
	uint32_t refused; // a room that was kept and whose packet is refused (VERDICT_FRAGMENT_BAD); JOIN_NO_ROOM
	bool whole;       // the packet is there:
	struct nic_frame packet; // from its IP header on
};
#define JOIN_NO_ROOM UINT32_MAX

// Takes a fragment, from its IP header on.
struct join_fate join_take(struct join *join, struct nic_frame frame, uint64_t now_ns);

// Takes one packet's room that has waited too long, of the next so many places. False: none there.
bool join_old(struct join *join, uint64_t now_ns, unsigned *places, uint32_t *room);
