// stray.h - G-PDUs that a worker could not place, and whose sender is to know. The primary's loop.
#pragma once
#include "shared/plane/lane.h"

struct loop;

// The packet as it was lent goes to the slow lane, which answers; or it ends with the verdict `otherwise`: it was no G-PDU, or nobody
// is told yet that a tunnel has no session (TS 23.527 4.3.2).
void stray_answer(struct loop *loop, const struct lane_handle *lent, enum lane_local why, unsigned otherwise);
