// csid.h - FQ-CSIDs (TS 29.244 8.2.46, TS 23.007 19A): which part of which node a session depends on, so that all of a part that has failed can be deleted
// at once (Session Set Deletion, 6.2.8). Pure.
#pragma once
#include "ctrl/pfcp/ie_write.h"

#define CSIDS_BYTES 512u // of the IEs of a session, or of a request

// The FQ-CSIDs of a message, as IEs one behind the other. The length; -EINVAL: one makes no sense; -EMSGSIZE: too many.
int csids_read(const struct pfcp_tree *message, uint8_t bytes[CSIDS_BYTES]);

// Whether one of these is among those of a message.
bool csids_meet(const struct pfcp_tree *message, const uint8_t *bytes, size_t length);
