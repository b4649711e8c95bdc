// framed.h - networks behind subscribers (framed routes, TS 29.244 5.16): whose they are, and what the primary knows of them.
//
// A prefix is of one session in its routing domain (place.h). It overlaps no other session's there, no pool, no address from outside the
// pools that another session has, and no network that a port is in, towards the radio side or there; so a downlink destination is never
// two sessions'. What a session has within another prefix of its own is not kept here: its sheet knows. The primary's table (primary/edge/framed.h) is told in words, in the order in which changes became
// durable, one order at a time; a primary that begins anew is told everything. The main thread owns it.
#pragma once
#include "ctrl/fleet/fleet.h"
#include "ctrl/session/session.h"
#include "shared/base/conf.h"

#define FRAMED_MAX 65536u // what the primary's table holds

// A session's: none holds another.
struct framed_list {
	unsigned count;
	struct prefix prefix[SHEET_ROUTES];
};

struct framed_wish {
	const struct prefix *prefix;
	unsigned count, at;
};

struct framed_entry {
	struct prefix prefix;
	const struct session *session;
	unsigned domain; // the session's
};

struct framed_word {
	struct prefix prefix;
	uint32_t own; // TEID; 0: nobody's,
	uint32_t was; // but this one's before
};

struct framed {
	const struct conf *conf;
	const struct sessions *sessions;
	struct framed_entry *entries; // by domain and address; none overlaps another there
	uint32_t count, room;
	struct framed_word *words; // that the primary has to hear
	uint32_t waiting, words_room;
	uint32_t sent;       // of those, in the order under way
	uint64_t said, told; // words that there ever were; that the primary has
	uint32_t anew;       // how often all was said again
	uint64_t rest_ns;    // refused: not again before
	bool asked;          // an order is under way
	bool lost;           // no memory for a word: everything again
	bool deaf;           // the primary is of a build that knows of none
};

void framed_open(struct framed *framed, const struct conf *conf, const struct sessions *sessions);
void framed_close(struct framed *framed);

// These prefixes instead of those the session has, which the caller gets: *had. -EEXIST, and wish->at says which one is somebody else's;
// -ENOSPC: the primary's table is full; -EOPNOTSUPP: it has none; -ENOMEM. Then nothing has changed. Of count 0, which is always possible:
// it is to have none.
int framed_take(struct framed *framed, struct session *session, struct framed_wish *wish, struct framed_list **had);
void framed_undo(struct framed *framed, struct session *session,
		 struct framed_list *had); // of the take that gave `had`

// Whose an address, or a /64, is partly or all in the domain of this DNN (place_dnn); null: nobody's.
const struct session *framed_whose(const struct framed *framed, unsigned dnn, const struct prefix *prefix);

// It is durable: the session had those and has these; null = none.
void framed_say(struct framed *framed, uint32_t teid, const struct framed_list *had, const struct framed_list *has);

// Another primary, which knows nothing. It hears what is in memory: whoever takes back something of that says so (framed_say).
void framed_again(struct framed *framed);

// Tells the primary what it does not know yet, if no word is on its way. said: what a request has to wait for (told).
void framed_tell(struct framed *framed, struct fleet *fleet);
