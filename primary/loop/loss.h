// loss.h - packets that were dropped while they waited for the radio side (park.h), for the rules that count such (TS 29.244 8.2.49).
//
// Who counts is the shard's owner: a loss is a message to it (LANE_LOST), with so many packets of one rule as were dropped since the last
// one. It waits here until there is an owner with space in its lane; one whose owner dies before it has come back is told again, so that
// it may count twice, as packets do that a dead worker had in hand. One list a shard; the primary's loop.
#pragma once
#include <stdint.h>
#include "primary/loop/bits.h"
#include "shared/plane/lane.h"

#define LOSSES 4096u // that wait; what is beyond is counted by nobody but the tally

struct loop;

struct loss {
	uint8_t shard;
	uint8_t packets;
	uint16_t slot, rule; // PDR ID
	uint16_t bytes;      // 0: nobody counts it
	uint32_t next;       // private to loss.c
};

struct losses {
	uint32_t count;
	uint32_t unused;
	uint32_t first[SHARDS]; // the newest
	struct bits waiting;    // shards that have some
	struct loss loss[LOSSES];
};

void loss_init(struct losses *losses);

// Packets were dropped.
void loss_note(struct loop *loop, const struct loss *loss);
void loss_go(struct loop *loop); // now and then: lends those that may be lent

// It was lent to a seat that is dead, and has not come back. Other fences are none of ours.
void loss_again(struct loop *loop, const struct lane_handle *lent);
