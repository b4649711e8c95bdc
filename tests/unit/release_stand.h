// release_stand.h - one session, in cell 9, and what ctrl orders of the packets that wait for it, for tests of release.
#pragma once
#include "ctrl/fleet/release.h"
#include "ctrl/session/session.h"

#define SLOTS 8u

extern struct grid grid;
extern struct push *push;
extern struct release *release;
extern struct session session; // its rules keep packets, its change 5 is written

// Orders go there, and ctrl opened then. 0, or -ENOMEM.
int release_stand_open(bool (*order)(void *, const Shoal__Fleet__Order *), uint64_t opened_ns);
int release_stand_close(void **state); // for cmocka

struct sheet *sheet_of(uint8_t action);   // of its second FAR; the caller's to free
void rules_are(uint8_t action);           // the session's
void confirmed(uint64_t number);          // by the owner of its shard
void says(uint32_t shard, uint32_t slot); // the primary: that packets of this cell wait
