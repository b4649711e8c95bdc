// reports.h - the outbox's conversation with ctrl: what is to be reported is waited for, what is done is said.
//
// One thread. Two requests under way at most, and one more for each association that is behind (outbox.h).
#pragma once
#include "ctrl/client/rpc.h"
#include "ctrl/pfcp/outbox.h"

struct reports {
	struct rpc *rpc;
	struct outbox *outbox;
};

// As in outbox_ways: the answer comes to the outbox, unless the rpc is closed before.
int reports_list(struct reports *reports, const char *owner, uint64_t after);
int reports_close(struct reports *reports, const uint64_t *numbers, unsigned count);
