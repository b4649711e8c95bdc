// front.h - what ctrl keeps with a session for us (Session.front): its rules as they are now, the tabs of its URRs, and the
// answer to its last modification, to give it again if it is asked again.
//
//   version 1 | served 8, at 8 | answer 2 + bytes | tabs 2 + 82 each | body: F-SEID of the CP function and Create IEs
//
// All integers big-endian. What is read is checked like a message: a row that was written by another version is refused. Pure.
#pragma once
#include "ctrl/pfcp/tab.h"

#define FRONT_MAX 16384u // oss.proto: Session.front

struct front {
	uint64_t served, served_ms; // the content of the modification that was served last (deal.h), and when
	const uint8_t *answer;      // its IEs
	uint16_t answer_bytes;
	struct tabs tabs;
	struct pfcp_fseid cp;
	const uint8_t *body; // as the body of a Session Modification Request
	size_t body_bytes;
};

// answer and body point into bytes. tree: the body's. 0 or -EBADMSG.
int front_read(struct front *front, const uint8_t *bytes, size_t length, struct pfcp_tree *tree);

// Writes it, with these rules for a body. Returns the length, or -EMSGSIZE.
int front_write(const struct front *front, const struct rules *rules, uint8_t *bytes, size_t size);
