// sessions.h - whose packets the gauge sends. Called by its one thread.
#pragma once
#include "tests/chaos/frame.h"

// Reads "teid,ue-ipv4,peer-teid" lines into an array, to be freed, ordered so that every shard's packets come at an even pace.
// Returns how many, or -errno.
int sessions_load(const char *path, struct gauge_session **sessions);
