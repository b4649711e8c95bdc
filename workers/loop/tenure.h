// tenure.h - the shards this seat holds: taking one over, giving it up, and looking through it afterwards.
//
// The primary decides who owns a shard and says so with LANE_OWN and LANE_CUT; from the one to the other this seat is the
// region's only writer. Private to the loop thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "workers/lines/lines.h"
#include "workers/pipe/pipe.h"

struct tenure {
	struct pipe *pipe; // pipe->shard[i].header is null where the shard is not ours
	const struct plane_view *view;
	uint8_t seat;
	unsigned held;                      // shards that are ours
	struct region_header noted[SHARDS]; // of shards that are ours: as we left it; whoever else writes it is wrong
	uint64_t stale[SHARDS / 64];        // bit: others have counted since for the shard's sessions; see anew.h
};

void tenure_open(struct tenure *tenure, struct pipe *pipe, const struct plane_view *view, unsigned seat);

// Takes the shard over: from here its packets and changes are ours. Whoever held it is dead or has sealed it. A
// region whose header is spoilt is taken at sequence 0, so that ctrl sends it again. image: it comes from a build whose lines are
// laid out differently, and is read from the image; where that is not whole, the region is taken as it was left.
void tenure_take(struct tenure *tenure, uint8_t shard, bool image);

// Seals the region: nothing of ours touches it any more. No harm if it was not ours. image: for such a build.
void tenure_give(struct tenure *tenure, uint8_t shard, bool image);

// Has the memory that taking or giving it begins with brought near.
static inline void tenure_fetch(const struct tenure *tenure, uint8_t shard)
{
	const char *header = (const char *)tenure->view->shards[shard].header;

	__builtin_prefetch(header, 1);
	__builtin_prefetch(header + 64, 1);
}

static inline bool tenure_has(const struct tenure *tenure, uint8_t shard)
{
	return tenure->pipe->shard[shard].header;
}

// The shard as lines.h wants it; only while tenure_has.
struct lines tenure_lines(const struct tenure *tenure, uint8_t shard);

int tenure_first(const uint64_t set[SHARDS / 64]); // the lowest shard of a set, or -1

// After each lawful change of the shard's header.
void tenure_note(struct tenure *tenure, uint8_t shard);

// Puts the header back as it was noted; true if it was not so.
bool tenure_mended(struct tenure *tenure, uint8_t shard);
