// importer.h - the engine of an import: sessions from a reader, in batches, several requests under way at once.
//
// A bad line found here stops the work before its batch is sent; one that shoal-ctrl refuses takes its batch with it. Either
// way the batches before it are done, up to a window of batches behind it may be, and running the corrected file again is
// safe. Owned by its caller; one thread.
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctrl/cli/parcel.h"
#include "ctrl/cli/flight.h"
#include "ctrl/cli/progress.h"
#include "ctrl/cli/reader.h"

struct importer {
	struct cli *cli;
	const char *name; // of the file, for messages
	bool check_only, go_on, wait;
	unsigned window;
	const volatile sig_atomic_t *interrupted;
	struct reader reader;
	struct parcel batch;
	struct flight flight;
	struct progress progress;
	uint64_t *flying[FLIGHT_WINDOW_MAX]; // lines of the batch on each lane
	unsigned flying_count[FLIGHT_WINDOW_MAX];
	uint64_t created, bad, unapplied;
	int stop; // CLI_OK, or the exit code it stopped with
};

// Connects and makes the lanes; batch is open by then. CLI_OK, or CLI_UNREACHABLE and the reason is said.
int importer_connect(struct importer *importer);

// Imports, or with check_only reads, to the end or to where it must stop; bad lines are named on stderr.
void importer_run(struct importer *importer);

// Closes reader, batch and lanes, as far as they were opened.
void importer_close(struct importer *importer);
