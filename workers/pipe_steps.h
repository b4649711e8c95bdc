// pipe_steps.h - the steps of pipe_burst apart, each over a whole burst: for who runs them in another order (tests/bench/graph).
//
//   sort -> find -> uplinks, downlinks; and pipe_long (pipe_parts.h) for what is in no way's bits
#pragma once
#include "workers/pipe.h"

#define PIPE_NOWHERE 64u

// The packets of a way, one after the other.
struct pipe_list {
	uint8_t *packet[LANE_BURST];
	struct line *line[LANE_BURST];
	struct lane_handle *handle[LANE_BURST];
	const struct region_rate *rates[LANE_BURST]; // of its shard
	uint32_t span[LANE_BURST];                   // offset and length, as they lie in the handle
	uint8_t nowhere[2 * PIPE_NOWHERE];           // the middle stands for packets that are not there
};

// What is known of the packets of a burst before their bytes are here. A way's packets are the bits of a word: so a direction
// that changes from packet to packet costs no wrong guess.
struct pipe_steps {
	uint8_t *rooms;             // of the zone that all in a way are in
	uint32_t place[LANE_BURST]; // first byte, from there
	uint32_t slot[LANE_BURST];  // uplink: that the hint names
	uint32_t way[LINE_WAYS];
	struct pipe_list list[LINE_WAYS]; // from pipe_find on
};
_Static_assert(LANE_BURST <= 32, "a bit for each packet");
_Static_assert(((uint64_t)ROOM_STRIDE << ROOM_ZONE_SHIFT) <= UINT32_MAX, "a place is 32 bits");

// Looks at 0 < n <= LANE_BURST handles; touches no packet.
void pipe_sort(const struct pipe *pipe, const struct lane_handle *handles, unsigned n, struct pipe_steps *burst);

// Finds each packet's line, and calls packets and lines into the cache; of downlink packets it reads the destination.
void pipe_find(const struct pipe *pipe, struct lane_handle *handles, struct pipe_steps *burst);

// The rest of each packet's way, down to its verdict.
void pipe_uplinks(const struct pipe *pipe, struct pipe_steps *burst, uint64_t now);
void pipe_downlinks(const struct pipe *pipe, struct pipe_steps *burst, uint64_t now);

// Puts a packet that has no line yet behind the `n` of a list.
static inline void pipe_list_add(struct pipe_list *list, unsigned n, struct lane_handle *handle, uint8_t *packet)
{
	list->packet[n] = packet;
	list->handle[n] = handle;
	memcpy(&list->span[n], &handle->offset, sizeof(list->span[n]));
}

// Whoever takes eight of a list's `n` takes these for what is missing: bytes that nobody reads, and no session.
void pipe_list_fill(struct pipe_list *list, unsigned n);
