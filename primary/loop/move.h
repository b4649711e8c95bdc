// move.h - carries out what the map decides about shards: lends fences, tells the neighbours, measures how long a shard stood still.
#pragma once
#include <stdbool.h>
#include "primary/loop/post.h"

struct loop;

// The map has given shards other seats: charges what waits to the new ones and tells the couriers.
void move_settle(struct loop *loop);

// Whether the seat may be lent a fence now.
bool move_may_fence(const struct loop *loop, unsigned seat);

// Lends fences that may be lent now, for shards with packets that wait first. Some only, and says how many: a seat that is given a
// hundred shards at once shall not let its packets, and those of the first it has taken, wait for the last.
unsigned move_fences(struct loop *loop);

void move_order(struct loop *loop, const struct post_word *order); // MOVE, GUEST, REGULAR

// A fence of the shard has come back from its seat.
void move_cut(struct loop *loop, unsigned shard);
void move_owned(struct loop *loop, unsigned shard);

// The seat is dead: what stands still now waits for no plan.
void move_lost(struct loop *loop, unsigned seat);
