// test_path.c - peers are asked, found down and up again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/pfcp/peer/telling.h"
#include "shared/wire/cursor.h"
#include "tests/unit/path_play.h"

_Static_assert(TELLING_PATHS >= PATHS_MAX, "what is supervised can be told to CP functions");

#define UP SHOAL__OSS__PATH_STATE__PATH_UP
#define DOWN SHOAL__OSS__PATH_STATE__PATH_DOWN
#define UNKNOWN SHOAL__OSS__PATH_STATE__PATH_UNKNOWN

static void a_peer_that_answers_is_up(void **state)
{
	struct session session = session_to(1, GNB, 7);

	set(&session);
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
	pass(59 * SECOND);
	assert_int_equal(played.echoes, 0); // no more often than once a minute
	pass(3 * SECOND);
	assert_int_equal(played.echoes, 1);
	assert_int_equal(played.to, GNB);
	echo_from(GNB, (uint16_t)(played.sequence + 1)); // of no request
	echo_from(GNB + 1, played.sequence);             // of nobody's peer
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
	assert_int_equal(played.paths.strays, 2);
	echo_from(GNB, played.sequence);
	assert_int_equal(path_to(GNB)->state, UP);
	assert_int_equal(played.paths.stand, (1ull << 32) + 1);
	assert_int_equal(played.ups, 0); // it was not down
	pass(58 * SECOND);
	assert_int_equal(played.echoes, 1);
	pass(3 * SECOND);
	assert_int_equal(played.echoes, 2);
	paths_drop(&played.paths, &session);
	assert_null(path_to(GNB));
}

static void one_that_does_not_is_down_after_n3(void **state)
{
	struct session session = session_to(1, GNB, 7);
	uint16_t first;

	set(&session);
	pass(62 * SECOND);
	first = played.sequence;
	pass(10 * SECOND);
	assert_int_equal(played.echoes, 3);
	assert_int_equal(played.sequence, first); // the same request again
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
	pass(6 * SECOND);
	assert_int_equal(path_to(GNB)->state, DOWN);
	assert_int_equal(played.downs, 1);
	paths_drop(&played.paths, &session); // the SMF has given its tunnels up, and wants to hear of its recovery
	assert_non_null(path_to(GNB));
	pass(60 * SECOND);
	assert_int_equal(played.echoes, 4);
	echo_from(GNB, played.sequence);
	assert_int_equal(path_to(GNB)->state, UP);
	assert_int_equal(played.ups, 1);
	pass(50 * SECOND);
	assert_non_null(path_to(GNB)); // for who asks a moment later
	pass(20 * SECOND);
	assert_null(path_to(GNB));
}

static void a_peer_that_stays_down_is_forgotten(void **state)
{
	struct session session = session_to(1, GNB, 7);

	set(&session);
	pass(80 * SECOND);
	paths_drop(&played.paths, &session);
	pass(3590 * SECOND);
	assert_non_null(path_to(GNB));
	pass(20 * SECOND);
	assert_null(path_to(GNB));
	assert_int_equal(played.downs, 1);
}

// Nor because somebody sets the clock: its recovery is still to be told.
static void a_clock_that_is_set_back_forgets_nobody(void **state)
{
	struct session session = session_to(1, GNB, 7);

	set(&session);
	pass(80 * SECOND);
	paths_drop(&played.paths, &session);
	played.now_ns += TICK;
	paths_tick(&played.paths, played.now_ns, played.now_ns / 1000000 - 60000, true);
	assert_int_equal(path_to(GNB)->state, DOWN);
	pass(120 * SECOND);
	echo_from(GNB, played.sequence);
	assert_int_equal(played.ups, 1);
}

// A tunnel from one of our sessions to another's.
static void nobody_asks_himself(void **state)
{
	struct session session = session_to(1, GNB, 7);

	played.paths.own[0].family = 4;
	be32_put(played.paths.own[0].address, GNB);
	set(&session);
	pass(80 * SECOND);
	assert_null(path_to(GNB));
	assert_int_equal(played.echoes, 0);
	assert_int_equal(played.paths.unsupervised, 0);
}

// Time in which no answer could be heard says nothing of the peer: without a primary; when we ourselves were stopped.
static void deaf_time_does_not_count(void **state)
{
	struct session session = session_to(1, GNB, 7);

	set(&session);
	pass(62 * SECOND);
	played.able = false;
	pass(600 * SECOND);
	assert_int_equal(played.echoes, 1);
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
	played.able = true;
	played.now_ns += 600 * SECOND;
	paths_tick(&played.paths, played.now_ns, played.now_ns / 1000000, true);
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
	assert_int_equal(played.echoes, 1);
	echo_from(GNB, played.sequence);
	assert_int_equal(path_to(GNB)->state, UP);
}

static void nobody_is_asked_without_an_interval(void **state)
{
	struct session session = session_to(1, GNB, 7);

	played.paths.interval_ns = 0;
	set(&session);
	pass(200 * SECOND);
	assert_int_equal(played.echoes, 0);
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
}

static void many_peers_are_asked_in_turn(void **state)
{
	static struct session session[3 * PATHS_ASKED];

	for (unsigned i = 0; i < 3 * PATHS_ASKED; i++) {
		session[i] = session_to(i + 1, GNB + i, 7);
		set(&session[i]);
	}
	assert_int_equal(played.paths.count, 3 * PATHS_ASKED);
	pass(64 * SECOND);
	assert_int_equal(played.echoes, 3 * PATHS_ASKED);
}

static void too_many_peers_are_counted(void **state)
{
	struct session *session = calloc(PATHS_MAX + 1, sizeof(*session));

	for (unsigned i = 0; i <= PATHS_MAX; i++) {
		session[i] = session_to(i + 1, GNB + i, 7);
		set(&session[i]);
	}
	assert_int_equal(played.paths.count, PATHS_MAX);
	assert_int_equal(played.paths.unsupervised, 1);
	assert_int_equal(session[PATHS_MAX].ends, 0);
	for (unsigned i = 0; i <= PATHS_MAX; i++)
		paths_drop(&played.paths, &session[i]);
	assert_int_equal(played.paths.count, 0);
	assert_int_equal(played.paths.end_count, 0);
	free(session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, paths_setup, paths_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_peer_that_answers_is_up),
		TEST(one_that_does_not_is_down_after_n3),
		TEST(a_peer_that_stays_down_is_forgotten),
		TEST(a_clock_that_is_set_back_forgets_nobody),
		TEST(nobody_asks_himself),
		TEST(deaf_time_does_not_count),
		TEST(nobody_is_asked_without_an_interval),
		TEST(many_peers_are_asked_in_turn),
		TEST(too_many_peers_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
