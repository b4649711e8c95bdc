// nursery.h - an EAL secondary that is set up once and then only forks: workers on the primary's word, and one courier.
//
// Never uses NNG itself (a process that did may not fork and go on), never allocates, never looks up anything after READY.
#pragma once
#include <stdbool.h>
#include "shared/base/conf.h"

// Meets the primary, brings the EAL up, finds the plane, forks and reaps. Returns the exit status: 0 after SIGTERM, SIGINT
// (workers stay) or LEAVE, 1 after a fault that was logged. When the primary goes, it kills its children and starts over by
// executing itself with argv: a second generation's EAL needs a fresh process. upgrade: the primary started it for an upgrade;
// where there is no place for it, it ends instead of standing by.
int nursery_run(const struct conf *conf, char **argv, bool upgrade);
