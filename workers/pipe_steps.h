// pipe_steps.h - the steps of pipe_burst apart, each over a whole burst: for who runs them in another order (tests/bench/graph).
//
//   sort -> find -> uplinks, downlinks; and pipe_long (pipe_parts.h) for what is in no way's bits
#pragma once
#include "workers/pipe.h"

// What is known of the packets of a burst before their bytes are here. A way's packets are the bits of a word: so a direction
// that changes from packet to packet costs no wrong guess.
struct pipe_steps {
	uint8_t *bytes[LANE_BURST];
	const struct region *region[LANE_BURST]; // the shard that the hint names
	struct line *line[LANE_BURST];
	uint32_t slot[LANE_BURST]; // uplink: that the hint names
	uint32_t way[LINE_WAYS];
};
_Static_assert(LANE_BURST <= 32, "a bit for each packet");

// Looks at 0 < n <= LANE_BURST handles; touches no packet.
void pipe_sort(const struct pipe *pipe, const struct lane_handle *handles, unsigned n, struct pipe_steps *burst);

// Finds each packet's line, and calls packets and lines into the cache; of downlink packets it reads the destination.
void pipe_find(const struct pipe *pipe, const struct lane_handle *handles, struct pipe_steps *burst);

// The rest of each packet's way, down to its verdict.
void pipe_uplinks(const struct pipe *pipe, struct lane_handle *handles, const struct pipe_steps *burst, uint64_t now);
void pipe_downlinks(const struct pipe *pipe, struct lane_handle *handles, const struct pipe_steps *burst, uint64_t now);
