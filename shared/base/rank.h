// rank.h - who gives way to whom where cores are shared. Any thread; needs no right.
//
// Packets go first: what keeps house never takes a core from a loop that runs (SCHED_BATCH: it waits for the end of the slice, or
// finds another core). Threads and processes inherit it, so each main begins with rank_house, and loops rise with rank_packets.
#pragma once

void rank_house(void);
void rank_packets(void);
