// audit.h - looks through the shards a seat holds, all the time: each cell, rate, index bucket and header about once a second.
//
// Other processes can write here by mistake, and memory fails. What does not agree with its own check is dropped or put right, and
// told (REPORT_LOST); ctrl then sends the shard again. Private to the loop thread; bounded work a visit.
#pragma once
#include "workers/loop/reports.h"
#include "workers/loop/tenure.h"

struct audit {
	struct tenure *tenure;
	struct reports *reports;
	uint64_t looked_at; // clock of the last visit
	unsigned shard;     // where the round stands
	uint32_t unit;      // of the shard: rates first, then buckets, then cells; 0 = not begun
	uint64_t digest;    // of the cells seen so far, and how many they are
	uint32_t sessions;
	bool dropped;               // some of them were not sound
	struct region_header begun; // the shard's when the round came to it
	uint32_t busy;              // shards with sessions: in this round, in the last one
	uint32_t was_busy;
};

void audit_open(struct audit *audit, struct tenure *tenure, struct reports *reports, uint64_t now);

// As much of a round as the time since the last visit asks for.
void audit_visit(struct audit *audit, uint64_t now);

// Looks through everything that is held, at once.
void audit_round(struct audit *audit);

// How long an idle loop may sleep before the next visit.
int audit_wait_ms(const struct audit *audit);
