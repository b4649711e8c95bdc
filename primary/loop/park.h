// park.h - downlink packets that wait until their session's rules let them go (TS 29.244 5.2.3.1: FAR with BUFF).
//
// A first-in-first-out list for each cell (shard, slot) with packets, threaded through the hold's cells: a room is in one place. Each
// packet stands there as it was lent, so that it can be lent again as it arrived. Both the cell's packets and all of them together have a
// limit, and each has a time. What is parked belongs to no seat: workers may die, hang and change meanwhile.
//
// A release is an order for a cell, whether something is parked there or not: asked -> sent (LANE_RELEASE is lent) -> done. What it does
// is release.h's part. Owned by the primary's loop; other threads may call park_told.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "primary/loop/bits.h"
#include "primary/loop/hold.h"
#include "shared/plane/verdict.h"

#define PARK_SPARE 4096u // cells beyond one for each packet: releases of cells without any
#define PARK_NONE UINT32_MAX

struct park_limits {
	uint32_t packets; // all together; 0 = nothing is parked
	uint32_t session; // of one cell
	uint64_t ns;      // how long
	uint64_t long_ns; // of cells whose rules say that they last
};

enum park_state { PARK_STAYS, PARK_ASKED, PARK_SENT };

struct park_cell {
	uint32_t first, last; // cells of the hold; valid if count > 0
	uint32_t count;
	uint32_t next;           // in its bucket, or among those free
	uint32_t before, behind; // among the releases of its shard; valid unless PARK_STAYS
	uint16_t slot;
	uint8_t shard;
	uint8_t state; // enum park_state
	bool again;    // SENT: and asked for again since
	bool lasts;    // as the packet said that came last
};

struct park {
	struct hold *hold;
	struct park_limits limits;
	uint32_t total; // packets
	uint64_t ever;  // parked since the start
	uint32_t cells, walk, free;
	uint32_t buckets; // a power of two
	uint32_t *bucket;
	struct park_cell *cell;
	_Atomic uint64_t *told; // what park_told says of each
	struct bits asked;      // shards with releases that have not been sent
	uint32_t first[SHARDS], last[SHARDS];
	uint32_t sent[SHARDS]; // releases that have not come back
};

// 0 or -ENOMEM. The hold outlives it.
int park_init(struct park *park, struct hold *hold, const struct park_limits *limits);
void park_fini(struct park *park);

// Whose packet it is: the cell's slot, and how many of the cell may wait by its session's rules (BAR, 7.5.2.6), at most as many as of any.
// lasts: they wait longer (DL Buffering Duration, 8.2.29).
struct park_whose {
	uint16_t slot;
	bool lasts;
	uint32_t most;
};

// Whether packets come back so that they are to wait.
static inline bool park_waits(unsigned verdict)
{
	return verdict == VERDICT_BUFFER || verdict == VERDICT_BUFFER_FEW || verdict == VERDICT_BUFFER_LONG;
}

// Parks what was lent like this, behind what the cell has. Returns VERDICT_BUFFER; or VERDICT_BUFFER_FULL: the packet is the caller's
// to end.
unsigned park_keep(struct park *park, const struct lane_handle *lent, struct park_whose whose, uint64_t now_ns);

// A packet that waits no more, and whose it is.
struct park_out {
	uint32_t room;
	uint16_t slot;
};

// Takes one packet that has waited too long, of the next so many cells. False: none there.
bool park_old(struct park *park, uint64_t now_ns, unsigned *cells, struct park_out *out);

// Takes the cell's oldest packet, if it was parked before then. False: there is none such.
bool park_take(struct park *park, uint8_t shard, uint16_t slot, uint64_t before_ns, struct park_out *out);

// Asks for the release of a cell. False: too many.
bool park_ask(struct park *park, uint8_t shard, uint16_t slot);

// The oldest release of a shard that was not sent; PARK_NONE. park_send: it is now.
uint32_t park_asks(const struct park *park, unsigned shard);
void park_send(struct park *park, uint32_t cell);

// A release has come back: the cell's packets go before all others that wait for the shard. Returns how many.
uint32_t park_free(struct park *park, uint8_t shard, uint16_t slot);

// Releases of the shard that were sent are gone with the seat: they are asked for again, in their order.
void park_lost(struct park *park, unsigned shard);

// A cell with packets, as of now: any thread. False: there are none in this one.
struct park_news {
	uint8_t shard;
	uint16_t slot;
	uint32_t packets;
	uint64_t age_ns; // of the oldest, to some 17 ms
};
bool park_told(const struct park *park, uint32_t cell, uint64_t now_ns, struct park_news *news);
