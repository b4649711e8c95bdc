// alone.h - keeps a thread from being interrupted by others for the few milliseconds of a slice.
//
// Where the system does not allow it, nothing changes: then slices are torn, and say so. Whoever asks for it sleeps or steps
// back between slices.
#pragma once
#include <sched.h>

// 1 and up: before all ordinary threads of its processor. 0: one of them again. For the calling thread.
static inline void alone_set(int priority)
{
	struct sched_param how = { .sched_priority = priority };

	(void)sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &how);
}
