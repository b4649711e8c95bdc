// wild.h - a worker of a test build that scribbles over whatever it can write, and returns handles nobody lent it.
//
// As long as the wish in SHOAL_KILL_FILE (shared/base/faults.h) is "wild:N:own" or "wild:N:all", workers at seats below
// SHOAL_WILD_SEATS do so with N stray writes at a time, until they die of it, in an order that SHOAL_WILD_SEED, the seat and how many
// have sat there decide. own: their seat's page, their code's data, stack and
// heap. all: rooms, shards and the image as well, which other workers use. Other builds contain none of it.
#pragma once

#ifdef SHOAL_FAULTS
struct loop;
// Before the sandbox: what there is to write to.
void wild_open(const struct loop *loop, unsigned seat);
// After a burst has been worked on.
void wild_turn(struct loop *loop);
#define WILD_OPEN(loop, seat) wild_open(loop, seat)
#define WILD_TURN(loop) wild_turn(loop)
#else
#define WILD_OPEN(loop, seat) ((void)0)
#define WILD_TURN(loop) ((void)0)
#endif
