// assoc.h - PFCP associations: which node, in which life, is allowed to have sessions here (TS 29.244 6.2.6 to 6.2.8).
//
// Every life of an association has an owner's name of its own, "pfcp:<node id>#<eight random digits>": ctrl keeps it with each session, and
// the association is a note in ctrl under the same name. So what a node left behind in an earlier life is never taken for what it has now.
#pragma once
#include <stdbool.h>
#include <sys/queue.h>
#include "ctrl/pfcp/remote.h"

#define ASSOC_NODE_BYTES 256u // a node id as text: an address or a name, with its final zero
#define ASSOC_OWNER_BYTES 129u

struct assoc {
	char node_id[ASSOC_NODE_BYTES];
	char owner[ASSOC_OWNER_BYTES];
};
