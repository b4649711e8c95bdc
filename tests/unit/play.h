// play.h - a world for the primary's loop: a port, next hops and workers that are all played, and chance draws the story.
//
// play.c is the ports and the wire, play_world.c turns and account, play_crew.c the workers and the fleet thread. One world at a time.
#pragma once
#include "primary/loop/loop.h"
#include "primary/loop/release.h"
#include "shared/plane/bank.h"

#define ROOMS 49152u
#define FAST 4u // seats 0..3 take part, and the slow one
#define PORTS 2u
#define SHIFT 40u  // what the played worker strips
#define START 144u // where the IP header of an arriving frame lies
#define CELLS 4u   // of each shard; packets are of the first one, unless sessions wait
#define MARKER_LENGTH 36u
#define LOST_RULE 1000u // the rule of a cell's packets that wait: this and the cell
#define LOST_BYTES 700u // each
#define LINGER 40u      // turns at most between SIGKILL and death, between death and the pidfd

struct packet {
	uint64_t seq; // within its cell, from 0
	uint32_t shard;
	uint16_t cell, tunnel; // tunnel: of downlink, the one it was sent into
	uint32_t mark;
	bool belied; // a worker said something of it that may be true: that it waits, say. Then it comes when it comes
};

enum life { ABSENT, BORN, WORKING, KILLED, GONE };

struct worker {
	enum life life;
	int32_t pid;
	unsigned countdown;         // turns until the next stage of life
	uint32_t in_tail, out_head; // its private indices
	uint32_t taken;             // handles of the burst at hand
	uint32_t done;              // of those, written to lane.out
	struct lane_handle last;    // the last one it returned
	unsigned lied;              // turns since it forged or scribbled; what it sees then may be another's by now
	bool mends;                 // its lie was its receipt, and the next one is true again
	bool owns[SHARDS];
	bool hinted; // else its build wants the shard alone in a downlink hint
};

// Of a session, as its owner finds it in the region: whether downlink packets wait; and whether they do though they needn't, until the
// release.
struct rule {
	bool waits, held;
	uint16_t tunnel, ended; // tunnels before this one: the session has left them; an End Marker has gone into them
};

struct world {
	uint64_t random;
	struct plane plane;
	struct plane_view view;
	struct loop *loop;
	struct post orders, facts;
	_Atomic uint32_t awake;
	struct tally_board board;
	struct record records[RECORDS];
	const struct quarantine *quarantine; // the loop's
	uint32_t poison;                     // packets of this TEID crash whoever works on them; 0 = none
	struct watch watch;                  // its words; crew_plays plays the thread
	uint32_t free_room[ROOMS];
	unsigned free_rooms;
	bool out[ROOMS];
	bool published[ROOMS]; // a worker has given it back: nobody may work on it again
	unsigned offered;      // frames the ports have for the next turn
	bool between;          // a turn is under way, and workers live on between its two ports
	unsigned few;          // all packets are of so many shards; 0 = of all, and some for the slow lane
	uint64_t next_seq[SHARDS][CELLS], sent_seq[SHARDS][CELLS];
	struct rule rule[SHARDS][CELLS];
	uint64_t sent, slow_sent, lost, garbage;
	uint64_t marked;                 // End Markers ordered
	uint64_t counted, counted_bytes; // by workers, of what was dropped while it waited
	struct worker worker[PLANE_SEATS];
	int32_t pids;
	unsigned banks;                                      // seats 0, 2 and 1, 3 keep their lines in so many banks
	uint64_t lines[PLANE_BANKS][SHARDS], newest[SHARDS]; // changes each bank has seen of a shard; all there were
	uint64_t image_lines;
	uint32_t image_shard;
	unsigned images;          // read
	bool wanted[PLANE_SEATS]; // what the loop has asked the fleet thread for
	uint64_t now_ns;
	// How wild the story is, per thousand steps.
	unsigned kill, crash, forge, scribble, order, stall;
	unsigned drop;                 // what waits for a session is dropped by order
	struct release_drop *dropping; // the order under way: a list of one
	unsigned flip;                 // a session's rules begin to keep its downlink packets, or end
	bool sheets;                   // there are sessions whose packets wait, and all builds know
	bool frozen[PLANE_SEATS];      // does nothing, but lives
	bool upgrade;                  // orders are those of an upgrade: moves, guests, pins; seat 0 is never stopped
	bool wild;                     // some workers lie
};

extern struct world *w;

uint64_t draw(uint64_t below);
bool chance(unsigned per_mille);
struct packet *packet_at(uint32_t room, uint32_t offset);

void world_make(uint64_t seed);
void world_free(void);
// One turn of the loop with so many frames offered, then of everybody else. Asserts that the account closes.
void world_turn(unsigned offered);

// Everybody is well again and nothing more comes in: all that was under way arrives.
void world_calms(void);

// Whether a downlink packet waits by its session's rules; whether a frame is an End Marker, which is the last into its tunnel then.
bool packet_waits(const struct packet *packet);
bool marker_leaves(struct nic_frame frame);

void rules_play(void);                // some sessions get other rules, and ctrl orders what follows
void rules_dropped(const void *list); // the loop hands a list back
bool rules_settled(void);             // who counts has been told of all that was dropped
void rules_calm(void);                // no packet need wait any more

void crew_works(void); // who works works on a little
void crew_plays(void); // each worker lives on a little; then the fleet thread
uint64_t deaths_of(const struct loop *loop);
