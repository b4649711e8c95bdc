// tenure.h - the shards this seat holds: taking one over, giving it up, and looking through it afterwards.
//
// The primary decides who owns a shard and says so with LANE_OWN and LANE_CUT; from the one to the other this seat is the
// region's only writer. Private to the loop thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "workers/lines.h"
#include "workers/pipe.h"

struct tenure {
	struct pipe *pipe; // pipe->shard[i].header is null where the shard is not ours
	const struct plane_view *view;
	uint8_t seat;
	unsigned held;                // shards that are ours
	uint64_t unread[SHARDS / 64]; // bit: cells of the shard are still to be looked at
	uint32_t unread_slot;         // next cell of the lowest such shard
};

void tenure_open(struct tenure *tenure, struct pipe *pipe, const struct plane_view *view, unsigned seat);

// Takes the shard over: from here its packets and changes are ours. Whoever held it is dead or has sealed it. A
// region whose header is spoilt is taken at sequence 0, so that ctrl sends it again.
void tenure_take(struct tenure *tenure, uint8_t shard);

// Seals the region: nothing of ours touches it any more. No harm if it was not ours.
void tenure_give(struct tenure *tenure, uint8_t shard);

static inline bool tenure_has(const struct tenure *tenure, uint8_t shard)
{
	return tenure->pipe->shard[shard].header;
}

// The shard as lines.h wants it; only while tenure_has.
struct lines tenure_lines(const struct tenure *tenure, uint8_t shard);

// Looks through at most `budget` cells of shards taken over and drops those that fail their check. True while some are left.
bool tenure_look(struct tenure *tenure, unsigned budget);
