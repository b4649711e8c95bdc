// ruled.h - the rules of sessions in their shard's region: sheets (shared/wire/sheet.h), and what packets change of them.
//
// They lie behind the lines (region.h) where the plane has room for them, shape.sheet. Nothing here is a pointer. w: the owner seat
#pragma once
#include "shared/plane/region.h"
#include "shared/wire/sheet.h"

// What packets change of a QER: tokens as in a line, one for each way.
struct ruled_tokens {
	uint64_t at, tc, te;
	uint64_t reserved;
};
_Static_assert(sizeof(struct ruled_tokens) == 32, "two a line");

// What packets change of a URR. Counts within one life of the session's counters, as they do.
struct ruled_gauge {
	uint32_t serial; // of the URR (sheet.h)
	uint32_t reserved;
	uint64_t packets[LINE_WAYS], bytes[LINE_WAYS];
	// Clock of its first and last packet; 0 = none yet. Of one whose events are counted, the first is that of the event under way, and 0
	// says that the next packet begins one.
	uint64_t first, last;
	uint64_t more;
};
_Static_assert(sizeof(struct ruled_gauge) == 64, "one line");

// The rules of a session, where its lines can't tell them (BEARER_SHEET). Each cell has room for them twice: new rules are written into
// the room that is not in force, with the tokens and gauges that go on, and then rest.ruled changes. So packets find one or the other,
// whoever dies when.
//
//   struct ruled | the sheet (sheet.h), `bytes` of it | tokens[qers][LINE_WAYS] | gauges[urrs]     the last two on lines of their own
struct ruled {
	uint32_t teid;                       // of the session
	uint32_t sum;                        // sheet_sum
	uint16_t bytes, tokens, gauges, end; // of the sheet; where the others begin and all ends, from here on
	uint32_t told;                       // the sheet's episode that ctrl was told of
	uint32_t turn;                       // counts how often this room was written
	// Clock: packets that may go wait nevertheless until those before them are gone (LANE_RELEASE), or until then.
	uint64_t held_until;
	uint64_t
	    aside; // packets that gauges count and no line does: who tells counters sees by it that they have moved
	uint64_t more[3];
};
_Static_assert(sizeof(struct ruled) == 64, "one line");

// The sheet that is coming in by CHANGE_PARTs: of the shard, for the SET that follows. Behind it the bytes so far. w: owner
struct region_coming {
	uint64_t prev; // the parts' (change.h)
	uint32_t slot;
	uint32_t bytes; // so far; 0 = none
	uint64_t epoch;
	uint64_t reserved[5];
};
_Static_assert(sizeof(struct region_coming) == 64, "one line");

// Null where the shape has no sheets.
static inline struct region_coming *region_coming(const struct region *region, const struct region_shape *shape)
{
	return shape->sheet ? (struct region_coming *)(void *)(region->rest + shape->slots) : NULL;
}

// The cell's room for rules, half 0 or 1; slot < slots, and the shape has sheets. Behind what is coming in.
static inline struct ruled *region_room(const struct region *region, const struct region_shape *shape, uint32_t slot,
					unsigned half)
{
	uint64_t rooms = 1 + 2 * (uint64_t)slot + half, bytes = shape->sheet * sizeof(struct ruled);

	return (struct ruled *)(void *)((uint8_t *)(region->rest + shape->slots) + sizeof(struct region_coming) +
					rooms * bytes);
}
