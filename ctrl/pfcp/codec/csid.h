// csid.h - FQ-CSIDs (TS 29.244 8.2.46, TS 23.007 19A): which part of which node a session depends on, so that all of a part that has failed can be deleted
// at once (Session Set Deletion, 6.2.8). Pure.
#pragma once
#include "ctrl/pfcp/codec/ie_write.h"

#define CSIDS_BYTES 512u // of the IEs of a session, or of a request

// The FQ-CSIDs of a message, or of a group of it, as IEs one behind the other. The length; -EINVAL: one makes no sense; -EMSGSIZE: too many.
int csids_read(const struct pfcp_tree *message, const struct pfcp_ie *group, uint8_t bytes[CSIDS_BYTES]);

// Whether a message has one of those in a group of another (null: in that message itself).
bool csids_meet(const struct pfcp_tree *message, const struct pfcp_tree *other, const struct pfcp_ie *group);
