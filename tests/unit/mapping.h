// mapping.h - what the tests of the map have in common: one map, a loop that lends what it asks for, and what must hold.
#pragma once
#include "primary/loop/map.h"

extern struct map map;
extern unsigned images; // fences lent with the image

int setup(void **state);

// Lends every fence that may be lent, and returns how many CUTs were among them.
unsigned fence_all(void);

// Lends fences and lets every CUT and OWN come back, until nothing moves. Returns the moves by CUT.
unsigned settle(void);

// Seats 0 and 1 share all shards.
void two_seats(unsigned bank0, unsigned bank1);

// Loads, sets and states agree with each other.
void consistent(void);

// Pins hold only where somebody is; the image is the shard's that is cut for it, or has been and is not settled yet.
void sound(void);
