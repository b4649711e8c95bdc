// match.c - the threads, the keys they ask for, the changes and their pace.
//
// Fifteen of sixteen slots are always there, and only they are asked for; sessions of the others come and go. Of the changes 80 %
// modify, 20 % add or delete.
#include "tests/bench/tables/match.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "shared/base/clock.h"
#include "shared/wire/shard.h"
#include "tests/bench/tables/alone.h"
#include "tests/bench/tables/chance.h"
#include "tests/bench/tables/estate.h"
#include "tests/bench/tables/pages.h"

#define WRITER TABLE_READERS
#define PLAYERS (TABLE_READERS + 1)
#define COMES_AND_GOES 15u // slots that end so in their low four bits
#define START_US 200u
#define STREAM (1u << 18) // keys a reader draws before a slice; used again should they run out

struct player {
	_Alignas(128) pthread_t thread;
	sem_t go, done;
	unsigned number;
	uint64_t chance;
	uint32_t *stream;
	struct table_tally tally;
	bool switched;
};

// Written by the caller while the players sleep.
static struct {
	struct match *match;
	const struct match_wish *wish;
	uint64_t start, stop, hz;
	bool alone; // each player has a processor to himself
	bool over, drawing;
	unsigned turned; // how often everybody has moved on
	struct player players[PLAYERS];
} game;

static bool comes_and_goes(uint32_t slot)
{
	return (slot & COMES_AND_GOES) == COMES_AND_GOES;
}

// A session that is always there, of shards first, first + step, ...
static uint32_t draw_steady(uint64_t *state, unsigned first, unsigned step)
{
	uint32_t slot = chance_below(state, game.wish->slots);
	uint32_t shard = first + step * chance_below(state, (SHARDS - first + step - 1) / step);

	return (comes_and_goes(slot) ? slot - 1 : slot) * SHARDS + shard;
}

static void stream_draw(struct player *player)
{
	bool owned = game.match->kind->owned;
	unsigned first = owned ? player->number : 0, step = owned ? game.wish->readers : 1;

	for (unsigned i = 0; i < STREAM; i++)
		player->stream[i] = estate_pool_address(draw_steady(&player->chance, first, step));
}

static void read_until(struct player *player, uint64_t stop)
{
	const struct table *kind = game.match->kind;
	void *table = game.match->at;

	for (unsigned at = 0; clock_ticks() < stop; at = (at + TABLE_BATCH) % STREAM) {
		const uint32_t *next = player->stream + (at + TABLE_BATCH) % STREAM;

		kind->read(table, player->number, player->stream + at, next, &player->tally);
		player->tally.lookups += TABLE_BATCH;
	}
}

static struct table_change change_draw(struct player *player)
{
	struct match *match = game.match;
	struct table_change change = { .verb = TABLE_MODIFY, .number = draw_steady(&player->chance, 0, 1) };
	uint32_t slot = change.number / SHARDS;

	if (chance_below(&player->chance, 5) == 0 && (slot | COMES_AND_GOES) < game.wish->slots) {
		change.number = (slot | COMES_AND_GOES) * SHARDS + change.number % SHARDS;
		change.verb = match->absent[change.number] ? TABLE_INSERT : TABLE_DELETE;
	}
	change.key = estate_pool_address(change.number);
	change.version = match->version = match->version % TABLE_VERSIONS + 1;
	return change;
}

// One change; as often as is wished, if it is one of a value.
static void change_make(struct player *player)
{
	struct match *match = game.match;
	struct table_change change = change_draw(player);
	unsigned times = change.verb == TABLE_MODIFY ? game.wish->times : 1;

	for (unsigned i = 0; i < times; i++) {
		if (!match->kind->change(match->at, &change))
			return;
		if (change.verb != TABLE_MODIFY)
			match->absent[change.number] = change.verb == TABLE_DELETE;
		player->tally.applied++;
		change.version = match->version = match->version % TABLE_VERSIONS + 1;
	}
}

static void write_until(struct player *player, uint64_t stop)
{
	uint64_t gap = game.wish->rate == MATCH_FLAT_OUT ? 0 : game.hz / game.wish->rate, due = game.start, now;

	while ((now = clock_ticks()) < stop) {
		if (now < due)
			continue;
		change_make(player);
		due += gap;
	}
	if (game.match->kind->flush)
		game.match->kind->flush(game.match->at);
}

static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

static void play(struct player *player)
{
	const struct table *kind = game.match->kind;
	long before = switches();

	player->tally = (struct table_tally){ 0 };
	if (player->number != WRITER && kind->begin)
		kind->begin(game.match->at, player->number);
	while (clock_ticks() < game.start)
		;
	if (player->number == WRITER)
		write_until(player, game.stop);
	else
		read_until(player, game.stop);
	if (player->number != WRITER && kind->end)
		kind->end(game.match->at, player->number);
	player->switched = switches() != before;
}

// Twice a slice: to draw keys, and to play.
static void *player_run(void *with)
{
	struct player *player = with;

	if (game.alone)
		alone_set(1);
	for (;;) {
		while (sem_wait(&player->go))
			;
		if (game.over)
			return NULL;
		if (game.drawing)
			stream_draw(player);
		else
			play(player);
		sem_post(&player->done);
	}
}

// To the n-th processor we may run on.
static void pin(pthread_t thread, unsigned n)
{
	cpu_set_t ours, one;

	sched_getaffinity(0, sizeof(ours), &ours);
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &ours) && n-- == 0)
			CPU_SET(cpu, &one);
	pthread_setaffinity_np(thread, sizeof(one), &one);
}

static bool enough_processors(void)
{
	cpu_set_t ours;

	return !sched_getaffinity(0, sizeof(ours), &ours) && CPU_COUNT(&ours) >= (int)PLAYERS;
}

void match_open(void)
{
	game.hz = clock_hz();
	game.alone = enough_processors();
	for (unsigned n = 0; n < PLAYERS; n++) {
		struct player *player = &game.players[n];

		*player = (struct player){ .number = n,
					   .chance = 0x9e3779b97f4a7c15ull * (n + 1),
					   .stream = n == WRITER ? NULL : pages_take(STREAM * sizeof(uint32_t)) };
		sem_init(&player->go, 0, 0);
		sem_init(&player->done, 0, 0);
		if (pthread_create(&player->thread, NULL, player_run, player)) {
			perror("bench-fig12: thread");
			exit(1);
		}
		if (game.alone)
			pin(player->thread, n);
	}
}

void match_rotate(void)
{
	game.turned++;
	for (unsigned n = 0; n < PLAYERS && game.alone; n++)
		pin(game.players[n].thread, (n + game.turned) % PLAYERS);
}

void match_close(void)
{
	game.over = true;
	for (unsigned n = 0; n < PLAYERS; n++) {
		sem_post(&game.players[n].go);
		pthread_join(game.players[n].thread, NULL);
	}
}

struct match match_make(const struct table *kind, const struct table_site *site)
{
	return (struct match){ .kind = kind,
			       .at = kind->make(site),
			       .absent = pages_take(site->sessions),
			       .sessions = site->sessions,
			       .version = 1 };
}

static bool plays(unsigned number)
{
	return number == WRITER ? game.wish->rate > 0 && !game.drawing : number < game.wish->readers;
}

// Lets them go, and waits until they are done.
static void round_play(bool drawing)
{
	game.drawing = drawing;
	for (unsigned n = 0; n < PLAYERS; n++)
		if (plays(n))
			sem_post(&game.players[n].go);
	for (unsigned n = 0; n < PLAYERS; n++)
		while (plays(n) && sem_wait(&game.players[n].done))
			;
}

static void tally_add(struct match_told *told, const struct player *player)
{
	bool writer = player->number == WRITER;

	told->all.lookups += player->tally.lookups;
	told->all.missed += player->tally.missed;
	told->all.torn += player->tally.torn;
	told->switched |= player->switched;
	if (writer != game.match->kind->owned) // owners say what they have applied; their writer only asks for it
		told->all.applied += player->tally.applied;
}

struct match_told match_run(struct match *match, const struct match_wish *wish)
{
	struct match_told told = { .seconds = wish->ms / 1e3 };

	game.match = match;
	game.wish = wish;
	if (match->kind->sit && match->seated != wish->readers)
		match->kind->sit(match->at, wish->readers);
	else if (match->kind->flush)
		match->kind->flush(match->at);
	if (match->kind->move)
		match->kind->move(match->at);
	match->seated = wish->readers;
	alone_set(2); // or the first player to wake keeps us from waking the others
	round_play(true);
	game.start = clock_ticks() + game.hz / 1000000 * START_US;
	game.stop = game.start + game.hz / 1000 * wish->ms;
	round_play(false);
	alone_set(0);
	for (unsigned n = 0; n < PLAYERS; n++)
		if (plays(n))
			tally_add(&told, &game.players[n]);
	return told;
}
