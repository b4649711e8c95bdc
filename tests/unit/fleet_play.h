// fleet_play.h - a played primary for tests of the upgrade: obeys orders at once, says so with its next word, and goes wrong where the test
// wants it.
#pragma once
#include "ctrl/fleet/upgrade.h"

#define MS_NS 1000000ull
#define WORD_MS 50u
#define HZ 1000000000ull

enum { FREE, STARTING, READY, DRAINING, DEAD, STOPPED };

// What the primary says, and what it has been ordered.
struct play {
	struct upgrade upgrade;
	Shoal__Fleet__State state;
	Shoal__Fleet__Seat seat[PLANE_SEATS], *seats[PLANE_SEATS];
	Shoal__Fleet__Nest nest[PLANE_NESTS], *nests[PLANE_NESTS];
	uint64_t verdict[PLANE_SEATS][VERDICT_COUNT];
	uint8_t owners[SHARDS], pins[SHARDS / 8];
	Shoal__Fleet__Extra forged, *extras[1];
	uint64_t now_ns;
	unsigned loads, answers; // answers: orders not answered yet
	int load_error;          // to answer a LOAD with
	bool deaf;               // takes no orders
	unsigned told;
	char last_told[400];
	// The new build's faults:
	const char *nest_error;
	unsigned drops_permille, slow; // slow: how many times the ticks of the old one
	unsigned packets;              // of each seat with a shard, from word to word
};

extern struct play play;

// Three workers of nest 0, the slow lane, every shard served. A cmocka setup.
int fleet_play_open(void **state);

// Time passes, packets flow; the answers to what was ordered come, then a word of the primary.
void fleet_play_word(void);
