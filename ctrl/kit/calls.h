// calls.h - what a process gives up before it serves anybody. The kernel keeps it per thread: before there is a second one.
#pragma once
#include "shared/base/account.h"

// Becomes the account, lets nobody of the same user look in, and makes these system calls alone: `names` are lines of them, with blanks
// between; "socket=1": only if its first argument is that. All others answer EPERM from then on. 0, or -errno with a log line.
int calls_settle(const struct account *account, const char *const *names, unsigned count);
