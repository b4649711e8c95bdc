// place.h - where this gateway's loops run: the configuration held against the machine, and workers placed where it leaves them free.
//
// Main thread, once, before the plane is laid. What is found goes to the workers in the plane's head, so that the machine is read
// in one place only.
#pragma once
#include <sched.h>
#include "shared/base/conf.h"
#include "shared/plane/plane.h"
#include "topo/placement.h"

// Reads the machine. 0, or -EINVAL where the configuration breaks a rule: every pair has a log line (a warning, and 0, where
// `placement: force`). Who has no core named is placed on those that we were started on, while a named one may be any: so a service
// manager can keep everything but the loops off their cores. A machine that cannot be read has no rules, and nobody is placed.
int place_find(const struct conf *conf, const cpu_set_t *allowed, struct placement *placement);

// Tells the workers.
void place_lay(const struct placement *placement, struct plane *plane);
