// pfds.h - applications, and what tells their packets: their PFDs, as CP functions have provisioned them (TS 29.244 6.2.5).
//
// There is one set for all CP functions: the last word on an application counts, whoever has said it (TS 23.501 5.8.2.8.4). What is kept of
// each, in ctrl, is the value of its Application ID's PFDs IE as it came. Headers tell what flow descriptions say; what a URL, a domain
// name or a custom content says they don't. One thread owns it.
#pragma once
#include <stdbool.h>
#include "ctrl/pfcp/codec/ie.h"

#define PFDS_MAX 1024u
#define PFDS_BYTES 4096u     // of an application
#define PFDS_NOTE_BYTES 129u // the name of a note, with its final zero
#define PFDS_NOTES "pfcp.pfd:"

struct pfds_app { // one piece of memory, by malloc
	const uint8_t *id, *value;
	uint16_t id_bytes, bytes;
	bool hidden;      // of its packets some can't be told by headers
	bool gone;        // it has no PFDs: a request to forget it
	unsigned flows;   // flow descriptions, readable by filter.h,
	const char *flow; // each with its final zero, one behind the other
};

struct pfds {
	unsigned count;
	struct pfds_app *app[PFDS_MAX];
};

void pfds_clear(struct pfds *pfds);

// The application of an IE's value. Null: fault->cause says why: 68, 69 it makes no sense; 75 it is too large, or there is no memory. tree:
// any; it is overwritten.
struct pfds_app *pfds_read(const uint8_t *value, size_t bytes, struct pfcp_tree *tree, struct pfcp_fault *fault);
bool pfds_same(const struct pfds_app *a, const struct pfds_app *b); // word for word

// Null: no such application.
const struct pfds_app *pfds_find(const struct pfds *pfds, const uint8_t *id, size_t bytes);

// It takes the place of the one of its id, or of none if it is `gone`; it is the set's then. False: the set is full.
bool pfds_put(struct pfds *pfds, struct pfds_app *app);

// What its note in ctrl is called.
void pfds_note(const struct pfds_app *app, char name[PFDS_NOTE_BYTES]);
