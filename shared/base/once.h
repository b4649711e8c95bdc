// once.h - one process of a kind per run directory.
#pragma once
#include <stddef.h>

// Takes <dir>/<name>.lock (flock, close-on-exec) and writes our pid into it. Creates dir (0700) if it is missing. Returns
// the descriptor to keep open for life; -EEXIST with *pid set to the holder's (0 unknown) if another process has it;
// or -errno.
int once_take(const char *dir, const char *name, int *pid);
