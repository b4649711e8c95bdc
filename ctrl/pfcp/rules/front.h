// front.h - what ctrl keeps with a session for us (Session.front): its rules as they came and were changed since, and which modification
// was the last, to know it when it comes again.
//
//   version 2 | served 8, at 8 | body: F-SEID of the CP function, Alternative SMF IP Address, FQ-CSIDs, Group ID, inactivity timer, Create IEs
//
// All integers big-endian. What is read is checked like a message: a row that was written by another version is refused, but for version 1,
// which said more. IEs of the body that a build does not know it leaves out when it writes it again. Pure.
#pragma once
#include <string.h>
#include "ctrl/pfcp/codec/csid.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/rules/ids.h"
#include "ctrl/pfcp/rules/rules.h"

#define FRONT_MAX 16384u // oss.proto: Session.front
#define FRONT_SPARE 32u  // of it: for an Alternative SMF IP Address that comes later
#define GROUP_BYTES 260u // the IE of a Group ID

struct front {
	uint64_t served, served_ms; // the content of the modification that was served last (deal.h), and when
	bool first_version;         // its session's rules have PFCP's ids, not those of ids.h
	struct pfcp_fseid cp;
	struct pfcp_address elsewhere; // who hears of it instead (TS 29.244 7.4.7), until it takes it over; none: cp
	size_t csids_bytes, group_bytes;
	const uint8_t *body; // as the body of a Session Modification Request
	size_t body_bytes;
	uint8_t csids[CSIDS_BYTES]; // FQ-CSIDs
	uint8_t group[GROUP_BYTES];
};

// Nothing is kept yet.
static inline void front_clear(struct front *front)
{
	memset(front, 0, offsetof(struct front, csids));
}

// The id of one of its session's rules, as it is once they are translated anew.
static inline uint32_t front_id(const struct front *front, uint32_t id)
{
	return front->first_version ? oss_id(id) : id;
}

// What PFCP calls it.
static inline uint32_t front_pfcp_id(const struct front *front, uint32_t id)
{
	return pfcp_id(front_id(front, id));
}

// body points into bytes. tree: the body's. 0 or -EBADMSG.
int front_read(struct front *front, const uint8_t *bytes, size_t length, struct pfcp_tree *tree);

// Writes it, with these rules for a body. Returns the length, or -EMSGSIZE; room is left for front_move.
int front_write(const struct front *front, const struct rules *rules, uint8_t *bytes, size_t size);

// What it is with somebody else to hear of its session, or another F-SEID of its CP function, and no other change. was: its bytes, as front_read has read them into *front and
// *tree. Returns the length, or -EMSGSIZE.
int front_move(const struct front *front, const uint8_t *was, const struct pfcp_tree *tree, uint8_t bytes[FRONT_MAX]);

// What a request says of the session itself: its CP function, FQ-CSIDs, and group, where it says so. 0, or -EPROTO with *fault.
int front_learn(struct front *front, const struct pfcp_tree *request, struct rules_fault *fault);
