// plane.h - a plane in private memory for the forms: as many sessions as are asked for, all policed, and traffic for random
// ones of them, both directions mixed.
#pragma once
#include <stddef.h>
#include "workers/lines/lines.h"
#include "workers/pipe/pipe.h"

#define PLANE_ROUND 2048u // packets of a round, each in a room of its own

struct forms_plane {
	struct plane_net net;
	struct region_shape shape;
	struct rooms rooms;
	struct pipe pipe;
	unsigned sessions;
	uint64_t random;
};

// sessions: a power of two, 1024 to 2^24. False: no memory.
bool forms_plane_open(struct forms_plane *plane, unsigned sessions, uint64_t seed);

// Fresh packets of random sessions, as a copying driver leaves them: headers in this core's cache. turn: the place in the array.
void forms_plane_round(struct forms_plane *plane, struct lane_handle handles[PLANE_ROUND]);
