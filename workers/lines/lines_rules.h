// lines_rules.h - the rules of a cell in its shard's region (shared/plane/ruled.h): writing them, looking at them, what they counted.
//
// A cell has two rooms; rest.ruled says which is in force. New rules are written into the other one, and lines_set makes that the one
// in force together with the lines, so whoever dies when, packets find the old session, none, or the new one.
#pragma once
#include "shared/plane/ruled.h"
#include "workers/lines/lines.h"

// A room as it has been found: all of it lies within the room, whatever its memory says.
struct lines_room {
	const struct ruled *ruled;
	const struct sheet *sheet;
	struct sheet_parts parts;
	struct ruled_tokens *tokens; // [QER][way]
	struct ruled_gauge *gauges;
	uint32_t end; // bytes
};

// Whether sheet (checked) fits the rooms of this shape, with the tokens and gauges that belong to it.
bool lines_rules_fit(const struct region_shape *shape, const struct sheet *sheet);

// The cell's room `which`, 1 or 2; for the shard's owner. False: there is none, or its parts do not lie within it.
bool lines_rules_find(const struct lines *lines, uint32_t slot, uint32_t which, struct lines_room *room);

// Whether that room holds the sheet the bearer names, unspoilt.
bool lines_rules_are(const struct lines *lines, uint32_t slot, uint32_t which, const struct bearer *bearer);

// What lines_read says of the cell's sheet: as its room in force says, unchecked.
void lines_rules_read(const struct lines *lines, uint32_t slot, struct bearer *bearer);

// Whether the cell's session has rules now whose gauges can be believed.
bool lines_rules_live(const struct lines *lines, uint32_t slot, struct lines_room *room);

// Writes a sheet (checked, and it fits) into the room that is not in force. from (or null): the rules whose tokens and gauges go on.
// Returns the room, for lines->ruled.
uint32_t lines_rules_write(const struct lines *lines, uint32_t slot, uint32_t teid, const struct sheet *sheet,
			   const struct lines_room *from);

// Gauges begin at zero, with the cell's counters.
void lines_rules_begin(const struct lines *lines, uint32_t slot);

// What a URR has counted.
struct lines_gauge {
	uint32_t urr, serial;
	uint64_t packets[LINE_WAYS], bytes[LINE_WAYS];
	uint64_t first, last; // clock; 0 = no packet yet
};

// Whether the sheet has this URR in this life of it.
bool lines_rules_has(const struct sheet *sheet, const struct sheet_urr *urr);

// Those of the cell's rules in force. May be called from any process that has the region mapped, while its owner goes on. Returns how
// many; -EAGAIN: they were just being replaced.
int lines_gauges(const struct region *region, const struct region_shape *shape, uint32_t slot,
		 struct lines_gauge out[SHEET_URRS]);

// How many packets gauges have counted that no line has; as lines_gauges.
uint32_t lines_rules_aside(const struct region *region, const struct region_shape *shape, uint32_t slot);

// The same from a room, for its owner.
struct lines_gauge lines_gauge(const struct lines_room *room, unsigned urr);
