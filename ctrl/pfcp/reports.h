// reports.h - what the outbox needs of the others: its conversation with ctrl (what is to be reported is waited for, what is done is said), where
// its letters go, and sessions of which an answer says something.
//
// One thread. Two requests under way at most, and one more for each association that is behind (outbox.h).
#pragma once
#include "ctrl/client/rpc.h"
#include "ctrl/pfcp/report/outbox.h"

struct reports {
	struct rpc *rpc;
	struct outbox *outbox;
	struct node *node;
	struct sessions *sessions;
};

// Opens the outbox. 0 or -ENOMEM. Answers come to it, unless the rpc is closed before.
int reports_open(struct reports *reports);
