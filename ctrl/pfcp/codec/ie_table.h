// ie_table.h - what ie.table says, as C: a row for each IE and each message.
//
// Constant; anybody may look. The rows themselves (ie_rows.c) and the numbers (ie_type.h) are made from ie.table at build time.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ctrl/pfcp/codec/ie.h"

enum pfcp_presence { PFCP_M, PFCP_C, PFCP_O }; // mandatory, conditional, optional

enum pfcp_shape { // how a value is laid out, checked and printed
	PFCP_SHAPE_NONE,
	PFCP_SHAPE_GROUP,
	PFCP_SHAPE_U6, // the low six bits
	PFCP_SHAPE_U8,
	PFCP_SHAPE_U16,
	PFCP_SHAPE_U24,
	PFCP_SHAPE_U32,
	PFCP_SHAPE_U64,
	PFCP_SHAPE_TIME,   // seconds since 1900, as NTP counts
	PFCP_SHAPE_FLAGS,  // bit 1 of the first octet is bit 0
	PFCP_SHAPE_ENUM,   // the low four bits
	PFCP_SHAPE_CHOICE, // the whole octet
	PFCP_SHAPE_TEXT,
	PFCP_SHAPE_NAME, // DNS labels, or plain text as some peers write it
	PFCP_SHAPE_BYTES,
	PFCP_SHAPE_TIMER,
	PFCP_SHAPE_GATE,
	PFCP_SHAPE_RATE,
	PFCP_SHAPE_NODE_ID,
	PFCP_SHAPE_FSEID,
	PFCP_SHAPE_FTEID,
	PFCP_SHAPE_UE_ADDRESS,
	PFCP_SHAPE_SDF,
	PFCP_SHAPE_OUTER_CREATION,
	PFCP_SHAPE_OUTER_REMOVAL,
	PFCP_SHAPE_REDIRECT,
	PFCP_SHAPE_POLICY,
	PFCP_SHAPE_VOLUME,
	PFCP_SHAPE_DROPPED,
	PFCP_SHAPE_FAILED_RULE,
	PFCP_SHAPE_GTPU_PEER,
	PFCP_SHAPE_ADDRESS,
	PFCP_SHAPE_PFD,
	PFCP_SHAPES
};

struct pfcp_child {
	uint16_t type;
	uint8_t presence; // enum pfcp_presence
	bool many;        // may come repeatedly; else the first counts
};

struct pfcp_word { // a bit (flags) or value (enum, choice) that has a name
	uint16_t value;
	const char *name;
};

struct pfcp_kind {
	const char *name; // null: we know no such IE or message
	uint8_t shape;    // enum pfcp_shape; messages: PFCP_SHAPE_GROUP
	uint16_t least, most;
	const struct pfcp_child *children;
	unsigned children_count; // <= 64
	const uint8_t *places;   // by type, from the least one on: which child it is; children_count = none
	uint16_t places_first, places_count;
	uint64_t mandatory; // which of them, a bit each
	const struct pfcp_word *words;
	unsigned words_count;
	bool of_session; // messages: with a SEID in the header
};

extern const struct pfcp_kind pfcp_kinds[PFCP_IE_TYPES];
extern const struct pfcp_kind pfcp_messages[PFCP_MESSAGE_TYPES];

// The row of an IE type, or of PFCP_MESSAGE(type) (ie.h); null if there is none.
static inline const struct pfcp_kind *pfcp_kind(unsigned group)
{
	const struct pfcp_kind *kind = NULL;

	if (group < PFCP_IE_TYPES)
		kind = &pfcp_kinds[group];
	else if (group - PFCP_MESSAGE(0) < PFCP_MESSAGE_TYPES)
		kind = &pfcp_messages[group - PFCP_MESSAGE(0)];
	return kind && kind->name ? kind : NULL;
}
