// front.h - what ctrl keeps with a session for us (Session.front): its rules as they came and were changed since, and which modification
// was the last, to know it when it comes again.
//
//   version 2 | served 8, at 8 | body: F-SEID of the CP function, FQ-CSIDs, inactivity timer, Create IEs
//
// All integers big-endian. What is read is checked like a message: a row that was written by another version is refused, but for version 1,
// which said more. Pure.
#pragma once
#include "ctrl/pfcp/csid.h"
#include "ctrl/pfcp/ie_put.h"
#include "ctrl/pfcp/rules.h"

#define FRONT_MAX 16384u // oss.proto: Session.front

struct front {
	uint64_t served, served_ms; // the content of the modification that was served last (deal.h), and when
	bool first_version;         // its session's rules have PFCP's ids, not those of ids.h
	struct pfcp_fseid cp;
	uint8_t csids[CSIDS_BYTES]; // FQ-CSIDs
	size_t csids_bytes;
	const uint8_t *body; // as the body of a Session Modification Request
	size_t body_bytes;
};

// body points into bytes. tree: the body's. 0 or -EBADMSG.
int front_read(struct front *front, const uint8_t *bytes, size_t length, struct pfcp_tree *tree);

// Writes it, with these rules for a body. Returns the length, or -EMSGSIZE.
int front_write(const struct front *front, const struct rules *rules, uint8_t *bytes, size_t size);

// The FQ-CSIDs of a request, if it has some. 0, or -EPROTO with *fault.
int front_csids(struct front *front, const struct pfcp_tree *request, struct rules_fault *fault);
