// ruled_route.h - networks behind a UE (framed routes, TS 29.244 5.16), as a session's sheet has them: rarely asked for, so out of line.
//
// Pure. They open the session's room for themselves, so that the usual packets' way need not keep its own in memory for them.
#pragma once
#include "workers/pipe/pipe_asked.h"

// The PDRs that take packets for where this one goes: of all routes that hold it. 0: no route does.
uint64_t ruled_routes_to(const struct pipe_asked *asked);

// Whether the packet comes from one of these networks.
bool ruled_route_from(const struct pipe_asked *asked);
