// reports.h - the worker's end of its report ring.
//
// Private to the loop thread. A report is written, then the head published: the courier never sees half of one. Nothing is
// overwritten: who posts asks for space first and waits its turn if there is none.
#pragma once
#include "shared/plane/seat.h"
#include "workers/lines/lines_rules.h"

struct reports {
	struct seat seat;
	uint32_t head; // ours; page->report_head is its published copy
	int bell;      // the courier's; -1 = none
};

void reports_open(struct reports *reports, struct seat seat, int courier_bell);

// Reports that may be posted now; 0 as well where the courier's index is impossible.
unsigned reports_space(const struct reports *reports);

// Where the next report goes, all zero, to be filled in; the caller has asked for space. Seen by the courier after reports_publish.
struct report *reports_next(struct reports *reports);

void reports_publish(struct reports *reports);

// Posts and publishes a cell's last counters, before anything comes of their end: if we die in between they come again, and a
// count that comes twice is the same count. report: kind, shard, slot; epoch and seq where a change is the cause.
void reports_final(struct reports *reports, struct report report, const struct lines_count *count);

// Posts a URR's last count in that life of its session's counters; published with the next report that is. As report: the same.
// plane: whose clock the gauge is of.
void reports_gauge(struct reports *reports, struct report report, const struct lines_count *count,
		   const struct lines_gauge *gauge, const struct plane *plane);

// Posts and publishes what a session's lines have come to, before its first URRs begin to count: as of one without a serial. A measure that
// the lines counted for, and a gauge does from then on, loses nothing so. As report: the same.
void reports_ways(struct reports *reports, struct report report, const struct lines_count *count,
		  const struct plane *plane);

// Wakes the courier if it sleeps; after the last reports_publish of a visit.
void reports_ring(struct reports *reports);
