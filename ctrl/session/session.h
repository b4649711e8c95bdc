// session.h - every living session in memory, found by id, identity, UE address or TEID.
//
// What the workers need and what requests are decided by stands here; the session as the OSS wrote it stands in the store. The
// main thread owns it.
#pragma once
#include <stdint.h>
#include "ctrl/kit/table.h"
#include "ctrl/session/count.h"
#include "ctrl/session/place.h"
#include "shared/wire/bearer.h"
#include "shared/wire/sheet.h"

struct framed_list;

struct session {
	uint64_t id;
	uint64_t identity; // session_identity(); unique among the living without an owner
	uint64_t owner;    // session_owner(); 0 = none
	struct bearer bearer;
	struct sheet *sheet;        // its own, bearer.sheet_bytes of it; null = the bearer tells all
	uint32_t made;              // numbers given to its measures and episodes (sheet_make.h)
	uint8_t told;               // how many of its addresses the primary is told of (place_told),
	bool apart;                 // where networks share them (place.h)
	uint32_t *alias;            // TEIDs chosen elsewhere, by tunnel (aliases.h); null = none
	struct framed_list *framed; // networks behind it (framed.h); null = none
	uint32_t cell;
	uint32_t ends;      // path.h: its last tunnel's place, and 1; 0 = none
	uint64_t announced; // change told as applied (event stream); changes have numbers in their shard
	struct count usage;
	struct measured *measured; // measures.h; null = it has none
	struct session *departed;  // next in its cell's list
};

// What is durable of a cell, and its owner should hold, until a change of it is durable, too.
struct cell_was {
	struct session *session;
	struct bearer bearer;
	struct sheet *sheet;
};

// Of a cell that should hold a bearer (cell->digest), or was refused one.
static inline struct cell_was session_durable(const struct cell *cell)
{
	const struct session *session = cell->session;

	return cell->was ? *cell->was : (struct cell_was){ cell->session, session->bearer, session->sheet };
}

struct sessions {
	struct place *place;
	struct table by_id, by_identity;       // identity: of those without an owner
	struct table by_ipv4;                  // addresses that are apart (place.h): by that, and domain << 32
	struct table by_ipv6[SHARD_POOLS_MAX]; // and prefixes, by domain
};

int sessions_open(struct sessions *sessions, struct place *place); // 0 or -ENOMEM
void sessions_close(struct sessions *sessions);                    // frees the sessions too

// IMSI and DNN (index of the DNN's first pool) as one exact number; 0 = not 6..15 digits.
uint64_t session_identity(const char *imsi, unsigned dnn);

// The same for a session that has an owner and no IMSI.
uint64_t session_anonymous(unsigned dnn);

// An owner's name as a number, never 0; two may share one.
uint64_t session_owner(const char *name);

#define SESSION_IMSI_BYTES 16u
void session_imsi(const struct session *session, char imsi[SESSION_IMSI_BYTES]);
unsigned session_dnn(const struct session *session); // index of the DNN's first pool
struct place_had session_had(const struct session *session);

// What session_enter finds for session->told.
uint8_t session_told(const struct sessions *sessions, const struct session *session);

struct session *session_by_id(const struct sessions *sessions, uint64_t id);
struct session *session_by_identity(const struct sessions *sessions, uint64_t identity);
unsigned sessions_with_ipv4(const struct sessions *sessions, uint32_t ipv4); // of all networks

// By address: in the network of this DNN (as place_dnn says), or PLACE_ANY.
struct session *session_by_ipv4(const struct sessions *sessions, unsigned dnn, uint32_t ipv4);
struct session *session_by_ipv6(const struct sessions *sessions, unsigned dnn, uint64_t prefix);
struct session *session_at(const struct sessions *sessions, uint8_t shard, uint32_t slot);
// Even one whose deletion is not durable yet: what is heard of it may not be told again.
struct session *session_by_teid(const struct sessions *sessions, uint32_t teid);
struct session *session_by_tunnel(const struct sessions *sessions, uint32_t teid); // by any of its TEIDs

// Enters it into all indexes and its cell; the caller has looked that id, identity, addresses and cell are free. 0, or -ENOMEM
// with nothing changed.
int session_enter(struct sessions *sessions, struct session *session);
void session_leave(struct sessions *sessions, struct session *session);
void session_free(struct session *session); // null: nothing

// The same session, with this prefix instead of its own; 0 = none. Nobody has it. 0, or -ENOMEM with nothing changed.
int session_move(struct sessions *sessions, struct session *session, uint64_t prefix);
