// pipe.h - the packet's way through a worker: parse, find, police, encap or decap, verdict.
//
// Pure: bytes, offset, length, session lines and the time come in; bytes, offset, length and a verdict go out. No
// DPDK, no system call, no allocation, no lock, no log, no division. Golden tests, fuzzers and the loop run this same
// code.
//
// Uplink moves the offset and writes nothing but the inner TTL, DSCP and checksum, in one store; downlink writes those
// and the headroom. So a burst can be run again after a crash from the handles the primary kept.
#pragma once
#include <stdint.h>
#include "shared/plane/lane.h"
#include "shared/plane/plane.h"

// What the loop lends the pipe. shard[i].header is null where this seat is not the owner.
struct pipe {
	const struct plane_net *net;
	const struct rooms *rooms;
	struct region shard[SHARDS];
	struct region_shape shape;
	uint64_t byte_tokens; // 8 x net->clock_hz
};

void pipe_init(struct pipe *pipe, const struct plane_net *net, const struct rooms *rooms,
	       const struct region_shape *shape);

// Turns n <= LANE_BURST handles from what was lent into what comes back, in place and in order: offset, length, port
// and code are set, turn and room are kept. `now` is the clock of the burst. Handles must be LANE_UPLINK or
// LANE_DOWNLINK with a valid room and offset + length <= ROOM_STRIDE; anything else comes back as VERDICT_NOT_OURS. A
// shard that is not ours: VERDICT_STEER_AGAIN with offset and length untouched.
void pipe_burst(struct pipe *pipe, struct lane_handle *handles, unsigned n, uint64_t now);
