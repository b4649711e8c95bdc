// machine.h - the recorded machines of tests/topo.
#pragma once
#include "topo/topo.h"

// Fails the test where it cannot be read.
void machine_read(struct topo *topo, const char *name);

// Its NUMA nodes {}, groups () and L2 boundaries, with the threads of a core joined by '+' and cores parted by ' ':
// "0{(0+4|1+5)(2+6|3+7)}". Static memory.
const char *machine_text(const struct topo *topo);
