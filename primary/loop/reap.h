// reap.h - what becomes of a dead worker's packets, shards and seat.
//
// Order: it is not fed any more; lane.out is drained to its end, and each valid handle ends its lease and goes its way; what
// it was lent and did not return goes, in order, before the packets of its shards that wait; its shards go to other seats;
// SIGKILL to be sure. Only when the pidfd has spoken is the seat reset. So nothing is lost, sent twice or reordered. The primary's loop.
#pragma once
#include <stdbool.h>

struct loop;

// The worker's loop thread will never run again. suspects: it died of what it was doing: its own handler said so, or it ran in circles
// or slept with work at hand. The up to LANE_BURST packets it had in hand are then suspects: each is lent again, alone, by a seat that
// gets nothing else meanwhile. One that is in hand at a second such death has killed twice: it goes no further (VERDICT_POISON), is
// recorded, and its session is quarantined. Without suspects (SIGKILL, an exit, a signal from outside, a stop) nobody is
// suspected: what was in hand is lent again like the rest, and what was a suspect stays one, however often that happens.
void reap_seat(struct loop *loop, unsigned seat, bool suspects);

// The process is gone: the seat is ready for the next one.
void reap_reset(struct loop *loop, unsigned seat);
