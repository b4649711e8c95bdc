// slow_disk.h - the controller without sockets, whose disk takes as long as a test wants.
#pragma once
#include "tests/unit/ctrl_stand.h"

extern struct ctrl_stand stand;

int slow_disk_open(void **state); // of a cmocka test
int slow_disk_close(void **state);

void disk_slow(void);      // from here on a commit takes until disk_done
void disk_done(void);      // all that is with the disk, and what it leads to there
void disk_done_once(void); // what is with the disk; what that leads to there waits
void disk_has_had_it_for(uint64_t ns);

int create(unsigned n);        // session n: as ctrl_stand_create
uint32_t created(unsigned n);  // durably; its TEID
unsigned sessions(void);       // in memory
void go_ahead(unsigned count); // creates 1 to count: the first is with the disk, the others are decided

// A worker that has nothing asks for all there is, hears it and says so. Whether there is a session, and its bearer.
bool all_is_told(struct bearer *last);
