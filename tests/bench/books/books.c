// books.c - bench-books DIR SESSIONS ACTIVE [SECONDS]: what making usage durable costs the controller's thread.
//
// SESSIONS live; each second ACTIVE of them, drawn by lot, have counted, are heard of, and are written as ctrl does it: passes over
// the grid, a transaction at a time (between them requests would be served), folding. DIR: on the disk that is meant; a new one.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/truth/truth.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define ROWS 4096u // of the pool: cells of a shard

static struct truth truth;
static struct conf conf = {
	.gtpu_address = 1, .pools = 1, .foreign_slots = 1, .rates = 16, .store_mib = 4096, .closed_max = 1000
};
static uint64_t chance = 1;

static uint32_t draw(uint32_t below)
{
	chance = chance * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((chance >> 33) % below);
}

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench-books: %s\n", what);
	exit(1);
}

static struct session *session_of(uint32_t n)
{
	struct session *session = calloc(1, sizeof(*session));
	uint32_t cell = cell_at(&truth.grid, (uint8_t)n, n / SHARDS);

	need(session != NULL, "no memory");
	session->id = n + 1;
	session->identity = n + 1;
	session->cell = cell;
	session->bearer.teid = cell_teid_next(&truth.grid, cell, 1);
	session->bearer.ue_ipv4 = shard_pool_ipv4(&truth.place.pool[0], n / SHARDS, (uint8_t)n);
	truth.grid.cells[cell].teid = session->bearer.teid;
	need(!session_enter(&truth.sessions, session), "no place");
	return session;
}

struct second {
	double hear_ms, write_ms, worst_ms;
	unsigned transactions;
};

static struct second second_run(struct session *const *all, uint32_t sessions, uint32_t active, uint64_t at)
{
	struct books *books = &truth.books;
	struct second second = { 0 };
	uint64_t begin = clock_ns();

	for (uint32_t i = 0; i < active; i++) {
		const struct session *session = all[active == sessions ? i : draw(sessions)];
		struct feed_usage usage = { .teid = session->bearer.teid, .life = 1700000000000000000ull };

		usage.count = (struct feed_count){ at * 1000 + i % 7, at * 900000, at * 1500, at * 1400000, 0 };
		books_usage(books, &usage, at);
	}
	second.hear_ms = (double)(clock_ns() - begin) / 1e6;
	while (books->progress.durable != books->progress.taken) {
		uint64_t start = clock_ns();
		double ms;

		books_turn(books, at * 1000000000ull, at);
		ms = (double)(clock_ns() - start) / 1e6;
		second.write_ms += ms;
		second.worst_ms = second.worst_ms < ms ? ms : second.worst_ms;
		second.transactions++;
		need(!books->failures, "the store fails");
	}
	return second;
}

int main(int argc, char **argv)
{
	uint32_t sessions = argc > 2 ? (uint32_t)atoi(argv[2]) : 0, active = argc > 3 ? (uint32_t)atoi(argv[3]) : 0;
	uint64_t seconds = argc > 4 ? (uint64_t)atoi(argv[4]) : 20, used, limit;
	struct session **all = calloc(sessions + 1, sizeof(*all));
	struct store store;

	need(argc > 3 && sessions <= ROWS * SHARDS && active <= sessions,
	     "DIR SESSIONS ACTIVE [SECONDS], at most 1,048,576");
	log_open("bench-books", "warning");
	conf.pool[0] = (struct conf_pool){ "internet", 0x0a000000, 12, 0, 0, "" };
	snprintf(conf.store_dir, sizeof(conf.store_dir), "%s", argv[1]);
	need(!store_lmdb_open(&store, conf.store_dir, conf.store_mib), "no store");
	need(!truth_open(&truth, &conf, &store, false), "no truth");
	for (uint32_t i = 0; i < sessions; i++)
		all[i] = session_of(i);
	puts("second,hear_ms,write_ms,transactions,worst_ms,store_mib");
	for (uint64_t at = 1; at <= seconds; at++) {
		struct second second = second_run(all, sessions, active, at);

		truth.store.engine->size(truth.store.self, &used, &limit);
		printf("%u,%.2f,%.2f,%u,%.2f,%.1f\n", (unsigned)at, second.hear_ms, second.write_ms,
		       second.transactions, second.worst_ms, (double)used / 1048576);
		fflush(stdout);
	}
	return 0;
}
