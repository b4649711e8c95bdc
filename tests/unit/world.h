// world.h - a world for ctrl's push: workers' shards by the rules of shared/wire/change.h and nothing else, two couriers, and
// transports between them and ctrl that lose, double and reorder as badly as the test wants.
#pragma once
#include "tests/unit/ctrl_rules.h"
#include "tests/unit/ctrl_stand.h"
#include "shared/wire/sheet_skill.h"

#define SECOND_NS 1000000000ull
#define SLOTS 9u // of the stand: 5 rows and 4 foreign
#define RATES 16u
#define QUEUE 4096u

// The sheet whose pieces come before a SET.
struct coming {
	uint64_t prev, epoch;
	uint32_t slot, bytes; // so far; 0 = none
	uint64_t data[8192 / 8];
};

// A shard as its owner has it: the rules of shared/wire/change.h, nothing else.
struct owner {
	struct coming coming;
	uint64_t epoch, seq;
	struct bearer bearer[SLOTS]; // teid 0 = empty
	bool swept[SLOTS];           // SET since SWEEP_BEGIN
	bool sweeping;
	struct bearer_rate rate[RATES];
};

struct wire {
	struct {
		uint64_t epoch;
		struct change change;
	} changes[QUEUE];
	struct report reports[QUEUE];
	uint32_t change_count, report_count;
};

struct world {
	struct ctrl_stand stand;
	struct owner bank[PLANE_NESTS][SHARDS];
	bool apart;                  // each nest has a bank of its own; else all use the first
	uint8_t home[SHARDS];        // nest whose worker holds the shard
	bool up[PLANE_NESTS];        // its courier is there
	bool unskilled[PLANE_NESTS]; // its build is from before sheet_skill.h, and refuses all sheets
	struct wire wire[PLANE_NESTS];
	struct feed_batch batch;
	struct inbox nowhere; // of a scribe whose disk takes as long as the world wants
	uint64_t seed, random, now_ns, ids[512];
	struct ctrl_rules rules;
	uint32_t ids_count, created, badness; // badness: percent of messages that come to harm
	bool walks;                           // by world_step: the disk takes its time
};

enum luggage { LUGGAGE_NONE, LUGGAGE_IMAGE };

// Both couriers are there, and have not said hello yet.
void world_open(struct world *world, uint64_t seed, uint32_t badness);

// Something happens, drawn by lot; harm only if badness > 0.
void world_step(struct world *world);
// Harm ends; fails the test unless all owners come to what the store holds.
void world_settle(struct world *world);

// The parts of it.
void world_create(struct world *world);
void world_change(struct world *world, bool delete); // or modify one of them
void world_ctrl_sends(struct world *world);
void world_owners_hear(struct world *world);
void world_ctrl_hears(struct world *world);
void world_time_passes(struct world *world); // a quarter of a second; each second every owner says where it stands
void world_hello(struct world *world, unsigned link);
void world_hellos(struct world *world);
void world_courier_dies(struct world *world, unsigned link);

// The shard's owner is of the other nest now, whose courier says so once it sees it. If its memory is another, it comes with an
// image, or the new owner takes what it has.
void world_goes(struct world *world, uint8_t shard, enum luggage luggage);

uint32_t world_draw(struct world *world, uint32_t below); // by lot
struct owner *world_owner(struct world *world, uint8_t shard);
uint64_t world_digest(const struct owner *owner);
void world_report(struct world *world, uint8_t shard, uint8_t kind);
void world_take(struct world *world, const struct change *change, uint64_t epoch);

// world_sheet.c: takes a piece; false: it does not follow those before it. Whether the sheet that a SET names has come; it is sound then.
bool world_part(struct coming *coming, const struct change *change, uint64_t epoch);
bool world_sheet(const struct coming *coming, const struct change *change, uint64_t epoch);
