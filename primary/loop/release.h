// release.h - lets parked packets go (park.h), in order.
//
//   asked --LANE_RELEASE lent behind all the shard's packets; the shard is not fed--> sent --it comes back--> fed again
//
// What the seat had of the cell has come back then, and was parked or went out before. So the cell's packets are lent next, as they had
// arrived, then what was held meanwhile, then what comes. The worker lets them pass from the fence on. Should the seat die first, its
// packets wait before the held ones, and the shard is not fed until the fence has come back from the next seat: it passes all of them.
// What is to be dropped instead never comes to that: it belongs to no seat, so no fence is needed.
// Moves go on beside: a CUT is lent behind the fence, or the fence behind the OWN. Cells of one shard go together. The primary's loop.
#pragma once
#include <stdint.h>
#include "primary/loop/park.h"
#include "primary/loop/post.h"

struct loop;

struct release_cell {
	uint8_t shard;
	uint16_t slot;
};

// Drops what was parked of the cell before then.
struct release_drop {
	uint64_t before_ns;
	uint8_t shard;
	uint16_t slot;
};

struct release_drops {
	struct release_drop *cell; // null: none is under way
	uint32_t count, at;        // as far as it is done
};

// POST_RELEASE: hands the list back. POST_DROP, one at a time: hands it back when all is dropped.
void release_order(struct loop *loop, const struct post_word *order);

void release_dropping(struct loop *loop); // now and then: goes on with what is to be dropped, some packets at a time
void release_end(struct loop *loop, struct park_out out, unsigned verdict); // a parked packet goes no further
void release_fences(struct loop *loop);                             // once a turn, behind everything that is lent in it
void release_back(struct loop *loop, uint8_t shard, uint16_t slot); // a fence has come back from its seat
void release_lost(struct loop *loop, unsigned seat);                // it is dead
