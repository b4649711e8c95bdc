// closing_inside.h - a deleted session whose account is open, and what the files of closing have in common. For closing*.c alone.
#pragma once
#include "ctrl/usage/closing.h"

struct leaver {
	struct session *session;
	struct leaver *next_ready, *next_waiting;
	uint64_t due_ns;   // end of patience
	uint64_t corrects; // number of the record that the counters came too late for; 0 = none yet
	bool final;        // last counters are in
	bool confirmed;    // the session is ours to free
	bool queued, waits, settled;
	bool late; // counters came while its record was being written
};

// Opens its account, by its TEID. Null: no memory.
struct leaver *closing_add(struct closing *closing, struct session *session);
void closing_ready(struct closing *closing, struct leaver *leaver); // to be written, if it is not yet
void closing_waiting(struct closing *closing, struct leaver *leaver, uint64_t due_ns); // has patience until then
void closing_note(struct closing *closing, uint32_t teid, uint64_t number);            // in the log's index
