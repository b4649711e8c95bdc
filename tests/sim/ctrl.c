// ctrl.c - ctrl as a process that begins, works and dies. State: struct sim, and what its doors need here.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ctrl/feed/feed.h"
#include "tests/sim/sim.h"

static struct feed *feeds[PLANE_NESTS];

static void usage_heard(void *with, const struct feed_usage *usage)
{
	struct sim *sim = with;

	books_usage(&sim->stand.truth.books, usage, sim->now_ns / 1000000);
}

static void gauge_heard(void *with, const struct feed_gauge *gauge)
{
	struct sim *sim = with;

	books_gauge(&sim->stand.truth.books, gauge, sim->now_ns / 1000000);
}

void ctrl_begin(struct sim *sim)
{
	int error = ctrl_stand_try(&sim->stand, false);

	if (error && sim->badness && error != -EBADMSG && error != -EPROTO) // the disk: it comes again
		return;
	if (error) {
		fprintf(stderr, "ctrl does not start again from its own store\n");
		exit(1);
	}
	for (unsigned nest = 0; nest < PLANE_NESTS; nest++) {
		struct feed_needs needs = { .link = nest,
					    .conf = &sim->stand.conf,
					    .place = &sim->stand.truth.place,
					    .grid = &sim->stand.truth.grid,
					    .push = &sim->stand.push,
					    .usage = usage_heard,
					    .gauge = gauge_heard,
					    .progress = &sim->stand.truth.books.progress,
					    .with = sim };

		if (feed_open(&needs, &feeds[nest]))
			abort();
	}
	sim->ctrl_up = true;
}

// The turn of ctrl.c, but for what it has no door for here.
static void ctrl_turn_once(struct sim *sim, unsigned unused)
{
	for (unsigned nest = 0; nest < PLANE_NESTS; nest++)
		feed_serve(feeds[nest]);
	push_tick(&sim->stand.push, sim->now_ns);
	desk_tick(&sim->stand.desk, sim->now_ns);
	books_turn(&sim->stand.truth.books, sim->now_ns, sim->now_ns / 1000000);
	for (unsigned nest = 0; nest < PLANE_NESTS; nest++)
		feed_pump(feeds[nest]);
}

void ctrl_work(struct sim *sim)
{
	sim->stand.now_ns = sim->now_ns;
	if (!sim_do(sim, ctrl_turn_once, 0) || sim->stand.truth.scribe.lost)
		ctrl_kill(sim);
}

// Its memory is left as it is: nobody knows what state it is in, and this process does not live long. The store is closed as the
// kernel would.
void ctrl_kill(struct sim *sim)
{
	sim->kills[0]++;
	sim->ctrl_up = false;
	for (unsigned nest = 0; nest < PLANE_NESTS; nest++)
		net_dead(nest, NET_CTRL);
	sim->stand.lmdb.engine->abandon(sim->stand.lmdb.self);
	store_close(&sim->stand.lmdb);
	sim->stand.fail_begin = sim->stand.fail_put = sim->stand.fail_commit = 0;
}
