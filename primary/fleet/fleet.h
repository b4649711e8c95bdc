// fleet.h - the primary's second thread: it talks with ctrl, the nursery, the operator and the log, so that the loop never does.
//
// Requests at <run_dir>/fleet.ipc (fleet.proto), the nest (brood.h), signals. Everything it decides reaches the loop as an
// order; everything it knows of the loop are facts and the board of counters.
#pragma once
#include <stdatomic.h>
#include "primary/brood/banks.h"
#include "primary/brood/journal.h"
#include "primary/loop/post.h"
#include "primary/loop/tally.h"
#include "primary/nic/nic.h"
#include "shared/plane/nest.h"

struct fleet_parts {
	const struct conf *conf;
	const struct plane_view *view;
	struct nic *nic;
	struct banks *banks;
	const char *prefix;
	struct post *orders;                 // us -> loop
	struct post *facts;                  // loop -> us; rings `bell` while `sleeping`
	struct tally_board *board;           // loop -> us
	const struct quarantine *quarantine; // the loop's; its counters are read
	const struct park *park;             // the loop's; park_told is asked
	struct traces *traces;               // the loop's; copies are fetched
	_Atomic uint32_t *sleeping;
	int bell;
	int nest_bell[NEST_BELLS];
};

struct fleet;

// Opens both sockets and starts the thread. SIGTERM and SIGINT must be blocked in every thread: they are taken here, and
// become POST_END. 0 or -errno with a log line.
int fleet_start(const struct fleet_parts *parts, struct fleet **fleet);

// After the loop has ended: waits for the thread, kills workers that are left, hangs up.
void fleet_stop(struct fleet *fleet);
