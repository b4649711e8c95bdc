// reach.h - what lies between two processors, as far as the machine shows it (topo/).
//
// Pure.
#pragma once
#include "topo/topo.h"

// Nearest first.
enum reach {
	REACH_CORE,   // two threads of one core
	REACH_L2,     // one second-level cache
	REACH_L3,     // one last-level cache
	REACH_NODE,   // one memory, but no cache
	REACH_REMOTE, // two memories
	REACH_HIDDEN, // the machine does not show its caches
	REACHES
};
extern const char *const reach_names[REACHES]; // for people
extern const char *const reach_keys[REACHES];  // one word

enum reach reach_between(const struct topo *topo, const struct topo_cpu *a, const struct topo_cpu *b);

// How many memories its processors are at.
unsigned reach_nodes(const struct topo *topo);
