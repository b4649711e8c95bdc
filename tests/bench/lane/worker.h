// worker.h - the worker of bench-turn, as it is shipped: its loop, the packet path, sessions.
//
// A library of its own that shows nothing else: primary and worker both have a loop.h, and names in common. One thread.
#pragma once
#include "shared/plane/plane.h"

#define WORKER_SESSIONS 256u // one of each shard

// Makes plane and sessions (cost/world.h), all policed, for a gateway at that GTP-U address. Ends the program where there is no memory.
struct plane_view *worker_world(uint32_t gtpu_ipv4);

// The loop, once seats and rooms are in the view, which is copied: a process has its own.
void worker_open(const struct plane_view *whole);

// What it does to each burst from now on besides, so that those who count are seen to see it.
enum worker_harm {
	WORKER_COPIES, // 256 bytes of each packet
	WORKER_YIELDS  // calls the system
};
void worker_harm(enum worker_harm harm);

// Session n's.
uint32_t worker_teid(unsigned n);
uint32_t worker_address(unsigned n);

// One turn of the loop; and the housekeeping that loop_run does after each.
void worker_turn(void);
void worker_house(void);
