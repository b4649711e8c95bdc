// sandbox.h - what a fork of the nursery may still ask of the kernel once it has all it needs.
//
// Both are lists of what is allowed. Anything else is answered by SIGSYS, so that the crash flag and the log tell which process it was;
// none of the two can open a file, map or unmap memory or change its rights, start a process or a program, or signal another process.
#pragma once
#include <signal.h>

// Names the refused call on stderr, in a handler of SIGSYS.
void sandbox_tell(const siginfo_t *info);

// Last step before READY: no way back. The calling thread is the only one. 0 or -errno.
int sandbox_worker(void);

// Before the courier allocates: from here the heap grows by brk alone, since the sandbox has no mmap.
void sandbox_courier_heap(void);

// It may also dial local sockets. Else as above.
int sandbox_courier(void);
