// progress.c - one line on stderr that says how far long work is. Owned by its caller; one thread.
#include "ctrl/cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctrl/cli/units.h"
#include "shared/base/clock.h"

#define REDRAW_NS 100000000u
#define BAR_CELLS 30u

void progress_open(struct progress *progress, uint64_t total)
{
	*progress = (struct progress){ .start_ns = clock_ns(), .total = total };
	progress->shown = isatty(STDERR_FILENO);
}

double progress_seconds(const struct progress *progress)
{
	double seconds = (double)(clock_ns() - progress->start_ns) / 1e9;

	return seconds > 0 ? seconds : 1e-9;
}

static void draw_bar(double part)
{
	char bar[BAR_CELLS + 1];
	unsigned full = (unsigned)(part * BAR_CELLS);

	memset(bar, '.', BAR_CELLS);
	memset(bar, '#', full < BAR_CELLS ? full : BAR_CELLS);
	bar[BAR_CELLS] = 0;
	fprintf(stderr, "[%s] %3.0f %%  ", bar, part * 100);
}

void progress_step(struct progress *progress, uint64_t done, uint64_t sessions)
{
	uint64_t now = clock_ns();
	double seconds = progress_seconds(progress);
	double part = progress->total ? (double)done / (double)progress->total : 0;

	if (!progress->shown || now - progress->drawn_ns < REDRAW_NS)
		return;
	progress->drawn_ns = now;
	part = part < 1 ? part : 1;
	fputs("\r\x1b[K", stderr);
	if (progress->total)
		draw_bar(part);
	fprintf(stderr, "%s sessions, %s/s", units_count(sessions).text,
		units_count((uint64_t)((double)sessions / seconds)).text);
	if (part > 0)
		fprintf(stderr, ", %s left", units_span((uint64_t)(seconds / part * (1 - part) * 1000)).text);
	fflush(stderr);
}

void progress_clear(struct progress *progress)
{
	if (progress->shown && progress->drawn_ns)
		fputs("\r\x1b[K", stderr);
	progress->drawn_ns = 0;
}
