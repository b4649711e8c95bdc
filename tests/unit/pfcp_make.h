// pfcp_make.h - for tests: IEs of any kind of ie.table with values that make sense, from a stream of random numbers.
#pragma once
#include <stdint.h>
#include "ctrl/pfcp/codec/ie_write.h"

enum pfcp_fill { // what groups hold
	PFCP_FILL_MANDATORY,
	PFCP_FILL_ALL,
	PFCP_FILL_SHAPED, // all but what must be, or hold, bytes of which the table says nothing
};

uint32_t pfcp_random(uint64_t *seed);
// One IE; groups hold what `fill` says, but never `without` (an IE type).
void pfcp_make_ie(struct pfcp_writer *writer, unsigned type, enum pfcp_fill fill, unsigned without, uint64_t *seed);
// What is inside of a group or PFCP_MESSAGE(type).
void pfcp_make_children(struct pfcp_writer *writer, unsigned group, enum pfcp_fill fill, unsigned without,
			uint64_t *seed);
