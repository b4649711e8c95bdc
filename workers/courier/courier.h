// courier.h - the conversation with ctrl on behalf of this build's workers: changes in, reports and usage out.
//
// A fork of the nursery with threads (NNG's) and a heap, so that workers need neither. Its death costs no packet: the next one
// finds the rings where they stand and says Hello again.
#pragma once
#include <stdnoreturn.h>
#include "workers/fork/child.h"

// In the fork: serves until the primary is gone. Never returns.
noreturn void courier_main(const struct kit *kit);
