// load.h - runs the nursery of another build. The fleet thread.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Whether `path` may be run as a nursery: an absolute path to a regular file that can be executed, and that nobody but its owner
// can change, who is root or us; the same holds for its folder. 0, or -errno with the reason in `why`.
int load_check(const char *path, char *why, size_t why_bytes);

// Runs `path --config CONFIG --upgrade`, with default signals and no descriptor of ours but stderr. 0 with its pid and a pidfd
// (close-on-exec), or -errno. Whoever calls reaps it.
int load_run(const char *path, const char *config, int32_t *pid, int *pidfd);
