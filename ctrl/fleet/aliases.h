// aliases.h - TEIDs that front ends chose (F-TEID without CHOOSE, TS 29.244 5.5.3): whose they are, and what the primary knows of them.
//
// The primary's table (primary/edge/alias.h) is told in words, in the order in which changes became durable, one order at a time: so the last
// word about a TEID wins there as here. A primary that begins anew is told everything. The main thread owns it.
#pragma once
#include "ctrl/fleet/fleet.h"
#include "ctrl/session/session.h"
#include "shared/wire/sheet.h"

struct alias_word {
	uint32_t teid, own; // own 0: it is nobody's
};

struct aliases {
	const struct sessions *sessions;
	struct table by_teid;     // their sessions
	struct alias_word *words; // count of them from first on
	uint32_t first, count, room;
	uint32_t sent;       // of those, in the order under way
	uint64_t said, told; // words that there ever were; that the primary has
	uint32_t anew;       // how often all was said again
	bool asked;          // an order is under way
	bool lost;           // no memory for a word: everything again
};

int aliases_open(struct aliases *aliases, const struct sessions *sessions); // 0 or -ENOMEM
void aliases_close(struct aliases *aliases);

// These TEIDs by tunnel (sheet.h; 0 = ours; null = none at all) instead of those the session has, which the caller gets: *had. -EEXIST with
// *taken: another session's, or one of ours; -ENOSPC: as many as the primary's table surely takes, one for each cell; -ENOMEM.
// Then nothing has changed.
int aliases_take(struct aliases *aliases, struct session *session, const uint32_t *alias, uint32_t **had,
		 uint32_t *taken);
void aliases_undo(struct aliases *aliases, struct session *session, uint32_t *had); // of the take that gave `had`

// Whether one of the session's own TEIDs, were this the first of them, is some session's alias.
bool aliases_clash(const struct aliases *aliases, uint32_t teid);

// It is durable: the session had those and has these; null = none.
void aliases_say(struct aliases *aliases, uint32_t teid, const uint32_t *had, const uint32_t *has);

// Another primary, which knows nothing. It hears what is in memory: whoever takes back something of that says so (aliases_say).
void aliases_again(struct aliases *aliases);

// Tells the primary what it does not know yet, if no word is on its way. said: what a request has to wait for (told).
void aliases_tell(struct aliases *aliases, struct fleet *fleet);
