// lease.c - keeps a seat's book of leases. Pure arithmetic on private memory; the primary's loop only.
#include "primary/lease.h"

#include <string.h>

void lease_reset(struct lease *lease)
{
	memset(lease, 0, sizeof(*lease));
}

static struct lane_handle *lease_slot(struct lease *lease, uint32_t position)
{
	return &lease->lent[position % LANE_SLOTS];
}

void lease_lend(struct lease *lease, struct lane_handle *handle)
{
	handle->turn = (uint16_t)lease->head;
	*lease_slot(lease, lease->head) = *handle;
	lease->head++;
	lease->live++;
	lease->packets += !lease_fence(handle);
	lease->suspects += handle->code >> 7;
}

const struct lane_handle *lease_find(const struct lease *lease, const struct lane_handle *back)
{
	// At most LANE_SLOTS positions are open, so 16 bits name one of them without doubt.
	uint16_t distance = (uint16_t)(back->turn - lease->due);
	const struct lane_handle *lent = &lease->lent[(lease->due + distance) % LANE_SLOTS];

	if (distance >= lease->head - lease->due || lent->code == LANE_NONE || lent->room != back->room)
		return NULL;
	return lent;
}

static void lease_strike(struct lease *lease, struct lane_handle *lent)
{
	lease->live--;
	lease->packets -= !lease_fence(lent);
	lease->suspects -= lent->code >> 7;
	lent->code = LANE_NONE;
}

void lease_end(struct lease *lease, const struct lane_handle *lent)
{
	lease_strike(lease, &lease->lent[lent - lease->lent]);
	while (lease->due != lease->head && lease_slot(lease, lease->due)->code == LANE_NONE)
		lease->due++;
}

bool lease_pop(struct lease *lease, struct lane_handle *lent, bool *in_hand)
{
	while (lease->head != lease->due) {
		struct lane_handle *newest = lease_slot(lease, --lease->head);

		if (newest->code == LANE_NONE)
			continue;
		*in_hand = lease->live <= LANE_BURST;
		*lent = *newest;
		lease_strike(lease, newest);
		return true;
	}
	return false;
}
