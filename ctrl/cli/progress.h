// progress.h - one line on stderr that says how far long work is, while stderr is a terminal: bar, count, rate, time left.
//
// Owned by its caller; one thread. Redrawn at most ten times a second, so it may be called for every batch.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;
	uint64_t start_ns, drawn_ns;
	uint64_t total; // in whatever `done` counts; 0 = not known
};

void progress_open(struct progress *progress, uint64_t total);
void progress_step(struct progress *progress, uint64_t done, uint64_t sessions);
void progress_clear(struct progress *progress); // before other text, and at the end

double progress_seconds(const struct progress *progress); // since progress_open
