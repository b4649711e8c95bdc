// play_world.c - the world's begin, its turns, its account and its end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shared/base/bell.h"
#include "tests/unit/play.h"

void world_make(uint64_t seed)
{
	static uint8_t rooms[ROOMS * ROOM_STRIDE];
	static struct conf conf = { .workers = FAST,
				    .hold = 3000,
				    .buffer_packets = 4096,
				    .buffer_session = 4096,
				    .buffer_seconds = 30,
				    .ports = PORTS,
				    .port = { { .device = "a" }, { .device = "b" } } };
	struct loop_parts parts = { .conf = &conf };

	w = calloc(1, sizeof(*w));
	w->random = seed * 0x9e3779b97f4a7c15ull + 1;
	w->banks = 1;
	w->plane.rooms[0] = ROOMS;
	w->plane.net.clock_hz = 2000000000;
	w->view.plane = &w->plane;
	w->view.rooms.base[0] = rooms;
	w->view.rooms.count[0] = ROOMS;
	for (unsigned i = 0; i < ROOMS; i++)
		w->free_room[w->free_rooms++] = i;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		static _Alignas(64) uint8_t zone[PLANE_SEATS][3 * PLANE_PAGE];

		w->view.seats[seat] = seat_at(zone[seat]);
		if (seat >= FAST && seat != PLANE_SEAT_SLOW)
			continue;
		memset(w->view.seats[seat].primary, 0, sizeof(struct seat_primary_page));
		memset(w->view.seats[seat].worker, 0, offsetof(struct seat_worker_page, reports));
		memset(w->view.seats[seat].courier, 0, offsetof(struct seat_courier_page, changes));
	}
	for (unsigned i = 0; i < NEST_BELLS; i++)
		parts.bell[i] = bell_make();
	post_init(&w->orders, &w->plane.sleeping, parts.bell[NEST_BELL_PRIMARY]);
	post_init(&w->facts, &w->awake, -1);
	parts.view = &w->view;
	parts.orders = &w->orders;
	parts.facts = &w->facts;
	parts.board = &w->board;
	parts.watch = &w->watch;
	parts.records = w->records;
	w->watch.bell = -1;
	assert_int_equal(loop_make(&parts, &w->loop), 0);
}

void world_free(void)
{
	for (unsigned i = 0; i < NEST_BELLS; i++)
		close(w->loop->part.bell[i]);
	loop_free(w->loop);
	free(w);
}

static void account_closes(void)
{
	struct tally *tally = &w->loop->tally, shown;

	tally->lent = 0;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		tally->lent += lease_packets(&w->loop->lane[seat].lease);
	tally->held = w->loop->hold.total + w->loop->park.total;
	assert_int_equal(tally_gap(tally), 0);
	tally_read(&w->board, &shown);
	assert_int_equal(tally_gap(&shown), 0); // as others see it
	assert_int_equal(tally->lent + tally->held, ROOMS - w->free_rooms);
}

uint64_t deaths_of(const struct loop *loop)
{
	uint64_t n = 0;

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		n += loop->tally.seat[seat].deaths;
	return n;
}

void world_turn(unsigned offered)
{
	uint64_t poison = w->loop->tally.verdict[VERDICT_POISON], died = deaths_of(w->loop);

	w->now_ns += 1000 + draw(40000);
	w->offered = offered;
	w->between = true;
	loop_turn(w->loop, w->now_ns);
	w->between = false;
	account_closes();
	// Suspects are out one at a time, so each death finds at most one guilty.
	assert_true(w->loop->tally.verdict[VERDICT_POISON] - poison <= deaths_of(w->loop) - died || w->wild);
	crew_plays();
}

static bool world_settled(void)
{
	unsigned ready = 0;

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		ready += w->loop->crew[seat].phase == CREW_READY;
	for (unsigned i = 0; i < SHARDS; i++)
		if (w->loop->map.shard[i].state != MAP_SERVED)
			return false;
	return ready == FAST + 1 && w->free_rooms == ROOMS && rules_settled();
}

void world_calms(void)
{
	w->kill = w->crash = w->forge = w->scribble = w->order = w->stall = w->flip = 0;
	rules_calm();
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (seat < FAST || seat == PLANE_SEAT_SLOW)
			while (!post_put(&w->orders, (struct post_word){ .verb = POST_START, .seat = seat }))
				world_turn(0);
	for (unsigned i = 0; i < 400000 && !world_settled(); i++)
		world_turn(0);
	assert_true(world_settled());
}
