// pipe.h - the packet's way through a worker: parse, find, police, encap or decap, verdict.
//
// Pure: bytes, offset, length, session lines and the time come in; bytes, offset, length and a verdict go out. No
// DPDK, no system call, no allocation, no lock, no log, no division. Golden tests, fuzzers and the loop run this same
// code.
//
// Uplink moves the offset and writes nothing but the inner TTL, DSCP and checksum, in one store; downlink writes those
// and the headroom. So a burst can be run again after a crash from the handles the primary kept.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "shared/plane/lane.h"
#include "shared/plane/plane.h"

struct ruled_pieces;
struct ruled_tells;

// Where lines and rates of all shards lie, by arithmetic.
struct pipe_bank {
	struct line *lines;              // the first shard's
	const struct region_rate *rates; // likewise
	uint32_t stride, downlink;       // lines: from shard to shard, from uplink to downlink
};

// The packets of a way, one after the other. Behind the last stand repetitions of it, for whoever takes eight.
struct pipe_list {
	_Alignas(64) uint32_t place[LANE_BURST + 8]; // of the packet, from the first room of the zone on; bytes
	uint32_t line[LANE_BURST + 8];               // of the bank, if the shard is ours
	uint32_t shard[LANE_BURST + 8];
	uint32_t span[LANE_BURST + 8];   // offset and length, as they lie in the handle
	uint32_t handle[LANE_BURST + 8]; // which of the burst
	uint32_t n;
	uint8_t *rooms; // the zone's
};
_Static_assert(((uint64_t)ROOM_STRIDE << ROOM_ZONE_SHIFT) <= UINT32_MAX, "a place is 32 bits");

// What handles alone say of a burst. A way's packets are the bits of a word: so a direction that changes from packet to packet costs no
// wrong guess.
struct pipe_sorted {
	struct pipe_list list[LINE_WAYS];
	_Alignas(64) uint32_t place[LANE_BURST], line[LANE_BURST]; // of the packets as they came
	uint8_t *rooms;
	uint32_t way[LINE_WAYS]; // those in the lists
	uint32_t elsewhere;      // those downlink whose hint names no slot
};
_Static_assert(LANE_BURST <= 32, "a bit for each packet");

// What the loop lends the pipe. shard[i].header is null where this seat is not the owner.
struct pipe {
	const struct plane_net *net;
	const struct rooms *rooms;
	struct region shard[SHARDS];
	uint32_t ours[SHARDS / 32]; // bits of those
	struct region_shape shape;
	struct pipe_bank bank;
	uint64_t byte_tokens;            // 8 x net->clock_hz
	const struct lane_handle *next;  // the LANE_BURST handles of the next burst, or null; for one call
	const struct lane_handle *ahead; // those that have been sorted before their turn, or null
	struct pipe_sorted sorted[2];    // of this burst and, by turns, of the next
	unsigned hand;                   // which of them was sorted last, or will be
	uint32_t called;                 // packets of the next burst that are on their way into the cache
	uint8_t orders[256][8];          // of a byte's bits, the places of those that are set, one after the other
	uint64_t gtpu_ipv6[2];           // our GTP-U endpoint over IPv6; 0 = none
	uint16_t tcp_mss, cut;           // struct plane
	struct ruled_pieces *pieces;     // ports of fragments; null = they have none
	struct ruled_tells *tells;       // where sessions with packets that wait are noted; null = nobody wants to know
	struct shard_pool hinted[SHARD_POOLS_MAX]; // the pools, as hints of downlink packets name them
};

// shards: of the bank, all of them; there one lies behind the other.
void pipe_init(struct pipe *pipe, const struct plane_net *net, const struct rooms *rooms,
	       const struct region_shape *shape, const struct region *shards);

// Says whether the shard is ours from now on.
void pipe_own(struct pipe *pipe, uint8_t shard, const struct region *region);
void pipe_disown(struct pipe *pipe, uint8_t shard);

// Turns n <= LANE_BURST handles from what was lent into what comes back, in place and in order: offset, length, port
// and code are set, turn and room are kept. `now` is the clock of the burst. Handles must be LANE_UPLINK or
// LANE_DOWNLINK with a valid room and offset + length <= ROOM_STRIDE; anything else comes back as VERDICT_NOT_OURS. A
// shard that is not ours: VERDICT_STEER_AGAIN with offset and length untouched.
//
// Where pipe->next says what comes next, that is called into the cache meanwhile. Nothing is decided but where it lies; whose its
// shards are is asked when its turn comes. If the same array is not given then, unchanged: pipe_forget.
void pipe_burst(struct pipe *pipe, struct lane_handle *handles, unsigned n, uint64_t now);

// Nothing stands of what was said or seen of the next burst.
static inline void pipe_forget(struct pipe *pipe)
{
	pipe->ahead = pipe->next = NULL;
}
