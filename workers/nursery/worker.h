// worker.h - the process around a packet loop: a fork of the nursery that sits down at one seat.
#pragma once
#include <stdnoreturn.h>
#include "workers/fork/child.h"

// In the fork: prepares itself, says READY, loops, leaves. Never returns.
noreturn void worker_main(const struct kit *kit, unsigned seat);
