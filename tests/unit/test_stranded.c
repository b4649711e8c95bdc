// test_stranded.c - workers whose nursery has gone for good: who makes room for another, when, and who does not. Nests, seats and the loop
// are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "primary/fleet/fleet_inside.h"
#include "primary/loop/crew.h"

#define SECOND 1000000000ull
#define GONE_NS (10 * SECOND)
#define STRANDED_NS (2 * NESTS_COME_NS)
#define REST_NS (3 * SECOND)

static struct fleet *fleet;
static struct nests nests;
static struct tally tally;
static unsigned nest_of[PLANE_SEATS];
static unsigned restarts, last, called_home, alarms, moves, moved_to;
static bool full, refuses;

struct nests *brood_nests(struct brood *brood)
{
	return &nests;
}

unsigned brood_nest(const struct brood *brood, unsigned seat)
{
	return nest_of[seat];
}

int32_t brood_pid(const struct brood *brood, unsigned seat)
{
	return 1000 + (int32_t)seat;
}

void brood_call_home(struct brood *brood, unsigned seat)
{
	assert_int_equal(seat, last);
	called_home++;
}

int nests_move_home(struct nests *at, unsigned nest, char *why)
{
	moves++;
	moved_to = nest;
	if (refuses)
		return -1;
	at->home = nest;
	return 0;
}

void tally_read(struct tally_board *board, struct tally *to)
{
	*to = tally;
}

bool post_put(struct post *post, struct post_word word)
{
	if (full)
		return false;
	assert_int_equal(word.verb, POST_RESTART);
	last = word.seat;
	restarts++;
	return true;
}

void journal_write(struct journal *journal, enum journal_kind kind, struct journal_place place, const char *format, ...)
{
	assert_int_equal(kind, JOURNAL_ALARM);
	alarms++;
}

// Seats 0 to 3 are served; 2 and 3 by workers of nest 1, whose nursery hung up at GONE_NS.
static int setup(void **state)
{
	fleet = calloc(1, sizeof(*fleet));
	nests = (struct nests){ .home = 0 };
	nests.nest[0] = (struct nursery){ .socket = 5, .process = -1, .ready = true };
	nests.nest[1] = (struct nursery){ .socket = -1, .process = -1, .gone_ns = GONE_NS };
	tally = (struct tally){ 0 };
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		nest_of[seat] = seat / 2;
		tally.seat[seat].wanted = seat < 4;
		tally.seat[seat].phase = seat < 4 ? CREW_READY : CREW_FREE;
	}
	restarts = called_home = alarms = moves = 0;
	full = refuses = false;
	return !fleet;
}

static int teardown(void **state)
{
	free(fleet);
	return 0;
}

static void one_after_the_other_they_make_room(void **state)
{
	uint64_t now_ns = GONE_NS + STRANDED_NS;

	fleet_stranded(fleet, now_ns); // the next of its build may still come
	assert_int_equal(restarts, 0);
	fleet_stranded(fleet, ++now_ns);
	assert_int_equal(restarts, 1);
	assert_int_equal(last, 2);
	assert_int_equal(called_home, 1);
	assert_int_equal(alarms, 1);
	nest_of[2] = 0;
	fleet_stranded(fleet, now_ns + REST_NS - 1);
	assert_int_equal(restarts, 1);
	tally.seat[2].phase = CREW_STARTING; // who comes there is awaited
	fleet_stranded(fleet, now_ns + REST_NS);
	assert_int_equal(restarts, 1);
	tally.seat[2].phase = CREW_READY;
	fleet_stranded(fleet, now_ns + REST_NS);
	assert_int_equal(restarts, 2);
	assert_int_equal(last, 3);
	nest_of[3] = 0;
	fleet_stranded(fleet, now_ns + 2 * REST_NS);
	assert_int_equal(restarts, 2);
	assert_int_equal(called_home, 2);
	assert_int_equal(moves, 0);
}

static void an_order_that_finds_no_place_is_given_again(void **state)
{
	const uint64_t now_ns = GONE_NS + STRANDED_NS + 1;

	full = true;
	fleet_stranded(fleet, now_ns);
	assert_int_equal(called_home + alarms, 0);
	full = false;
	fleet_stranded(fleet, now_ns + 1);
	assert_int_equal(called_home, 1);
	assert_int_equal(alarms, 1);
}

// One that has no worker at all holds up nobody, nor does one that leaves for good.
static void a_seat_without_a_worker_is_not_waited_for(void **state)
{
	tally.seat[0].phase = tally.seat[2].phase = CREW_FREE;
	tally.seat[5].phase = CREW_LEAVING;
	fleet_stranded(fleet, GONE_NS + STRANDED_NS + 1);
	assert_int_equal(restarts, 1);
	assert_int_equal(last, 3);
}

enum { NURSERY_THERE, NURSERY_COMES, HOME_NOT_READY, HOME_LEAVES, GUESTS, UNWANTED, BUSY, ANYWHERE, AT_HOME, CASES };

static void others_stay_where_they_are(void **state)
{
	for (unsigned i = 0; i < CASES; i++) {
		setup(state);
		nests.nest[1].socket = i == NURSERY_THERE ? 7 : -1;
		nests.nest[1].process = i == NURSERY_COMES ? 8 : -1;
		nests.nest[0].ready = i != HOME_NOT_READY;
		nests.nest[0].leaving = i == HOME_LEAVES;
		nests.home = i == AT_HOME;
		for (unsigned seat = 2; seat < 4; seat++) {
			tally.seat[seat].guest = i == GUESTS;
			tally.seat[seat].wanted = i != UNWANTED;
			tally.seat[seat].phase = i == BUSY ? CREW_LEAVING : CREW_READY;
			nest_of[seat] = i == ANYWHERE ? PLANE_NEST_NONE : 1;
		}
		if (i == AT_HOME)
			nests.nest[0].ready = false;
		fleet_stranded(fleet, GONE_NS + 100 * SECOND);
		if (restarts || called_home || alarms)
			fail_msg("case %u", i);
		teardown(state);
	}
	setup(state);
}

// Seats are filled from a nest that nobody has come back to: the other one is home then, if somebody's service keeps its nursery.
static void a_home_that_is_forsaken_moves(void **state)
{
	nests.nest[0] = (struct nursery){ .socket = -1, .process = -1, .gone_ns = GONE_NS };
	nests.nest[1] = (struct nursery){ .socket = 5, .process = -1, .ready = true, .follows = true };
	fleet_stranded(fleet, GONE_NS + STRANDED_NS + 1); // it is on trial
	assert_int_equal(moves, 0);
	nests.nest[1].follows = false;
	nests.nest[1].ready = false;
	fleet_stranded(fleet, GONE_NS + STRANDED_NS + 1);
	assert_int_equal(moves, 0);
	nests.nest[1].ready = true;
	fleet_stranded(fleet, GONE_NS + STRANDED_NS);
	assert_int_equal(moves, 0);
	refuses = true;
	fleet_stranded(fleet, GONE_NS + STRANDED_NS + 1);
	assert_int_equal(moves, 1);
	assert_int_equal(alarms, 0);
	assert_int_equal(restarts, 0);
	refuses = false;
	fleet_stranded(fleet, GONE_NS + STRANDED_NS + 2); // and then there is somewhere to go for who lives there
	assert_int_equal(moves, 2);
	assert_int_equal(moved_to, 1);
	assert_int_equal(restarts, 1);
	assert_int_equal(last, 0);
	assert_int_equal(alarms, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_after_the_other_they_make_room),
		TEST(an_order_that_finds_no_place_is_given_again),
		TEST(a_seat_without_a_worker_is_not_waited_for),
		TEST(others_stay_where_they_are),
		TEST(a_home_that_is_forsaken_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
