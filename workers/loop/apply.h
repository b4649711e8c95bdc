// apply.h - changes from the change ring into the shards this seat holds, between two bursts.
//
// The rule of the chain is change.h's. A visit is bounded, whatever lies in the ring; a change stays in the ring until its
// effect and its reports are published, so a worker may die anywhere: the change is then repeated, or ctrl hears of the gap.
// Private to the loop thread.
#pragma once
#include "workers/loop/reports.h"
#include "workers/loop/tenure.h"

#define APPLY_VISIT 16u  // changes a visit
#define APPLY_BETWEEN 4u // the same while there are packets, which go first,
#define APPLY_EVERY 8u   // and after so many bursts of them: changes take a bounded share of their time
#define APPLY_SLICE 64u  // cells looked at in one step of a sweep's end

struct apply {
	struct tenure *tenure;
	struct reports *reports;
	struct seat seat;
	uint32_t tail;             // ours; page->change_tail is its published copy
	uint32_t bursts;           // of packets we were called after
	uint32_t fetched, asked;   // changes whose cells are on their way; that are on their way themselves
	uint64_t applied, refused; // since we sat down
};

void apply_open(struct apply *apply, struct tenure *tenure, struct reports *reports, struct seat seat);

// Works off up to APPLY_VISIT changes. Returns how much it did; 0 = nothing there, or no space to report it.
unsigned apply_visit(struct apply *apply);

// After a burst of packets; at each APPLY_EVERYth a visit of up to APPLY_BETWEEN, of those that it saw coming at earlier ones.
unsigned apply_between(struct apply *apply);

// Whether a visit would do something.
bool apply_waiting(const struct apply *apply);

// Reports where our shards stand, so that ctrl can compare digests: all of them, or none if the report ring is more than half
// full. About once a second, and soon after a shard was taken over.
void apply_stand(struct apply *apply);
