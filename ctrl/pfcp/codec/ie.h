// ie.h - reading PFCP's information elements (TS 29.244 8.1) into a tree, checked against ie.table.
//
// Pure: bytes in, tree or fault out; nothing is copied, values point into the datagram. The caller owns tree and bytes; any thread.
//
//   message ── Create PDR ── Create PDR ── Create FAR     next: what stands behind it in the same group
//                 └ PDR ID ── PDI ── FAR ID               child: the first that a group holds
//                              └ Source Interface
//
// Refused: an IE that ends behind its group or is shorter than its kind must be, a value that says it holds what it does not, a mandatory
// IE that is missing. Liberal otherwise (TS 29.244 7.6): an IE of an unknown type, of a vendor's, or one that does not belong where
// it stands, is kept as it came and never looked into; of one that may stand once the first counts; what follows a known value is skipped.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ctrl/pfcp/codec/ie_type.h"

#define PFCP_IES 4096u                         // of one message, those in groups included
#define PFCP_IE_HEADER 4u                      // bytes of type and length
#define PFCP_MESSAGE(type) (0x10000u | (type)) // a group that is a message
#define PFCP_VENDOR 0x8000u                    // types from here on are vendors'

struct pfcp_ie {
	uint16_t type, vendor; // vendor: its enterprise number, else 0
	uint16_t length;       // of value
	uint16_t child, next;  // indices in the tree; 0: none
	uint64_t holds;        // bit t % 64: it may have a child of type t
	const uint8_t *value;
};

struct pfcp_tree {
	unsigned used;
	unsigned top;                // the message or group itself: what a null parent means
	struct pfcp_ie ie[PFCP_IES]; // top is ie[0], unless something was read before
};

struct pfcp_fault {
	uint8_t cause;      // enum pfcp_cause
	uint16_t offending; // IE type; 0: none
	char text[96];
};

// Reads the body of a message, PFCP_MESSAGE(type), or of an IE that is a group. Returns 0, or -EPROTO with *fault; then
// the tree holds what stands before the fault, to be shown.
int pfcp_read(unsigned group, const uint8_t *body, size_t bytes, struct pfcp_tree *tree, struct pfcp_fault *fault);
// The same behind what the tree holds already, which stays where it is.
int pfcp_read_more(unsigned group, const uint8_t *body, size_t bytes, struct pfcp_tree *tree, struct pfcp_fault *fault);

// So many IEs are at most in a body of so many bytes, itself included.
static inline unsigned pfcp_read_most(size_t bytes)
{
	return (unsigned)(bytes / PFCP_IE_HEADER) + 1;
}

// All children of a group in order, whatever they are; null: no more. parent null: of the tree's top.
static inline const struct pfcp_ie *pfcp_child(const struct pfcp_tree *tree, const struct pfcp_ie *parent)
{
	unsigned child = parent ? parent->child : tree->ie[tree->top].child;

	return child ? &tree->ie[child] : NULL;
}

static inline const struct pfcp_ie *pfcp_next(const struct pfcp_tree *tree, const struct pfcp_ie *ie)
{
	return ie->next ? &tree->ie[ie->next] : NULL;
}

// The first child of that type; parent null: of the tree's top. Null: none. What a child of the wrong place holds is never found.
static inline const struct pfcp_ie *pfcp_first(const struct pfcp_tree *tree, const struct pfcp_ie *parent,
					       unsigned type)
{
	const struct pfcp_ie *group = parent ? parent : &tree->ie[tree->top];
	const struct pfcp_ie *ie = group->holds >> type % 64 & 1 ? pfcp_child(tree, group) : NULL;

	while (ie && ie->type != type)
		ie = pfcp_next(tree, ie);
	return ie;
}

// Whether ie.table knows this type in such a group or PFCP_MESSAGE(type).
bool pfcp_belongs(unsigned group, unsigned type);
// The next sibling of the same type.
const struct pfcp_ie *pfcp_again(const struct pfcp_tree *tree, const struct pfcp_ie *ie);
