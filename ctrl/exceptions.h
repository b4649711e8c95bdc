// exceptions.h - the addresses whose hash is not their session's shard, for the primary's steering (fleet.proto).
#pragma once
#include "ctrl/fleet.h"
#include "ctrl/session.h"

// Sends the whole table. 0, or -errno: nothing was sent.
int exceptions_send(const struct sessions *sessions, struct fleet *fleet, fleet_done *done, void *with);
