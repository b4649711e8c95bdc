// anew.h - counters that begin anew, because the sessions have been counted elsewhere since.
//
// A shard that was served by a build with other lines may come back without an image: its last owner died. The region then counts
// from where it stood when it was given away, and ctrl knows more. So each session's counters are reported as they stand there,
// and begin a new life (region.h). Private to the loop thread.
#pragma once
#include "workers/loop/reports.h"
#include "workers/loop/tenure.h"

struct anew {
	struct tenure *tenure;
	struct reports *reports;
	int shard;     // being worked off; -1 = none
	uint32_t slot; // its next cell
};

void anew_open(struct anew *anew, struct tenure *tenure, struct reports *reports);

// Goes on with at most `cells` cells, as far as there is space to report them. True while some are left.
bool anew_visit(struct anew *anew, unsigned cells);
