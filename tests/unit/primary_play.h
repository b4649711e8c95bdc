// primary_play.h - a played primary that is to know whose something is, for tests of who tells it (ctrl/fleet/aliases.h, ctrl/fleet/framed.h).
#pragma once
#include "ctrl/fleet/fleet.h"

#define PRIMARY_KEYS 64u

struct primary_play {
	bool there;
	fleet_done *done;            // of the order under way; null = none is
	uint32_t own[PRIMARY_KEYS];  // the TEIDs it knows, by the test's keys
	uint32_t news[PRIMARY_KEYS]; // and will, when the order comes through
};

extern struct primary_play primary;

void primary_begin(void);               // there, and knows nothing
void primary_ordered(fleet_done *done); // one order at a time; what it says goes into news then
// with: of who ordered; heard: the order came through; error: what the answer says of it, -1: there is none.
void primary_answers(void *with, bool heard, int error);
