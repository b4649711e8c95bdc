// detour.h - what came back from a worker and does not simply leave by a port: it goes to the slow lane, to another worker, waits, or
// has to be asked for first. The primary's loop.
#pragma once
#include "shared/plane/lane.h"

struct loop;

// A packet to send, back as `back` says, lent as `lent` says, that is not among what neigh_ready sent. Its lease has ended or will.
void detour_apart(struct loop *loop, const struct lane_handle *back, const struct lane_handle *lent);

// The same with a verdict other than FORWARD and ANSWERED.
void detour_other(struct loop *loop, unsigned seat, const struct lane_handle *back, const struct lane_handle *lent);
