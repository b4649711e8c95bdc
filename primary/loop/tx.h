// tx.h - from the lanes to the ports: what came back is checked, then goes where its verdict says. The primary's loop.
#pragma once
#include <stdint.h>
#include "primary/edge/neigh.h"

struct loop;

// Takes up to `bursts` bursts of what the seat gave back. Returns how many handles. Condemns the seat if one is bad.
unsigned tx_lane(struct loop *loop, unsigned seat, unsigned bursts);

// A packet ends: counted, its room freed.
void tx_end(struct loop *loop, uint32_t room, unsigned verdict);

// A complete frame leaves by a port, counted as `verdict`; LOOP_OWN: not counted.
void tx_frame(struct loop *loop, unsigned port, struct nic_frame frame, unsigned verdict);

// Sends what the ports have buffered, counts what they refuse.
void tx_flush(struct loop *loop);

// How neigh reaches the world; its `with` is the loop.
struct neigh_out tx_neigh_out(struct loop *loop);
