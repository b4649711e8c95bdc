// rx.h - from the ports into the lanes. The primary's loop.
#pragma once
#include "primary/edge/steer.h"
#include "primary/loop/hold.h"

struct loop;

// One burst of a port: steers each frame, answers ARP and ND, lends the rest. Returns the frames received.
unsigned rx_port(struct loop *loop, unsigned port);

// Sends a packet to the seat of a list (a shard, or HOLD_SLOW): lent at once, or waiting behind what waits, or refused.
void rx_pass(struct loop *loop, unsigned list, struct lane_handle handle);

// Ends a packet that steer refused.
void rx_refuse(struct loop *loop, uint32_t room, struct steer_result to);

// Which seats have suspects to try: they are fed nothing else. Each turn while there are any.
void rx_alone(struct loop *loop);

// Lends what waits, as far as there is space. Returns how many.
unsigned rx_resume(struct loop *loop);
