// aside.h - uplink packets that are for the gateway and not for the network: what has no session, and what a subscriber says on its own
// link.
//
// Pure but for the session's lines. Owned by the worker's loop; one thread.
#pragma once
#include "workers/pipe/pipe_asked.h"

// What a refused G-PDU ends in, `verdict` so far: the slow lane answers for those without a session (TS 29.281 7.3.1) and for extension
// headers we do not know (7.2.3). Nobody is told that a session is gone while not all are known to be here (TS 23.527 4.3.2).
enum verdict aside_tunnel(const struct pipe *pipe, const struct pipe_user *user, enum verdict verdict);

// A packet that its session's rules do not take, `verdict` so far. Where that is its source's fault, or no rule's, and it is a word for
// the subscriber's own link, it ends here; a router solicitation with its answer, which goes down as the session's rules say: built
// behind the question in its room, so that it is there to be looked at again. Else the verdict stays.
enum verdict aside_source(const struct pipe_asked *asked, struct lane_handle *handle, enum verdict verdict);
