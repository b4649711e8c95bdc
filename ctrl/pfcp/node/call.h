// call.h - a CP function that waits to be asked for an association (node_call.c).
#pragma once
#include "ctrl/pfcp/peer/remote.h"

struct node;

struct node_call {
	struct node *node;
	struct remote to;
	uint64_t due_ns;
	bool asking, failing;
};
