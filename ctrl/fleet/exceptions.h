// exceptions.h - the addresses that the primary does not find their sessions by, for its steering (fleet.proto): those whose hash is not
// their session's shard, and where networks share addresses those that are not its place's own (place_told).
#pragma once
#include "ctrl/fleet/fleet.h"
#include "ctrl/session/session.h"

struct exceptions {
	const struct sessions *sessions;
	bool *changed;        // since the fleet was told
	bool *deaf;           // where there are networks: the primary is of a build that knows of none there
	const uint64_t *said; // how often it has changed
	uint64_t *told;       // the changes of these that the primary has
	uint64_t sent;        // those that the table under way has
	uint64_t rest_ns;     // no other one before
	bool asked;           // the table is on its way to the primary
};

// Sends the whole table, if it has changed and there is a primary; a large one not too often. Asked in each turn: requests wait for it (told).
void exceptions_tell(struct exceptions *exceptions, struct fleet *fleet);

// Another primary, which knows nothing.
void exceptions_again(struct exceptions *exceptions);
