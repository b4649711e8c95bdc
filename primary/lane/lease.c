// lease.c - keeps a seat's book of leases: what is rare. Pure arithmetic on private memory; the primary's loop only.
#include "primary/lane/lease.h"

#include <string.h>

_Static_assert(LANE_CUT > LANE_BIG && LANE_OWN > LANE_BIG && LANE_RELEASE > LANE_BIG && LANE_LOST > LANE_BIG &&
		   LEASE_KIND >= LANE_KINDS,
	       "what is not common lies above");

void lease_reset(struct lease *lease)
{
	memset(lease, 0, sizeof(*lease));
}

void lease_count(struct lease *lease, const struct lane_handle *lent, uint32_t change)
{
	if (lease_fence(lent))
		lease->fences += change;
	if (lent->code & LEASE_SUSPECT)
		lease->suspects += change;
}

bool lease_pop(struct lease *lease, struct lane_handle *lent, bool *in_hand)
{
	while (lease->head != lease->due) {
		struct lane_handle *newest = &lease->lent[--lease->head % LANE_SLOTS];

		if (newest->code == LANE_NONE)
			continue;
		*in_hand = lease->live <= LANE_BURST;
		*lent = *newest;
		lease_count(lease, newest, -1u);
		newest->code = LANE_NONE;
		lease->live--;
		return true;
	}
	return false;
}
