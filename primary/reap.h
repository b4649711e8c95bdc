// reap.h - what becomes of a dead worker's packets, shards and seat.
//
// Order: it is not fed any more; lane.out is drained to its end, and each valid handle ends its lease and goes its way; what
// it was lent and did not return goes, in order, before the packets of its shards that wait; its shards go to other seats;
// SIGKILL to be sure. Only when the pidfd has spoken is the seat reset. So nothing is lost, sent twice or reordered. The primary's loop.
#pragma once
#include <stdbool.h>

struct loop;

// The worker's loop thread will never run again. suspects: it died of what it was doing, so the packets it had in hand are
// replayed one at a time, and one that is there again when the next worker dies goes no further.
void reap_seat(struct loop *loop, unsigned seat, bool suspects);

// The process is gone: the seat is ready for the next one.
void reap_reset(struct loop *loop, unsigned seat);
