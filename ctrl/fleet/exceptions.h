// exceptions.h - the addresses whose hash is not their session's shard, for the primary's steering (fleet.proto).
#pragma once
#include "ctrl/fleet/fleet.h"
#include "ctrl/session/session.h"

struct exceptions {
	const struct sessions *sessions;
	bool *changed; // since the fleet was told
	bool asked;    // the table is on its way to the primary
};

// Sends the whole table, if it has changed and there is a primary.
void exceptions_tick(struct exceptions *exceptions, struct fleet *fleet);
