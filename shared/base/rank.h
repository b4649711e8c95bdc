// rank.h - who gives way to whom where cores are shared. Any thread; needs no right.
//
// Packets go first: what keeps house never takes a core from a loop that runs (SCHED_BATCH: it waits for the end of the slice, or
// finds another core). Threads and processes inherit it, so each main begins with rank_house, and loops rise with rank_packets: they ask for
// short turns (Linux 6.12 and newer), and so get theirs soon after they wake, also where others work.
#pragma once

#define RANK_TURN_NS 100000u // the shortest that Linux gives

void rank_house(void);
void rank_packets(void);
