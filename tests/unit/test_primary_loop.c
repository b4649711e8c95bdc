// test_primary_loop.c - the primary's loop against a port, a next hop and workers that are all played here.
//
// Every run is a story drawn from a seed: packets of 256 shards come in, workers take, work and return them in two phases,
// and die between any two of their steps; operators start, stop and move; some workers lie. After each turn the account must
// close; at the end each packet has left exactly once, in order within its shard, or is counted under the verdict that took it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/play.h"
#include "shared/base/log.h"

// Of each seat's worker it is known what its build knows, and not what the one before it knew.
static void builds_are_known(void)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		uint32_t hinted = atomic_load(&w->loop->lane[seat].pages.worker->hinted), bit = 1u << seat;

		if (w->loop->crew[seat].phase != CREW_READY)
			continue;
		assert_int_equal(!(w->loop->plain & bit), hinted != 0);
		assert_int_equal(!(w->loop->fences & bit), !(hinted & SEAT_FENCES));
		assert_int_equal(!(w->loop->losers & bit), !(hinted & SEAT_LOSSES));
	}
}

static void world_check(void)
{
	const uint64_t *verdict = w->loop->tally.verdict;
	uint64_t made = 0, refused = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		for (unsigned cell = 0; cell < CELLS; cell++) {
			made += w->next_seq[i][cell];
			w->lost += w->next_seq[i][cell] - w->sent_seq[i][cell];
		}
		assert_int_equal(w->loop->map.shard[i].state, MAP_SERVED);
		assert_int_equal(w->plane.owner[i], w->loop->map.shard[i].seat);
	}
	assert_int_equal(made, w->sent + w->lost);
	assert_int_equal(verdict[VERDICT_FORWARD] + verdict[VERDICT_ANSWERED], w->sent + w->slow_sent + w->garbage);
	for (unsigned v = 0; v < VERDICT_COUNT; v++)
		refused += v != VERDICT_FORWARD && v != VERDICT_ANSWERED ? verdict[v] : 0;
	assert_true(w->lost <= refused + w->garbage);
	assert_int_equal(w->loop->tally.markers, w->marked);
	assert_int_equal(w->loop->own_waiting, 0);
	builds_are_known();
}

struct story {
	unsigned kill, crash, forge, scribble, order, stall; // chances, see worker_works and fleet_works
	unsigned load;                                       // frames a turn, at most
	unsigned turns;
	unsigned banks; // 0 = one
	bool upgrade;
	unsigned few, flip, drop; // see play.h
};

static uint64_t deaths, replays, moves, forged, poisoned, images, planned;
static uint64_t parked, released, dropped, lost, counted;
static uint64_t telling; // SEED=<this> tells the same story alone

static void tell(uint64_t seed, const struct story *story)
{
	telling = seed;
	world_make(seed);
	w->banks = story->banks ? story->banks : 1;
	w->sheets = story->flip > 0;
	for (unsigned i = 0; i < 200; i++)
		world_turn(0);
	w->kill = story->kill, w->crash = story->crash, w->forge = story->forge;
	w->wild = story->forge || story->scribble;
	w->upgrade = story->upgrade;
	w->few = story->few;
	w->flip = story->flip;
	w->drop = story->drop;
	w->scribble = story->scribble, w->order = story->order, w->stall = story->stall;
	for (unsigned i = 0; i < story->turns; i++)
		world_turn((unsigned)draw(story->load + 1));
	world_calms();
	world_check();
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		replays += w->loop->tally.seat[seat].replayed;
		forged += w->loop->tally.seat[seat].forged;
	}
	deaths += deaths_of(w->loop);
	moves += w->loop->tally.moves;
	poisoned += w->loop->tally.verdict[VERDICT_POISON];
	images += w->images;
	planned += w->loop->tally.plans;
	parked += w->loop->park.ever;
	released += w->loop->tally.released;
	dropped += w->loop->tally.verdict[VERDICT_BUFFER_DROPPED];
	lost += w->lost;
	counted += w->counted;
	assert_int_equal(w->counted_bytes, w->counted * LOST_BYTES);
}

static void tell_many(const char *name, unsigned count, const struct story *story, bool lossless)
{
	const char *asked = getenv("SEED");
	uint64_t first = asked ? strtoull(asked, NULL, 0) : 1;

	deaths = replays = moves = forged = poisoned = images = planned = parked = released = dropped = lost = counted =
	    0;
	for (uint64_t seed = first; seed < first + (asked ? 1 : count); seed++) {
		tell(seed, story);
		if (lossless && w->lost)
			print_message("seed %lu lost %lu\n", seed, w->lost);
		if (lossless)
			assert_int_equal(w->lost, 0);
		world_free();
	}
	print_message("%s: %u stories, %lu deaths, %lu replayed, %lu moves, %lu forged, %lu poison\n", name, count,
		      deaths, replays, moves, forged, poisoned);
}

static void nobody_dies(void **state)
{
	tell_many("calm", 50, &(struct story){ .load = 20, .turns = 1000 }, true);
	assert_int_equal(deaths, 0);
}

static void kills_lose_nothing(void **state)
{
	tell_many("kills", 1500, &(struct story){ .kill = 120, .load = 16, .turns = 400 }, true);
	assert_true(deaths > 1500 && replays > 1500);
}

// So many of one shard wait that they don't all go in one turn: what comes meanwhile stays behind them.
static void what_waits_goes_first(void **state)
{
	const struct story story = { .kill = 2, .load = 40, .turns = 1000, .few = 2 };

	tell_many("kills, few shards", 100, &story, true);
}

static void orders_lose_nothing(void **state)
{
	tell_many("orders", 500, &(struct story){ .order = 30, .load = 10, .turns = 600 }, true);
	assert_true(moves > 500 * SHARDS);
}

static void kills_amid_orders_lose_nothing(void **state)
{
	tell_many("both", 1500, &(struct story){ .kill = 80, .order = 20, .load = 8, .turns = 400 }, true);
}

static void upgrades_lose_neither_packets_nor_lines(void **state)
{
	tell_many("upgrade", 500, &(struct story){ .order = 60, .load = 10, .turns = 600, .upgrade = true }, true);
	assert_int_equal(images, 0); // one bank
	tell_many("two banks", 500,
		  &(struct story){ .order = 60, .load = 10, .turns = 600, .banks = 2, .upgrade = true }, true);
	assert_true(images > 500 && planned > images);
}

static void kills_amid_upgrades_lose_no_packets(void **state)
{
	tell_many("kills, two banks", 500,
		  &(struct story){ .kill = 60, .order = 60, .load = 8, .turns = 500, .banks = 2, .upgrade = true },
		  true);
}

static void stalls_and_overload_are_counted(void **state)
{
	tell_many("overload", 300, &(struct story){ .kill = 50, .stall = 700, .load = 32, .turns = 1500 }, false);
}

static void crashes_lose_only_poison(void **state)
{
	tell_many("crashes", 500, &(struct story){ .crash = 150, .load = 16, .turns = 400 }, false);
	assert_true(poisoned < deaths);
}

static void liars_are_evicted_and_harm_nobody(void **state)
{
	tell_many("liars", 500, &(struct story){ .forge = 200, .scribble = 20, .kill = 20, .load = 16, .turns = 400 },
		  false);
	assert_true(forged > 500);
}

static void sessions_that_wait_lose_nothing(void **state)
{
	tell_many("waiting", 200, &(struct story){ .load = 16, .turns = 600, .few = 16, .flip = 100 }, true);
	assert_true(parked > 200 && released == parked);
}

static void kills_and_moves_leave_waiting_packets_alone(void **state)
{
	tell_many("waiting, kills", 700,
		  &(struct story){ .kill = 120, .load = 16, .turns = 400, .few = 16, .flip = 150 }, true);
	assert_true(deaths > 700 && released == parked);
	tell_many(
	    "waiting, kills amid upgrades", 400,
	    &(struct story){
		.kill = 60, .order = 60, .load = 8, .turns = 500, .banks = 2, .few = 16, .flip = 150, .upgrade = true },
	    true);
	assert_true(moves > 0 && released == parked);
}

static void what_is_dropped_is_counted_and_nothing_else_is_lost(void **state)
{
	tell_many("dropped, kills amid upgrades", 700,
		  &(struct story){ .kill = 60,
				   .order = 60,
				   .load = 16,
				   .turns = 500,
				   .banks = 2,
				   .few = 8,
				   .flip = 150,
				   .drop = 100,
				   .upgrade = true },
		  false);
	assert_true(dropped > 700 && released > 700);
	assert_int_equal(released + dropped, parked);
	assert_int_equal(lost, dropped);
	assert_true(counted >= dropped &&
		    counted < dropped + deaths); // what a dead worker had in hand may be counted twice
}

static void losses(unsigned packets, uint16_t slots, uint16_t bytes)
{
	for (unsigned i = 0; i < packets; i++) {
		uint16_t slot = (uint16_t)(i % slots);

		loss_note(
		    w->loop,
		    &(struct loss){
			.shard = 7, .slot = slot, .rule = (uint16_t)(slot + LOST_RULE), .packets = 1, .bytes = bytes });
	}
	world_calms();
}

// In as few words as they fit; of whom there is no room to tell, the tally does.
static void losses_are_gathered(void **state)
{
	world_make(1);
	w->sheets = true;
	world_calms();
	losses(1000, 1, 1);
	assert_int_equal(w->counted, 1000);
	assert_int_equal(w->counted_bytes, 1000);
	losses(1000, 1, 700);
	assert_int_equal(w->counted, 2000);
	assert_int_equal(w->counted_bytes, 701000);
	losses(LOSSES + 500, UINT16_MAX, 1);
	assert_int_equal(w->counted, 2000 + LOSSES);
	assert_int_equal(w->loop->tally.losses_lost, 500);
	losses(2, 2, 0); // nobody counts
	assert_int_equal(w->counted, 2000 + LOSSES);
	world_free();
}

static void what_is_dropped_is_told_to_who_counts(void **state)
{
	tell_many("dropped, moves", 200,
		  &(struct story){ .order = 60,
				   .load = 16,
				   .turns = 500,
				   .banks = 2,
				   .few = 8,
				   .flip = 150,
				   .drop = 100,
				   .upgrade = true },
		  false);
	assert_true(dropped > 200);
	assert_int_equal(counted, dropped);
}

static void crashes_and_liars_leave_waiting_packets_alone(void **state)
{
	tell_many("waiting, crashes", 300,
		  &(struct story){ .crash = 150, .load = 16, .turns = 400, .few = 16, .flip = 150 }, false);
	tell_many("waiting, liars", 300,
		  &(struct story){ .forge = 200, .scribble = 20, .load = 16, .turns = 400, .few = 16, .flip = 150 },
		  false);
}

static void everything_at_once(void **state)
{
	tell_many("all", 1000,
		  &(struct story){ .kill = 60,
				   .crash = 20,
				   .forge = 40,
				   .scribble = 5,
				   .order = 15,
				   .stall = 100,
				   .flip = 50,
				   .drop = 50,
				   .load = 16,
				   .turns = 500 },
		  false);
}

static int say_where(void **state)
{
	print_message("last story: SEED=%lu\n", telling);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nobody_dies, say_where),
		cmocka_unit_test_teardown(kills_lose_nothing, say_where),
		cmocka_unit_test_teardown(what_waits_goes_first, say_where),
		cmocka_unit_test_teardown(orders_lose_nothing, say_where),
		cmocka_unit_test_teardown(kills_amid_orders_lose_nothing, say_where),
		cmocka_unit_test_teardown(upgrades_lose_neither_packets_nor_lines, say_where),
		cmocka_unit_test_teardown(kills_amid_upgrades_lose_no_packets, say_where),
		cmocka_unit_test_teardown(stalls_and_overload_are_counted, say_where),
		cmocka_unit_test_teardown(crashes_lose_only_poison, say_where),
		cmocka_unit_test_teardown(liars_are_evicted_and_harm_nobody, say_where),
		cmocka_unit_test_teardown(sessions_that_wait_lose_nothing, say_where),
		cmocka_unit_test_teardown(kills_and_moves_leave_waiting_packets_alone, say_where),
		cmocka_unit_test_teardown(what_is_dropped_is_counted_and_nothing_else_is_lost, say_where),
		cmocka_unit_test_teardown(what_is_dropped_is_told_to_who_counts, say_where),
		cmocka_unit_test_teardown(losses_are_gathered, say_where),
		cmocka_unit_test_teardown(crashes_and_liars_leave_waiting_packets_alone, say_where),
		cmocka_unit_test_teardown(everything_at_once, say_where),
	};

	log_open("test", "error");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
