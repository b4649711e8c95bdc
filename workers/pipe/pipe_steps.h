// pipe_steps.h - the steps of pipe_burst apart, each over a whole burst: for who runs them in another order (tests/bench/graph).
//
//   sort -> find -> uplinks, downlinks; and pipe_long (pipe_parts.h) for what is in no way's bits
#pragma once
#include "workers/pipe/pipe.h"

// Looks at 0 < n <= LANE_BURST handles, and calls packets and lines into the cache; asks nobody whose a shard is. A few handles are in no
// way.
void pipe_sort(const struct pipe *pipe, const struct lane_handle *handles, unsigned n, struct pipe_sorted *sorted);

// Finds the lines of those that are elsewhere: foreign addresses, and packets whose destination has to be read.
void pipe_find(const struct pipe *pipe, const struct lane_handle *handles, struct pipe_sorted *sorted);

// The rest of each packet's way, down to its verdict. handles: of the burst.
void pipe_uplinks(struct pipe *pipe, struct lane_handle *handles, const struct pipe_list *list, uint64_t now);
void pipe_downlinks(struct pipe *pipe, struct lane_handle *handles, const struct pipe_list *list, uint64_t now);

// Repeats the last behind a list to which something was added.
void pipe_list_end(struct pipe_list *list);
