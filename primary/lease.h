// lease.h - the book of one seat: what it was lent, by position in lane.in, until it comes back.
//
// The lease of a packet is (seat, position). It exists from the moment a handle is lent until it comes back or is parked, and
// it is kept here, in private memory, together with a copy of the handle as it was lent: so a worker can neither claim what
// it does not hold nor change what is replayed after its death. One book a seat, owned by the primary's loop.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/plane/lane.h"

// In a private handle's code, beside enum lane_kind: a worker crashed with this packet in hand. Never leaves the primary.
#define LEASE_SUSPECT 0x80u

struct lease {
	uint32_t head;                       // position of the next handle to lend
	uint32_t due;                        // oldest position that has not come back; head = none
	uint32_t live;                       // positions between the two that have not come back
	uint32_t packets;                    // those of them that are packets, not fences
	uint32_t suspects;                   // those of them that are suspects
	struct lane_handle lent[LANE_SLOTS]; // by position; code LANE_NONE: it has come back
};

void lease_reset(struct lease *lease);

// How many handles may be lent now: a position is used again only after what was lent there has come back.
static inline uint32_t lease_credit(const struct lease *lease)
{
	return LANE_SLOTS - (lease->head - lease->due);
}

static inline bool lease_fence(const struct lane_handle *lent)
{
	return lent->code == LANE_CUT || lent->code == LANE_OWN;
}

// Lends *handle: writes its turn and books it. The caller has seen credit.
void lease_lend(struct lease *lease, struct lane_handle *handle);

// What `back` claims to return: the handle as it was lent, or null if the seat holds nothing with this turn and room.
const struct lane_handle *lease_find(const struct lease *lease, const struct lane_handle *back);

// Ends the lease of what lease_find found.
void lease_end(struct lease *lease, const struct lane_handle *lent);

// After a death: takes the newest lease off the book into *lent; false when nothing is left. *in_hand: it was among the first
// LANE_BURST that had not come back, so the worker may have been at work on it.
bool lease_pop(struct lease *lease, struct lane_handle *lent, bool *in_hand);
