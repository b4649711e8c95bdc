// compile.h - from a session as the OSS writes it to what a worker executes, and back into rules.
//
// Checks every field; what is well-formed but beyond the common shape (one uplink and one downlink rule) is UNSUPPORTED, never
// ignored. Decides nothing that depends on other sessions. Pure.
#pragma once
#include "ctrl/arena.h"
#include "ctrl/fault.h"
#include "ctrl/place.h"
#include "shared/wire/bearer.h"

struct plan {
	uint64_t identity, owner; // session.h
	struct place_wish wish;
	struct bearer bearer;       // peer, marks, flags, qfi; not yet addresses, TEID, rate indexes
	struct bearer_rate rate[2]; // uplink, downlink; cir_bps 0 = not limited
};

enum { COMPILE_UPLINK, COMPILE_DOWNLINK };

// A session to create. 0, or -EINVAL with *fault; its field is relative to the session.
int compile_create(const Shoal__Oss__Session *session, const struct place *place, struct plan *plan,
		   struct fault *fault);

// What an owner says of its session. 0, or -EINVAL with *fault.
int compile_owner(const Shoal__Oss__Session *session, struct fault *fault);

// The bearer or rules alone, for a session that has `teid` already (0 = none yet).
int compile_bearer(const Shoal__Oss__Session *session, uint32_t teid, struct plan *plan, struct fault *fault);

// compile_bearer's two halves.
int compile_rate(const Shoal__Oss__Rate *rate, unsigned way, struct plan *plan, struct fault *fault);
int compile_rules(const Shoal__Oss__Session *session, uint32_t teid, struct plan *plan, struct fault *fault);

// Adds the rules a short form stands for; session->bearer stays. 0, or -ENOMEM (the arena's limit).
int compile_expand(Shoal__Oss__Session *session, struct arena *arena);
