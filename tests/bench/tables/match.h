// match.h - a slice of the comparison: some readers and perhaps a writer at one table, all for the same few milliseconds.
//
// One thread calls; readers and writer are threads of its own, which sleep between slices.
#pragma once
#include "tests/bench/tables/table.h"

#define MATCH_FLAT_OUT UINT32_MAX

struct match {
	const struct table *kind;
	void *at;        // what kind->make gave
	uint8_t *absent; // by session: 1 = deleted just now
	uint32_t sessions, version;
	unsigned seated; // readers as of the last sit
};

struct match_wish {
	unsigned readers; // 1..TABLE_READERS
	uint32_t rate;    // changes a second; 0 = no writer
	uint32_t
	    slots; // sessions asked for and changed: slots 0..slots-1 of each shard; few: everybody meets at the same ones
	unsigned times; // changes of the same key back to back
	uint32_t ms;
};

struct match_told {
	struct table_tally all; // of all readers; applied: changes that had taken effect
	double seconds;
	bool switched; // somebody lost his processor meanwhile
};

// Starts the threads, pinned where there is a processor for each. Once a process.
void match_open(void);
void match_close(void);

// Everybody moves on by one processor: who is near whom, and who gets a lock, depends on where one sits.
void match_rotate(void);

struct match match_make(const struct table *kind, const struct table_site *site);
struct match_told match_run(struct match *match, const struct match_wish *wish);
