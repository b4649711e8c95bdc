// assoc_note.h - an association as a note, and the name of its sessions' owner. Pure.
//
//   1 up 3942389123 10.0.0.1 smf.example 10.0.0.9     1: how it is written; up or leaving; Recovery Time Stamp; address; node id; ours
#pragma once
#include "ctrl/pfcp/peer/assoc.h"

void assoc_note_write(const struct assocs *assocs, const struct assoc *assoc, char value[ASSOC_NOTE_BYTES]);
bool assoc_note_read(const struct assocs *assocs, struct assoc *assoc,
		     const char *value); // state, stamp, remote, node_id; false: not such a note

// A node id that is too long for an owner is cut off, and its hash stands for the rest.
void assoc_owner_make(struct assoc *assoc, uint32_t life);
