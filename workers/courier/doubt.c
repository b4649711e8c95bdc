// doubt.c - when to tell a gap. State: struct doubt, one a shard, the courier's.
#include "workers/courier/doubt.h"

void doubt_gap(struct doubt *doubt, uint64_t seq, uint64_t now_ns)
{
	bool again = doubt->told_ns && doubt->told_seq == seq && now_ns - doubt->told_ns < DOUBT_AGAIN_NS;

	if (doubt->moved)
		return;
	doubt->gap_seq = seq;
	doubt->due_ns = again ? doubt->told_ns + DOUBT_AGAIN_NS : now_ns;
}

void doubt_moved(struct doubt *doubt, uint64_t now_ns)
{
	doubt->moved = true;
	doubt->due_ns = now_ns;
}

bool doubt_settle(struct doubt *doubt, uint64_t seq, bool held, uint64_t now_ns)
{
	bool mended = !doubt->moved && seq != doubt->gap_seq; // the replay has come meanwhile

	if (!doubt->due_ns || now_ns < doubt->due_ns || !held)
		return false;
	doubt->due_ns = 0;
	doubt->moved = false;
	if (mended)
		return false;
	doubt->told_ns = now_ns;
	doubt->told_seq = seq;
	return true;
}
