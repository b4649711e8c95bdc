// rx.h - from the ports into the lanes. The primary's loop.
#pragma once
#include "primary/hold.h"

struct loop;

// One burst of a port: steers each frame, answers ARP and ND, lends the rest. Returns the frames received.
unsigned rx_port(struct loop *loop, unsigned port);

// Sends a packet to the seat of a list (a shard, or HOLD_SLOW): lent at once, or waiting behind what waits, or refused.
void rx_pass(struct loop *loop, unsigned list, struct lane_handle handle);

// Lends what waits, as far as there is space. Returns how many.
unsigned rx_resume(struct loop *loop);
