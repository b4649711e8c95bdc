// place_play.h - places for sessions that are not there, for tests of place.
//
//   pools: 0 "internet" 10.45.0.0/23 and 2001:db8:45::/54, 2 rows     1 "ims" 2001:db8:99::/56, 1 row     2 "internet" 10.48.0.0/24, 1 row
#pragma once
#include "ctrl/session/place.h"

extern struct place place;
extern struct grid grid;

int place_play_open(void **state);
int place_play_close(void **state);

uint32_t place_play_take(struct place_wish *wish, int *error); // place_find, and somebody lives there
void place_play_give(uint32_t cell);                           // no more
