// test_path.c - peers are asked, found down and up again; tunnels are found by their far ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/path.h"
#include "shared/wire/cursor.h"

#define SECOND 1000000000ull
#define TICK (SECOND / 20)
#define GNB 0x0a630302u

static struct {
	struct paths paths;
	uint64_t now_ns;
	bool able, refuses;
	unsigned echoes;   // sent
	uint16_t sequence; // of the last
	uint32_t to;
	unsigned ups, downs, lost;
	struct path_error error; // the last one told
} s;

static bool on_order(void *with, const Shoal__Fleet__Order *order)
{
	assert_int_equal(order->body_case, SHOAL__FLEET__ORDER__BODY_ECHOES);
	if (s.refuses)
		return false;
	s.echoes += (unsigned)order->echoes->n_echoes;
	s.sequence = (uint16_t)order->echoes->echoes[0]->sequence;
	s.to = order->echoes->echoes[0]->peer_ipv4;
	return true;
}

static void on_turned(void *with, const struct path *path)
{
	*(path->state == SHOAL__OSS__PATH_STATE__PATH_UP ? &s.ups : &s.downs) += 1;
}

static void on_lost(void *with, const struct session *session, const struct path_error *error)
{
	assert_int_equal(session->id, error->session);
	s.error = *error;
	s.lost++;
}

static int setup(void **state)
{
	memset(&s, 0, sizeof(s));
	s.paths = (struct paths){ .interval_ns = 60 * SECOND, .t3_ns = 5 * SECOND, .n3 = 3, .stand = 1ull << 32 };
	s.paths.order = on_order;
	s.paths.turned = on_turned;
	s.paths.lost = on_lost;
	s.now_ns = 1000 * SECOND;
	s.able = true;
	return paths_open(&s.paths);
}

static int teardown(void **state)
{
	paths_close(&s.paths);
	return 0;
}

static void pass(uint64_t ns)
{
	for (uint64_t end_ns = s.now_ns + ns; s.now_ns < end_ns;) {
		s.now_ns += TICK;
		paths_tick(&s.paths, s.now_ns, s.now_ns / 1000000, s.able);
		paths_answered(&s.paths, NULL);
	}
}

static struct path_peer peer4(uint32_t ipv4)
{
	struct path_peer peer = { .family = 4 };

	be32_put(peer.address, ipv4);
	return peer;
}

static const struct path *path_to(uint32_t ipv4)
{
	const struct path_peer peer = peer4(ipv4);

	return paths_find(&s.paths, &peer);
}

static struct report said_by(uint32_t ipv4, enum report_kind kind)
{
	struct report report = { .kind = (uint8_t)kind, .family = 4 };

	be32_put(report.peer, ipv4);
	return report;
}

static void echo_from(uint32_t ipv4, uint16_t sequence)
{
	struct report report = said_by(ipv4, REPORT_ECHO);

	report.seq = sequence;
	paths_hear(&s.paths, &report, s.now_ns, s.now_ns / 1000000);
}

static void error_from(uint32_t ipv4, uint32_t teid)
{
	struct report report = said_by(ipv4, REPORT_TUNNEL);

	report.teid = teid;
	paths_hear(&s.paths, &report, s.now_ns, s.now_ns / 1000000);
}

static struct session session_to(uint64_t id, uint32_t ipv4, uint32_t teid)
{
	return (struct session){ .id = id, .bearer = { .peer_ipv4 = ipv4, .peer_teid = teid } };
}

static void set(struct session *session)
{
	paths_set(&s.paths, session, s.now_ns);
}

#define UP SHOAL__OSS__PATH_STATE__PATH_UP
#define DOWN SHOAL__OSS__PATH_STATE__PATH_DOWN
#define UNKNOWN SHOAL__OSS__PATH_STATE__PATH_UNKNOWN

static void a_peer_that_answers_is_up(void **state)
{
	struct session session = session_to(1, GNB, 7);

	set(&session);
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
	pass(59 * SECOND);
	assert_int_equal(s.echoes, 0); // no more often than once a minute
	pass(3 * SECOND);
	assert_int_equal(s.echoes, 1);
	assert_int_equal(s.to, GNB);
	echo_from(GNB, (uint16_t)(s.sequence + 1)); // of no request
	echo_from(GNB + 1, s.sequence);             // of nobody's peer
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
	assert_int_equal(s.paths.strays, 2);
	echo_from(GNB, s.sequence);
	assert_int_equal(path_to(GNB)->state, UP);
	assert_int_equal(s.paths.stand, (1ull << 32) + 1);
	assert_int_equal(s.ups, 0); // it was not down
	pass(58 * SECOND);
	assert_int_equal(s.echoes, 1);
	pass(3 * SECOND);
	assert_int_equal(s.echoes, 2);
	paths_drop(&s.paths, &session);
	assert_null(path_to(GNB));
}

static void one_that_does_not_is_down_after_n3(void **state)
{
	struct session session = session_to(1, GNB, 7);
	uint16_t first;

	set(&session);
	pass(62 * SECOND);
	first = s.sequence;
	pass(10 * SECOND);
	assert_int_equal(s.echoes, 3);
	assert_int_equal(s.sequence, first); // the same request again
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
	pass(6 * SECOND);
	assert_int_equal(path_to(GNB)->state, DOWN);
	assert_int_equal(s.downs, 1);
	paths_drop(&s.paths, &session); // the SMF has given its tunnels up, and wants to hear of its recovery
	assert_non_null(path_to(GNB));
	pass(60 * SECOND);
	assert_int_equal(s.echoes, 4);
	echo_from(GNB, s.sequence);
	assert_int_equal(path_to(GNB)->state, UP);
	assert_int_equal(s.ups, 1);
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
	paths_drop(&s.paths, &session);
	pass(3590 * SECOND);
	assert_non_null(path_to(GNB));
	pass(20 * SECOND);
	assert_null(path_to(GNB));
	assert_int_equal(s.downs, 1);
}

// Time in which no answer could be heard says nothing of the peer: without a primary; when we ourselves were stopped.
static void deaf_time_does_not_count(void **state)
{
	struct session session = session_to(1, GNB, 7);

	set(&session);
	pass(62 * SECOND);
	s.able = false;
	pass(600 * SECOND);
	assert_int_equal(s.echoes, 1);
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
	s.able = true;
	s.now_ns += 600 * SECOND;
	paths_tick(&s.paths, s.now_ns, s.now_ns / 1000000, true);
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
	assert_int_equal(s.echoes, 1);
	echo_from(GNB, s.sequence);
	assert_int_equal(path_to(GNB)->state, UP);
}

static void nobody_is_asked_without_an_interval(void **state)
{
	struct session session = session_to(1, GNB, 7);

	s.paths.interval_ns = 0;
	set(&session);
	pass(200 * SECOND);
	assert_int_equal(s.echoes, 0);
	assert_int_equal(path_to(GNB)->state, UNKNOWN);
}

static void many_peers_are_asked_in_turn(void **state)
{
	static struct session session[3 * PATHS_ASKED];

	for (unsigned i = 0; i < 3 * PATHS_ASKED; i++) {
		session[i] = session_to(i + 1, GNB + i, 7);
		set(&session[i]);
	}
	assert_int_equal(s.paths.count, 3 * PATHS_ASKED);
	pass(64 * SECOND);
	assert_int_equal(s.echoes, 3 * PATHS_ASKED);
}

static void too_many_peers_are_counted(void **state)
{
	struct session *session = calloc(PATHS_MAX + 1, sizeof(*session));

	for (unsigned i = 0; i <= PATHS_MAX; i++) {
		session[i] = session_to(i + 1, GNB + i, 7);
		set(&session[i]);
	}
	assert_int_equal(s.paths.count, PATHS_MAX);
	assert_int_equal(s.paths.unsupervised, 1);
	assert_int_equal(session[PATHS_MAX].ends, 0);
	for (unsigned i = 0; i <= PATHS_MAX; i++)
		paths_drop(&s.paths, &session[i]);
	assert_int_equal(s.paths.count, 0);
	assert_int_equal(s.paths.end_count, 0);
	free(session);
}

static void an_error_finds_its_tunnel(void **state)
{
	struct session one = session_to(1, GNB, 7), two = session_to(2, GNB, 8), far = session_to(3, GNB + 1, 7);
	struct path_error error;

	set(&one);
	set(&two);
	set(&far);
	error_from(GNB, 8);
	assert_int_equal(s.lost, 1);
	assert_true(paths_error(&s.paths, &error));
	assert_int_equal(error.session, 2);
	assert_int_equal(error.teid, 8);
	assert_int_equal(be32_get(error.peer.address), GNB);
	assert_false(paths_error(&s.paths, &error));
	error_from(GNB, 9);
	error_from(GNB + 2, 7);
	assert_int_equal(s.paths.unknown, 2);
	assert_int_equal(s.lost, 1);
	assert_int_equal(path_to(GNB)->errors, 1);
}

static void an_error_is_told_once_until_things_change(void **state)
{
	struct session session = session_to(1, GNB, 7);

	set(&session);
	error_from(GNB, 7);
	error_from(GNB, 7);
	set(&session); // a change of something else
	error_from(GNB, 7);
	assert_int_equal(s.lost, 1);
	assert_int_equal(s.paths.repeated, 2);
	session.bearer.peer_ipv4 = 0; // idle,
	set(&session);
	error_from(GNB, 7);
	assert_int_equal(s.paths.unknown, 1);
	session.bearer.peer_ipv4 = GNB; // and back
	set(&session);
	error_from(GNB, 7);
	assert_int_equal(s.lost, 2);
	s.now_ns += 61 * SECOND;
	error_from(GNB, 7);
	assert_int_equal(s.lost, 3);
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
	assert_int_equal(s.paths.dropped, 1);
	for (unsigned i = 0; i < PATH_ERRORS; i++) {
		assert_true(paths_error(&s.paths, &error));
		assert_int_equal(error.session, i + 1);
	}
	error_from(GNB, PATH_ERRORS + 1); // with its next packet
	assert_true(paths_error(&s.paths, &error));
	assert_int_equal(error.session, PATH_ERRORS + 1);
	for (unsigned i = 0; i <= PATH_ERRORS; i++)
		paths_drop(&s.paths, &session[i]);
	free(session);
}

// Sessions whose rules stand in a sheet: two ways into tunnels, one of them twice, one that waits.
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
	assert_null(path_to(GNB + 1));
	assert_int_equal(paths_find(&s.paths, &peer)->tunnels, 1);
	memcpy(report.peer, peer.address, 16);
	paths_hear(&s.paths, &report, s.now_ns, 1);
	assert_int_equal(s.lost, 1);
	assert_int_equal(s.error.peer.family, 6);
	paths_drop(&s.paths, &session);
	assert_int_equal(s.paths.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_peer_that_answers_is_up),
		TEST(one_that_does_not_is_down_after_n3),
		TEST(a_peer_that_stays_down_is_forgotten),
		TEST(deaf_time_does_not_count),
		TEST(nobody_is_asked_without_an_interval),
		TEST(many_peers_are_asked_in_turn),
		TEST(too_many_peers_are_counted),
		TEST(an_error_finds_its_tunnel),
		TEST(an_error_is_told_once_until_things_change),
		TEST(too_many_errors_wait_for_nobody),
		TEST(every_tunnel_of_a_sheet_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
