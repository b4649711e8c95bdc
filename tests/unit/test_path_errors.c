// test_path_errors.c - Error Indications find their tunnels by their far ends, and whose word is believed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "shared/wire/cursor.h"
#include "tests/unit/path_play.h"

static void error_from(uint32_t ipv4, uint32_t teid)
{
	struct report report = said_by(ipv4, REPORT_TUNNEL);

	report.teid = teid;
	paths_hear(&played.paths, &report, played.now_ns, played.now_ns / 1000000);
}

// Whether it was looked into.
static bool error_from_elsewhere(uint32_t ipv4, uint32_t teid)
{
	struct report report = said_by(ipv4, REPORT_TUNNEL);
	uint64_t doubted = played.paths.doubted;

	report.teid = teid;
	report.elsewhere = 1;
	paths_hear(&played.paths, &report, played.now_ns, played.now_ns / 1000000);
	return played.paths.doubted == doubted;
}

static void an_error_finds_its_tunnel(void **state)
{
	struct session one = session_to(1, GNB, 7), two = session_to(2, GNB, 8), far = session_to(3, GNB + 1, 7);
	struct path_error error;

	set(&one);
	set(&two);
	set(&far);
	error_from(GNB, 8);
	assert_int_equal(played.lost, 1);
	assert_true(paths_error(&played.paths, &error));
	assert_int_equal(error.session, 2);
	assert_int_equal(error.teid, 8);
	assert_int_equal(be32_get(error.peer.address), GNB);
	assert_false(paths_error(&played.paths, &error));
	error_from(GNB, 9);
	error_from(GNB + 2, 7);
	assert_int_equal(played.paths.unknown, 2);
	assert_int_equal(played.lost, 1);
	assert_int_equal(path_to(GNB)->errors, 1);
}

// A node with several addresses.
static void an_error_may_come_from_elsewhere(void **state)
{
	struct session session = session_to(1, GNB, 7);

	set(&session);
	assert_true(error_from_elsewhere(GNB, 7));
	assert_int_equal(played.lost, 1);
	assert_int_equal(be32_get(played.error.peer.address), GNB);
	assert_int_equal(played.paths.elsewhere, 1);
	assert_int_equal(played.paths.unknown, 0);
}

static void who_guesses_is_not_heard(void **state)
{
	struct session one = session_to(1, GNB, 7), two = session_to(2, GNB, 8);

	set(&one);
	set(&two);
	for (uint32_t i = 0; i < PATH_GUESSES; i++)
		assert_true(error_from_elsewhere(GNB, 100 + i));
	assert_int_equal(played.paths.unknown, PATH_GUESSES);
	assert_false(error_from_elsewhere(GNB, 7)); // it would have been right
	assert_int_equal(played.lost, 0);
	error_from(GNB, 7); // nobody but the tunnel's end is
	assert_int_equal(played.lost, 1);
	error_from(GNB, 200);
	played.now_ns += PATH_GUESS_NS;
	assert_true(error_from_elsewhere(GNB, 8)); // what is right costs nothing
	assert_int_equal(played.lost, 2);
	assert_true(error_from_elsewhere(GNB, 9));
	assert_false(error_from_elsewhere(GNB, 10));
	assert_int_equal(played.paths.doubted, 2);
	played.now_ns += PATH_GUESSES * (uint64_t)PATH_GUESS_NS;
	for (uint32_t i = 0; i < PATH_GUESSES; i++)
		assert_true(error_from_elsewhere(GNB, 100 + i));
	assert_false(error_from_elsewhere(GNB, 100));
}

static void an_error_is_told_once_until_things_change(void **state)
{
	struct session session = session_to(1, GNB, 7);

	set(&session);
	error_from(GNB, 7);
	error_from(GNB, 7);
	set(&session); // a change of something else
	error_from(GNB, 7);
	assert_int_equal(played.lost, 1);
	assert_int_equal(played.paths.repeated, 2);
	session.bearer.peer_ipv4 = 0; // idle,
	set(&session);
	error_from(GNB, 7);
	assert_int_equal(played.paths.unknown, 1);
	session.bearer.peer_ipv4 = GNB; // and back
	set(&session);
	error_from(GNB, 7);
	assert_int_equal(played.lost, 2);
	played.now_ns += 61 * SECOND;
	error_from(GNB, 7);
	assert_int_equal(played.lost, 3);
}

static void too_many_errors_wait_for_nobody(void **state)
{
	struct session *session = calloc(PATH_ERRORS + 1, sizeof(*session));
	struct path_error error;

	for (unsigned i = 0; i <= PATH_ERRORS; i++) {
		session[i] = session_to(i + 1, GNB, i + 1);
		set(&session[i]);
	}
	for (unsigned i = 0; i <= PATH_ERRORS; i++)
		error_from(GNB, i + 1);
	assert_int_equal(played.paths.dropped, 1);
	for (unsigned i = 0; i < PATH_ERRORS; i++) {
		assert_true(paths_error(&played.paths, &error));
		assert_int_equal(error.session, i + 1);
	}
	error_from(GNB, PATH_ERRORS + 1); // with its next packet
	assert_true(paths_error(&played.paths, &error));
	assert_int_equal(error.session, PATH_ERRORS + 1);
	for (unsigned i = 0; i <= PATH_ERRORS; i++)
		paths_drop(&played.paths, &session[i]);
	free(session);
}

// Sessions whose rules stand in a sheet: two ways into tunnels, one of them twice, one into which nothing goes now.
static void every_tunnel_of_a_sheet_counts_once(void **state)
{
	static struct {
		struct sheet sheet;
		struct sheet_far far[4];
	} rules;
	struct session session = { .id = 5, .sheet = &rules.sheet };
	struct path_peer peer = { .family = 6, .address = { 0x20, 1, 0xd, 0xb8 } };
	struct report report = { .kind = REPORT_TUNNEL, .family = 6, .teid = 9 };

	rules.sheet.fars = 4;
	rules.far[0] = (struct sheet_far){ .action = SHEET_FORWARD, .outer = SHEET_OUTER_GTPU4, .peer_teid = 7 };
	rules.far[0].flags = SHEET_HAS_PEER;
	rules.far[0].peer_ipv4 = GNB;
	rules.far[1] = rules.far[0];
	rules.far[2] = (struct sheet_far){ .action = SHEET_FORWARD, .outer = SHEET_OUTER_GTPU6, .peer_teid = 9 };
	rules.far[2].flags = SHEET_HAS_PEER;
	rules.far[2].peer_ipv6[0] = be64_get(peer.address);
	rules.far[3] = rules.far[0];
	rules.far[3].action = SHEET_BUFFER;
	rules.far[3].peer_ipv4 = GNB + 1;
	set(&session);
	assert_int_equal(path_to(GNB)->tunnels, 1);
	assert_int_equal(path_to(GNB + 1)->tunnels, 0);
	assert_int_equal(path_to(GNB + 1)->unused, 1);
	assert_int_equal(paths_shown(&played.paths), 2);
	assert_int_equal(paths_find(&played.paths, &peer)->tunnels, 1);
	memcpy(report.peer, peer.address, 16);
	paths_hear(&played.paths, &report, played.now_ns, 1);
	assert_int_equal(played.lost, 1);
	assert_int_equal(played.error.peer.family, 6);
	paths_drop(&played.paths, &session);
	assert_int_equal(played.paths.count, 0);
}

// What waits would go there. Nobody is asked for it; but who says that he has nobody for it is heard, once each time that this has changed.
static void an_unused_tunnel_is_known(void **state)
{
	static struct {
		struct sheet sheet;
		struct sheet_far far;
	} rules;
	struct session session = { .id = 5, .sheet = &rules.sheet };

	rules.sheet.fars = 1;
	rules.far = (struct sheet_far){ .action = SHEET_FORWARD, .outer = SHEET_OUTER_GTPU4, .peer_teid = 7 };
	rules.far.flags = SHEET_HAS_PEER;
	rules.far.peer_ipv4 = GNB;
	for (unsigned i = 1; i <= 6; i++) {
		rules.far.action = i % 2 ? SHEET_FORWARD : SHEET_BUFFER;
		set(&session);
		error_from(GNB, 7);
		error_from(GNB, 7);
		set(&session);
		error_from(GNB, 7);
		assert_int_equal(played.lost, i);
		assert_int_equal(paths_shown(&played.paths), i % 2);
		assert_int_equal(path_to(GNB)->tunnels + path_to(GNB)->unused, 1);
	}
	pass(600 * SECOND);
	assert_int_equal(played.echoes, 0);
	rules.far.action = SHEET_FORWARD;
	set(&session);
	pass(62 * SECOND);
	assert_int_equal(played.echoes, 1);
	pass(120 * SECOND);
	assert_int_equal(played.downs, 1);
	rules.far.action = SHEET_DROP;
	set(&session);
	assert_int_equal(paths_shown(&played.paths), 1);
	pass(3700 * SECOND);
	assert_int_equal(paths_shown(&played.paths), 0);
	assert_int_equal(path_to(GNB)->state, SHOAL__OSS__PATH_STATE__PATH_UNKNOWN);
	paths_drop(&played.paths, &session);
	assert_null(path_to(GNB));
}

// A CP function that names one tunnel for all: each is let go at once, wherever it stands among them. Looking for it took hours.
static void tunnels_that_all_end_alike_are_not_searched(void **state)
{
	const unsigned all = 500000, left = 100;
	struct session *session = calloc(all, sizeof(*session));

	for (unsigned i = 0; i < all; i++) {
		session[i] = session_to(1 + i, GNB, 7);
		set(&session[i]);
	}
	for (unsigned i = 0; i < all; i++)
		if (i % (all / left))
			paths_drop(&played.paths, &session[i]);
	assert_int_equal(played.paths.end_count, left);
	error_from(GNB, 7);
	assert_int_equal(played.lost, left);
	for (unsigned i = all; i-- > 0;)
		paths_drop(&played.paths, &session[i]);
	assert_int_equal(played.paths.end_count, 0);
	error_from(GNB, 7);
	assert_int_equal(played.lost, left);
	free(session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, paths_setup, paths_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_error_finds_its_tunnel),       TEST(an_error_may_come_from_elsewhere),
		TEST(who_guesses_is_not_heard),        TEST(an_error_is_told_once_until_things_change),
		TEST(too_many_errors_wait_for_nobody), TEST(tunnels_that_all_end_alike_are_not_searched),
		TEST(an_unused_tunnel_is_known),       TEST(every_tunnel_of_a_sheet_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
