// release_inside.h - what the files of release share. For them alone.
#pragma once
#include "ctrl/fleet/release.h"

void release_cell_free(struct release *release, uint32_t cell);

// ---- release_drop.c

void drops_load(struct release *release, uint32_t cell);  // at start: what this cell may have left to drop
void drops_settle(struct release *release, bool durable); // as release_settle
bool drops_hold(struct release *release, uint32_t cell);  // the cell's others go behind a drop; true: there is one
bool drops_go(struct release *release);                   // true: an order is on its way
bool drops_answered(struct release *release, const Shoal__Fleet__Answer *answer); // true: it was theirs
