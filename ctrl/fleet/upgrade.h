// upgrade.h - the workers go from one build to another while packets go on. Told by the words of the primary and by time; gives orders
// through a hook. No socket, no clock of its own.
//
//   LOAD --READY--> SEAT --guests READY--> FIRST --one shard--> GLANCE --> CANARY --a share--> WATCH --> SPREAD --all, in waves-->
//   HOME --> JOIN --guests are regular--> DRAIN --old seats have nothing--> FREE --no pins--> STOP --> SLOW --> RETIRE --> done
//   until SPREAD ends: anything goes wrong, or the operator says so --> BACK: guests stop, their shards go back; the new nest retires
//
// Each step has a goal that the primary's words show. Until they do its orders are given again, so that no answer has to be waited
// for and a repeated order does no harm. A controller that starts and finds two nests goes on from what it sees: back if the new
// build was on trial, forward if it is home. The main thread owns it.
#pragma once
#include "ctrl/fleet/trial.h"
#include "proto/oss.pb-c.h"
#include "shared/wire/shard.h"

struct upgrade_hooks {
	void *with;
	// Sends an order; its answer comes to upgrade_answered. False: not now.
	bool (*order)(void *with, const Shoal__Fleet__Order *order);
	uint32_t (*sessions)(void *with, uint8_t shard); // that live in it
	void (*told)(void *with, const char *text);      // an event for people
};

enum upgrade_step {
	UPGRADE_REST, // there is none
	UPGRADE_LOAD,
	UPGRADE_SEAT,
	UPGRADE_FIRST,
	UPGRADE_GLANCE,
	UPGRADE_CANARY,
	UPGRADE_WATCH,
	UPGRADE_SPREAD,
	UPGRADE_HOME, // no way back from here
	UPGRADE_JOIN,
	UPGRADE_DRAIN,
	UPGRADE_FREE,
	UPGRADE_STOP,
	UPGRADE_SLOW,
	UPGRADE_RETIRE,
	UPGRADE_BACK,
	UPGRADE_STEPS
};

struct upgrade {
	struct upgrade_hooks hooks; // set by the caller
	enum upgrade_step step;
	Shoal__Oss__UpgradePhase phase;
	char binary[512], from_build[64], to_build[64], reason[256];
	uint64_t started_ms, ended_ms;
	uint32_t canary_permille, watch_ms;
	// What it is about:
	uint64_t generation;           // of the primary
	uint32_t old_nest, new_nest;   // PLANE_NEST_NONE = not known yet
	uint32_t old_seats, new_seats; // sets
	uint32_t deaths[PLANE_SEATS];  // when the seat was chosen
	uint64_t forged;               // handles, when the trial began
	uint8_t to[SHARDS];            // seat of the new build that is to have it; PLANE_SEAT_NONE = not yet
	unsigned goal;                 // shards of those
	unsigned moved;                // that the new build has
	struct trial trial;
	// How far it is:
	bool looked;         // the primary has been seen since the controller started
	unsigned unanswered; // orders
	unsigned words;      // of the primary since the last answer
	uint64_t step_ns, ordered_ns, now_ns;
};

// Begins. -EBUSY: one is under way already. Fields are the caller's to check; 0 = the default.
int upgrade_start(struct upgrade *upgrade, const Shoal__Oss__UpgradeStart *start, uint64_t now_ns);

// The operator wants it back. 0; -ENOENT: there is none; -EALREADY: it goes back; -EBUSY: the new build is home, no way back.
int upgrade_abort(struct upgrade *upgrade);

void upgrade_state(struct upgrade *upgrade, const Shoal__Fleet__State *state,
		   uint64_t now_ns);                                            // null: the primary is silent
void upgrade_answered(struct upgrade *upgrade, int error, const char *message); // to an order
void upgrade_alarm(struct upgrade *upgrade, uint8_t shard,
		   const char *text); // the shard's worker did not hold what it should

bool upgrade_runs(const struct upgrade *upgrade);
