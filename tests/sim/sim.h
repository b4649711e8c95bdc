// sim.h - the whole of ctrl, couriers and workers in one thread, on a clock that only the simulation moves.
//
// Real: the desk and everything under it on a real store, push, both ends of the feed, couriers, loops with their lanes, shards. Played:
// the network (net.h), the primary's map, clients, the clock (clock_gettime is ours), and death: the named points of test builds
// (shared/base/faults.h) are where a process may end. All chance comes from the seed.
#pragma once
#include <setjmp.h>
#include "primary/lane/lane.h"
#include "tests/sim/net.h"
#include "tests/unit/ctrl_stand.h"
#include "workers/loop/loop.h"

#define SIM_SEATS 3u // 0 and 1 of nest 0, 2 of nest 1
#define SIM_CLIENTS 48u
#define SIM_SLOTS 9u // of ctrl_stand: 5 rows and 4 foreign

// A thing a client wants, asked again with the same key until there is an answer.
struct client {
	uint64_t id; // of its session; 0 = none
	uint32_t peer, ipv4, teid, slot;
	uint32_t noted; // what its note says; 0 = it has none
	uint8_t shard;
	unsigned verb; // under way; 0 = nothing
	uint64_t key;
	uint32_t wish;
	uint64_t forwarded; // packets of the session, as the primary saw them leave
};

struct worker {
	struct loop loop;
	struct lane lane;
	bool up;
};

struct sim {
	uint64_t random, now_ns;
	unsigned badness; // percent of messages that come to harm, of steps that kill, ...
	struct ctrl_stand stand;
	bool ctrl_up;
	struct plane_view view;
	bool courier_up[PLANE_NESTS];
	struct worker worker[SIM_SEATS];
	uint8_t owner[SHARDS], target[SHARDS];          // target: PLANE_SEAT_NONE = it stays
	struct client client[SIM_CLIENTS], *payer[256]; // whose packet lies in the room
	uint32_t next_room;
	uint64_t keys;
	unsigned deaths, answers, kills[3]; // of workers; of ctrl, couriers, workers
	unsigned fuse;                      // passages of named points until the process at work dies; 0 = it does not
	jmp_buf *exit;
};

uint64_t sim_draw(struct sim *sim, uint64_t below); // 0..below-1
bool sim_chance(struct sim *sim, unsigned percent);

// Lets one process do something; it may die of it at a named point. False: it has died.
typedef void sim_deed(struct sim *sim, unsigned which);
bool sim_do(struct sim *sim, sim_deed *deed, unsigned which);

// plane.c
void plane_open(struct sim *sim);
void plane_work(struct sim *sim, unsigned seat); // a turn of a worker, and what the primary makes of it
void plane_kill(struct sim *sim, unsigned seat); // it is dead: its shards go to others, the next one sits down
void plane_move(struct sim *sim, unsigned shard, unsigned seat);
void plane_packet(struct sim *sim, struct client *client); // one for its session
bool plane_agrees(struct sim *sim);                        // every shard is served, and is what the truth says

// ctrl.c
void ctrl_begin(struct sim *sim);
void ctrl_work(struct sim *sim);
void ctrl_kill(struct sim *sim);

// couriers.c
void courier_begin(struct sim *sim, unsigned nest);
void courier_work(struct sim *sim, unsigned nest);
void courier_kill(struct sim *sim, unsigned nest);

// clients.c
void clients_work(struct sim *sim); // one of them asks for something
bool clients_done(const struct sim *sim);
void clients_check(struct sim *sim, bool counted); // what they were told is so; ends the process with a word if not
