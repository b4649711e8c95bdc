// calls.h - which system calls a process may make from now on. The kernel keeps it per thread: before there is a second one.
#pragma once

// names: lines of calls, with blanks between them; "socket=1": only if its first argument is that. All others answer EPERM from then on.
// 0 or -errno.
int calls_limit(const char *const *names, unsigned count);
