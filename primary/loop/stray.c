// stray.c - hands G-PDUs without a place to the slow lane.
#include "primary/loop/stray.h"

#include "primary/loop/loop.h"
#include "primary/loop/rx.h"
#include "primary/loop/tx.h"

void stray_answer(struct loop *loop, const struct lane_handle *lent, enum lane_local why, unsigned otherwise)
{
	struct lane_handle handle = *lent;

	if (lent->code != LANE_UPLINK || (why == LANE_NO_SESSION && loop->now_ns < loop->mute_until_ns)) {
		tx_end(loop, lent->room, otherwise);
		return;
	}
	handle.code = LANE_LOCAL;
	handle.hint = why;
	rx_pass(loop, HOLD_SLOW, handle);
}
