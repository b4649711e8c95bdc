// pipe_points.h - the points at which a test ends a worker with a packet in hand, whichever way it goes: a name stands at one place only
// (shared/base/faults.h). Nothing in other builds.
#pragma once
#include "shared/base/faults.h"

#define PIPE_STEP static inline __attribute__((always_inline))

PIPE_STEP void pipe_admitted(void)
{
	FAULT_POINT("packet.admitted");
}

PIPE_STEP void pipe_hopped(void)
{
	FAULT_POINT("packet.hopped");
}

PIPE_STEP void pipe_counted(void)
{
	FAULT_POINT("packet.counted");
}

PIPE_STEP void pipe_encapsulated(void)
{
	FAULT_POINT("packet.encapsulated");
}
