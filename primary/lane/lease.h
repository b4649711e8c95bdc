// lease.h - the book of one seat: what it was lent, by position in lane.in, until it comes back.
//
// The lease of a packet is (seat, position). It exists from the moment a handle is lent until it comes back or is parked, and
// it is kept here, in private memory, together with a copy of the handle as it was lent: so a worker can neither claim what
// it does not hold nor change what is replayed after its death. One book a seat, owned by the primary's loop.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"

// In a private handle's code, beside enum lane_kind: a worker crashed with this packet in hand. Never leaves the primary.
#define LEASE_SUSPECT 0x80u
#define LEASE_TRACED 0x40u // likewise: somebody looks at what becomes of it (trace.h)
#define LEASE_KIND 0x3fu

struct lease {
	uint32_t head;     // position of the next handle to lend
	uint32_t due;      // oldest position that has not come back; head = none
	uint32_t live;     // positions between the two that have not come back
	uint32_t fences;   // those of them that are fences, not packets
	uint32_t suspects; // those of them that are suspects
	_Alignas(
	    16) struct lane_handle lent[LANE_SLOTS]; // by position; code LANE_NONE, or before due: it has come back
};

void lease_reset(struct lease *lease);

// How many handles may be lent now: a position is used again only after what was lent there has come back.
static inline uint32_t lease_credit(const struct lease *lease)
{
	return LANE_SLOTS - (lease->head - lease->due);
}

static inline bool lease_fence(const struct lane_handle *lent)
{
	return (lent->code >= LANE_CUT && lent->code <= LANE_RELEASE) || lent->code == LANE_LOST;
}

// As what a fence comes back.
static inline unsigned lease_answer(unsigned kind)
{
	if (kind == LANE_LOST)
		return VERDICT_COUNTED;
	return kind == LANE_CUT ? VERDICT_CUT : kind == LANE_OWN ? VERDICT_OWNED : VERDICT_RELEASED;
}

static inline uint32_t lease_packets(const struct lease *lease)
{
	return lease->live - lease->fences;
}

// Fences and suspects are rare, and counted apart: +1, -1.
void lease_count(struct lease *lease, const struct lane_handle *lent, uint32_t change);

// Lends a handle: books it and returns it with its turn. The caller has seen credit.
static inline struct lane_words lease_lend(struct lease *lease, struct lane_words lent)
{
	struct lane_handle *at = &lease->lent[lease->head % LANE_SLOTS];

	lent.rest |= (uint64_t)(uint16_t)lease->head << LANE_WORD_TURN;
	memcpy(at, &lent, sizeof(lent));
	lease->head++;
	lease->live++;
	if (__builtin_expect(lent.rest >> LANE_WORD_CODE >= LANE_CUT, 0))
		lease_count(lease, at, 1);
	return lent;
}

// What `back` claims to return: the handle as it was lent, or null if the seat holds nothing with this turn and room. A place in the
// book is used again only after what stood there has come back, so at most one open position has these 16 bits.
static inline const struct lane_handle *lease_find(const struct lease *lease, const struct lane_handle *back)
{
	const struct lane_handle *lent = &lease->lent[back->turn % LANE_SLOTS];

	return (uint16_t)(back->turn - lease->due) < lease->head - lease->due && lent->room == back->room &&
		       lent->code != LANE_NONE
		   ? lent
		   : NULL;
}

// The oldest position that has not come back is the one that `due` says, or later.
static inline void lease_settle(struct lease *lease)
{
	while (lease->head - lease->due != lease->live && lease->lent[lease->due % LANE_SLOTS].code == LANE_NONE)
		lease->due++;
}

// Ends the n oldest leases, which are packets' and nobody's who is a suspect.
static inline void lease_end_oldest(struct lease *lease, unsigned n)
{
	lease->due += n;
	lease->live -= n;
	lease_settle(lease);
}

// Ends the lease of what lease_find found. Mostly the oldest comes back first, and no place behind it is empty.
static inline void lease_end(struct lease *lease, const struct lane_handle *found)
{
	uint32_t place = found->turn % LANE_SLOTS;

	if (__builtin_expect(found->code >= LANE_CUT, 0))
		lease_count(lease, found, -1u);
	lease->lent[place].code = LANE_NONE;
	lease->live--;
	if (place != lease->due % LANE_SLOTS)
		return;
	lease->due++;
	lease_settle(lease);
}

// After a death: takes the newest lease off the book into *lent; false when nothing is left. *in_hand: it was among the first
// LANE_BURST that had not come back, so the worker may have been at work on it.
bool lease_pop(struct lease *lease, struct lane_handle *lent, bool *in_hand);
