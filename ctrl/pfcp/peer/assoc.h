// assoc.h - PFCP associations: which node, in which life, may have sessions here (TS 29.244 6.2.6 to 6.2.8).
//
//   assoc_begin ─> beginning ── noted ──> up ── assoc_leave ──> leaving ── noted ──> draining ── nobody served ──┐
//                      └── not noted ─────────────────────┐                                                      v
//                                            gone <── ending <────────── all of its sessions are deleted ── dropping
//
// Every life of an association has an owner's name of its own, "pfcp:<node id>#<eight hex digits>": ctrl keeps it with each session, and
// the association is a note in ctrl under the same name. So what a node left behind in an earlier life is never taken for what it has
// now, and whoever starts after us goes on where we were. What ctrl didn't take is tried again every second. One thread.
//
// SMFs of a set (5.22) share the owner of the first of them: a session may be changed by any, and is deleted when none is left.
#pragma once
#include <stdbool.h>
#include <sys/queue.h>
#include "ctrl/pfcp/peer/remote.h"
#include "ctrl/pfcp/peer/telling.h"

#define ASSOC_NODE_BYTES 256u  // a node id as text: an address or a name, with its final zero
#define ASSOC_OWNER_BYTES 129u // likewise
#define ASSOC_NOTE_BYTES 896u
#define ASSOC_OTHERS 4u
#define ASSOCS_MAX 1024u // in whatever state

enum assoc_state {
	ASSOC_BEGINNING,
	ASSOC_UP,
	ASSOC_LEAVING,
	ASSOC_DRAINING,
	ASSOC_DROPPING,
	ASSOC_ENDING,
	ASSOC_STATES
};
enum assoc_event {
	ASSOC_NOTED,     // ctrl has it on disk
	ASSOC_NOT_NOTED, // ctrl has refused, or not answered
	ASSOC_LEAVE,
	ASSOC_IDLE,    // no request of it is being served any more
	ASSOC_DROPPED, // none of its sessions is left
	ASSOC_AGAIN,   // a second has passed since ctrl could not do it
	ASSOC_EVENTS
};

struct deal;

struct assoc {
	char node_id[ASSOC_NODE_BYTES];
	char owner[ASSOC_OWNER_BYTES];
	char note[ASSOC_OWNER_BYTES]; // the name of its note: its owner's, unless it is one of a set
	enum assoc_state state;
	uint32_t stamp;       // its Recovery Time Stamp
	struct remote remote; // where it associated from; port 0
	uint64_t features;    // CP Function Features
	uint64_t set;         // which SMF set it is of, as a hash; 0: of none
	unsigned others;      // Alternative SMF IP Addresses
	struct remote other[ASSOC_OTHERS];
	uint64_t noted_ms;          // of a note that was found: when it was written
	unsigned writing, served;   // notes on their way to ctrl; its requests that are being worked on
	struct deal *deal;          // the request that is answered when the note is written
	uint64_t again_ns;          // UINT64_MAX: nothing to be tried again
	uint64_t beat_ns, heard_ns; // next heartbeat; something came from it last
	uint64_t stays_ns;          // it had sessions, or could not be looked at: not ended before then (node_fade.c)
	bool beating, silent, kept; // one is under way; the last had no answer; sessions stayed at its set-up
	struct telling telling;
	TAILQ_ENTRY(assoc) all;
};
TAILQ_HEAD(assoc_list, assoc);

// What associations need done. note: writes the note, or deletes it (value null); then assocs_noted. drop: deletes the owner's sessions;
// then assocs_dropped. Both 0 or -errno. answered: the deal waits no longer; true: accepted.
struct assocs_ways {
	int (*note)(void *arg, struct assoc *assoc, const char *value);
	int (*drop)(void *arg, const char *owner);
	void (*answered)(void *arg, struct assoc *assoc, struct deal *deal, bool accepted);
	void (*stands)(void *arg, struct assoc *assoc); // it is up, for the first time
	void (*left)(void *arg, struct assoc *assoc);   // it is up no longer
	void *arg;
};

struct assocs {
	struct assocs_ways ways;
	const struct conf_address *own; // our addresses, by socket; set by the caller if it has several
	unsigned own_count;
	unsigned count;
	uint64_t now_ns;
	struct assoc_list all;
};

void assocs_open(struct assocs *assocs, const struct assocs_ways *ways);
void assocs_close(struct assocs *assocs);

// Beginning or up. Null: none.
struct assoc *assoc_of_node(const struct assocs *assocs, const char *node_id);
// Up, and rather one that is not silent.
struct assoc *assoc_of_owner(const struct assocs *assocs, const char *owner);
// Whether nobody answers there for an owner whom another of its set answers for.
bool assoc_absent(const struct assocs *assocs, const char *owner, const struct remote *remote);
bool assoc_speaks(const struct assoc *assoc, const struct remote *remote); // from an address of its
bool assoc_shared(const struct assocs *assocs, const struct assoc *assoc); // another, beginning or up, has its owner
struct assoc *assoc_here(const struct assocs *assocs, const struct remote *remote); // beginning or up
// The newest that is up and speaks from there.
struct assoc *assoc_of_remote(const struct assocs *assocs, const struct remote *remote);

// deal: answered when it is noted. 0, -ENOBUFS, -ENOMEM.
int assoc_begin(struct assocs *assocs, const struct assoc *like, struct deal *deal);
void assoc_move(struct assocs *assocs, struct assoc *assoc,
		struct deal *deal); // it is up, and its note has to be written anew
void assoc_leave(struct assocs *assocs, struct assoc *assoc, struct deal *deal);
void assoc_served(struct assocs *assocs, struct assoc *assoc,
		  int more); // 1: a request more is being served; -1: one less

void assocs_noted(struct assocs *assocs, struct assoc *assoc, bool done);
void assocs_dropped(struct assocs *assocs, const char *owner);

// A note as it was found at start; false: not one of ours. When all were found: assocs_settle, which lets the newest life of a node
// be up and goes on ending the others.
bool assocs_found(struct assocs *assocs, const char *owner, const char *value, uint64_t noted_ms);
void assocs_settle(struct assocs *assocs, uint64_t now_ns);

void assocs_tick(struct assocs *assocs, uint64_t now_ns);
uint64_t assocs_due(const struct assocs *assocs); // heartbeats apart
