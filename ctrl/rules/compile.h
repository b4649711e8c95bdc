// compile.h - from a session as the OSS writes it to what a worker executes, and back into rules.
//
// Checks every field. Rules that two lines of a worker can tell (one each way, nothing special: compile_lines.c) become a bearer; others
// a sheet beside it (sheet_make.h), where there is room for such, else they are UNSUPPORTED; nothing is ignored. Decides nothing that
// depends on other sessions. Pure.
#pragma once
#include "ctrl/kit/fault.h"
#include "ctrl/session/place.h"
#include "ctrl/session/record.h"
#include "shared/wire/bearer.h"
#include "shared/wire/sheet.h"

// Packets that wait are kept for a time of the control plane's (DL Buffering Duration, TS 29.244 8.2.29): until ctrl ends it.
struct compile_kept {
	uint32_t episode; // as long as this goes on; 0 = they are not
	uint32_t packets; // how many may wait meanwhile, and 1; 0 = as many as else
	bool begins;      // it is asked for: with whatever episode there is then
};

// What is handed on from a session's sheet to its next one (sheet_make.h).
struct compile_past {
	uint32_t made;            // numbers given so far
	uint32_t episode;         // of the sheet before; 0 = there was none
	uint64_t waiting;         // which of its rules let packets wait
	bool parked;              // some may
	struct compile_kept kept; // is to begin with this one; all zero = none is
	bool stored;              // as it was made before: the numbers are all there
	unsigned count;
	struct {
		uint32_t id, serial;
		uint32_t drops;  // the serial of what counts what is dropped of its packets; 0 = none does
		uint32_t events; // ... its events
	} measure[SHEET_URRS];
};

// A sheet in the making.
struct compile_room {
	_Alignas(8) uint8_t bytes[SHEET_BYTES_MAX];
};

// A measure's quota within its gauge, filled in by who counts, and that of its events, urr[1]; unlimited if nobody does.
struct compile_quota {
	void *with;
	void (*fill)(void *with, uint64_t session, const Shoal__Oss__Measure *measure, struct sheet_urr urr[2]);
	struct compile_kept (*kept)(void *with, uint64_t session); // what waits of the session is
};

struct compile_needs {
	const struct place *place;
	struct compile_room *room;
	uint32_t rules_bytes; // limits.rules_bytes; 0 = no sheets
	struct compile_quota quota;
};

// What the session has been given already. All zero: nothing.
struct compile_about {
	uint64_t session;
	uint32_t teid;
	uint32_t ue_ipv4; // without both: compile_ends has to follow
	uint64_t ue_ipv6;
	const struct compile_past *past; // null = it never had a sheet
};

// Networks behind the UE: all that the session names, each once.
struct plan_framed {
	unsigned count;
	struct prefix prefix[SHEET_ROUTES];
	int rule[SHEET_ROUTES]; // which rule names it first; -1 = the session: for all that take packets from the core
	unsigned index[SHEET_ROUTES]; // in its list
};

struct plan {
	uint64_t identity, owner; // session.h
	struct place_wish wish;
	struct bearer bearer; // peer, marks, flags, qfi, sheet's size and sum; not yet addresses, TEID, rate indexes
	struct bearer_rate rate[2];    // uplink, downlink; cir_bps 0 = not limited
	uint32_t alias[SHEET_TUNNELS]; // TEIDs by which the peer's packets come, where it chose them itself; 0 = ours
	struct plan_framed framed;
	const struct sheet *sheet; // in the room, until that is used again; null = none
	uint32_t made;             // sheet_make.h
	bool ends;                 // a filter names the UE's end
	struct record_pieces said; // of its request, for its row; none: it is packed anew
};

enum { COMPILE_UPLINK, COMPILE_DOWNLINK };

// A session to create. 0, or -EINVAL with *fault; its field is relative to the session.
int compile_create(const Shoal__Oss__Session *session, const struct compile_needs *needs, struct plan *plan,
		   struct fault *fault);

// What an owner says of its session; whether a prefix may be a subscriber's. 0, or -EINVAL with *fault.
int compile_owner(const Shoal__Oss__Session *session, struct fault *fault);
int compile_prefix(uint64_t prefix, struct fault *fault);

// The bearer or rules alone; *plan is zero, but for whether it moves.
int compile_bearer(const Shoal__Oss__Session *session, const struct compile_needs *needs,
		   const struct compile_about *about, struct plan *plan, struct fault *fault);

// Whether the UE's end of every filter holds the addresses the session was given.
int compile_ends(const Shoal__Oss__Session *session, uint32_t ue_ipv4, uint64_t ue_ipv6, struct fault *fault);
bool compile_nobody(const Shoal__Oss__Session *session, const struct compile_about *about); // it has no UE address

// Parts of compile_bearer. A rate in one direction: what it limits, and what it does to packets.
int compile_limit(const Shoal__Oss__Rate *rate, unsigned way, struct bearer_rate *limit, struct fault *fault);
int compile_rate(const Shoal__Oss__Rate *rate, unsigned way, struct plan *plan, struct fault *fault);
bool compile_gate(const Shoal__Oss__Rate *rate, unsigned way); // closed
int compile_rules(const Shoal__Oss__Session *session, const struct compile_needs *needs,
		  const struct compile_about *about, struct plan *plan, struct fault *fault);
// Rules that have been checked, as two lines; UNSUPPORTED names what they can't tell.
int compile_lines(const Shoal__Oss__Session *session, struct plan *plan, struct fault *fault);
bool compile_rated(const Shoal__Oss__Rule *rule, uint32_t rate); // whether the rule names it

// The plan's sheet as memory of its own; null where it has none. 0 or -ENOMEM.
int compile_keep(const struct plan *plan, struct sheet **sheet);

// Adds the rules a short form stands for; session->bearer stays. 0, or -ENOMEM (the arena's limit).
int compile_expand(Shoal__Oss__Session *session, struct arena *arena);

// Fills in the TEIDs of rules that packets come to by a tunnel, where they are ours.
void compile_teids(Shoal__Oss__Session *session, unsigned slot_bits);
