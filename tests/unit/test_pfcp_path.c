// test_pfcp_path.c - GTP-U paths that fail and come back, told to everybody who is associated. Clock, socket and controller are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/pfcp_play.h"
#include "ctrl/pfcp/codec/ie_get.h"

// Peer 1 is associated and has answered its heartbeat, so that the next one is far.
static struct play *associated(void **state)
{
	struct play *play = *state;
	struct word beat = { PFCP_HEARTBEAT_RESPONSE, 1, 0, 1000, false, true, NULL, 0, 0, NULL };

	associate(play);
	at(play, 1);
	beat.sequence = play->header.sequence;
	say(play, &beat);
	return play;
}

static void path(struct play *play, uint8_t last, bool down)
{
	const struct remote to = { .bytes = { 192, 0, 2, last }, .family = 4, .socket = REMOTE_ANY };

	node_path(&play->node, &to, down, false);
	node_tick(&play->node, play->node.now_ns);
}

// The peers in the report's group of that type: their last octets as bits.
static uint64_t told_of(const struct play *play, unsigned type)
{
	const struct pfcp_ie *group = pfcp_first(&play->tree, NULL, type), *ie;
	struct pfcp_address address;
	uint64_t bits = 0;

	for (ie = group ? pfcp_first(&play->tree, group, PFCP_IE_REMOTE_GTP_U_PEER) : NULL; ie;
	     ie = pfcp_again(&play->tree, ie)) {
		assert_int_equal(pfcp_get_address(ie, &address), 0);
		assert_true(address.has_ipv4 && address.ipv4 >> 8 == 0xc00002);
		bits |= 1ull << (address.ipv4 & 0x3f);
	}
	return bits;
}

static void assert_report(const struct play *play, uint64_t failed, uint64_t back)
{
	uint64_t type = pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_NODE_REPORT_TYPE));

	assert_int_equal(play->header.type, PFCP_NODE_REPORT_REQUEST);
	assert_int_equal(play->to.port, 8805);
	assert_int_equal(type, (failed ? PFCP_NODE_REPORT_TYPE_UPFR : 0) | (back ? PFCP_NODE_REPORT_TYPE_UPRR : 0));
	assert_int_equal(told_of(play, PFCP_IE_USER_PLANE_PATH_FAILURE_REPORT), failed);
	assert_int_equal(told_of(play, PFCP_IE_USER_PLANE_PATH_RECOVERY_REPORT), back);
}

// Of that one path of many: it has failed.
static void assert_report_of(const struct play *play, unsigned i)
{
	const struct pfcp_ie *group = pfcp_first(&play->tree, NULL, PFCP_IE_USER_PLANE_PATH_FAILURE_REPORT);
	const struct pfcp_ie *ie = group ? pfcp_first(&play->tree, group, PFCP_IE_REMOTE_GTP_U_PEER) : NULL;
	struct pfcp_address address;

	assert_non_null(ie);
	assert_int_equal(pfcp_get_address(ie, &address), 0);
	assert_int_equal(address.ipv4, 10u << 24 | i);
	assert_null(pfcp_again(&play->tree, ie));
}

static void heard(struct play *play, uint8_t cause)
{
	const struct word answer = {
		PFCP_NODE_REPORT_RESPONSE, 1, play->header.sequence, 0, true, false, NULL, 0, cause, NULL
	};

	say(play, &answer);
	node_tick(&play->node, play->node.now_ns);
}

static void a_failure_and_a_recovery_are_told_once(void **state)
{
	struct play *play = associated(state);
	unsigned before = play->sent;

	path(play, 1, false); // it was never down
	assert_int_equal(play->sent, before);
	path(play, 1, true);
	assert_report(play, 1 << 1, 0);
	heard(play, PFCP_CAUSE_ACCEPTED);
	path(play, 1, true);
	assert_int_equal(play->sent, before + 1);
	path(play, 1, false);
	assert_report(play, 0, 1 << 1);
	heard(play, PFCP_CAUSE_ACCEPTED);
	path(play, 1, false);
	assert_int_equal(play->sent, before + 2);
	assert_int_equal(play->node.tally[TALLY_NODE_REPORTS_TOLD], 2);
}

static void what_changes_under_way_is_told_next(void **state)
{
	struct play *play = associated(state);
	unsigned before = play->sent;

	path(play, 1, true);
	path(play, 2, true);
	path(play, 3, true);
	path(play, 3, false); // nobody has heard of it
	path(play, 1, false);
	assert_int_equal(play->sent, before + 1);
	assert_report(play, 1 << 1, 0);
	heard(play, PFCP_CAUSE_ACCEPTED);
	assert_report(play, 1 << 2, 1 << 1);
	heard(play, PFCP_CAUSE_SERVICE_NOT_SUPPORTED); // once is enough
	assert_int_equal(play->sent, before + 2);
	assert_int_equal(play->node.tally[TALLY_NODE_REPORTS_REFUSED], 1);
}

static void silence_and_congestion_are_asked_again(void **state)
{
	struct play *play = associated(state);
	unsigned reports = 0;

	path(play, 1, true);
	heard(play, PFCP_CAUSE_CONGESTION);
	play->header.type = 0;
	at(play, 10);
	assert_int_equal(play->header.type, 0);
	at(play, 11); // a heartbeat first
	assert_report(play, 1 << 1, 0);
	for (uint64_t second = 12; second < 60; second++) {
		play->header.type = 0;
		at(play, second);
		reports += play->header.type == PFCP_NODE_REPORT_REQUEST;
	}
	assert_true(reports >= 4);
	assert_int_equal(play->node.tally[TALLY_NODE_REPORTS_LATER], 3);
	heard(play, PFCP_CAUSE_ACCEPTED);
}

static void who_associates_later_hears_what_is_down(void **state)
{
	struct play *play = *state;

	path(play, 1, true);
	path(play, 2, true);
	path(play, 2, false);
	associate(play);
	at(play, 1);
	assert_report(play, 1 << 1, 0);
	heard(play, PFCP_CAUSE_ACCEPTED);
}

static void an_earlier_process_may_have_told_it(void **state)
{
	const struct remote to = { .bytes = { 192, 0, 2, 5 }, .family = 4, .socket = REMOTE_ANY };
	struct play *play = associated(state);

	node_path(&play->node, &to, false, true);
	at(play, 1);
	assert_report(play, 0, 1 << 5);
	heard(play, PFCP_CAUSE_ACCEPTED);
}

static void path_of_many(struct play *play, unsigned i, bool down)
{
	struct remote to = { .bytes = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i }, .family = 4 };

	to.socket = REMOTE_ANY;
	node_path(&play->node, &to, down, false);
}

// Counts for each path how often it is in the report's group of that type.
static void count_told(const struct play *play, unsigned type, uint8_t *times)
{
	const struct pfcp_ie *group = pfcp_first(&play->tree, NULL, type), *ie;
	struct pfcp_address address;

	for (ie = group ? pfcp_first(&play->tree, group, PFCP_IE_REMOTE_GTP_U_PEER) : NULL; ie;
	     ie = pfcp_again(&play->tree, ie)) {
		assert_int_equal(pfcp_get_address(ie, &address), 0);
		times[address.ipv4 & 0xffffff]++;
	}
}

// Answers reports as long as some come; each path was in just one of them.
static void assert_all_told(struct play *play, unsigned type, unsigned paths)
{
	static uint8_t times[TELLING_PATHS + 1];
	unsigned before = play->sent;

	memset(times, 0, sizeof(times));
	node_tick(&play->node, play->node.now_ns);
	for (unsigned sent = before; play->sent != sent;) {
		sent = play->sent;
		count_told(play, type, times);
		heard(play, PFCP_CAUSE_ACCEPTED);
	}
	assert_int_equal(play->sent - before, (paths + TELLING_REPORT - 1) / TELLING_REPORT);
	for (unsigned i = 0; i < paths; i++)
		assert_int_equal(times[i], 1);
}

static void thousands_are_told_each(void **state)
{
	struct play *play = associated(state);

	for (unsigned i = 0; i <= TELLING_PATHS; i++)
		path_of_many(play, i, true);
	assert_int_equal(play->node.tally[TALLY_PATHS_UNTOLD], 1);
	assert_all_told(play, PFCP_IE_USER_PLANE_PATH_FAILURE_REPORT, TELLING_PATHS);
	for (unsigned i = 0; i <= TELLING_PATHS; i++)
		path_of_many(play, i, false);
	assert_all_told(play, PFCP_IE_USER_PLANE_PATH_RECOVERY_REPORT, TELLING_PATHS);
	at(play, 2); // those places are others' now
	path_of_many(play, TELLING_PATHS, true);
	assert_int_equal(play->node.tally[TALLY_PATHS_UNTOLD], 1);
	node_tick(&play->node, play->node.now_ns);
	assert_report_of(play, TELLING_PATHS);
}

// As many paths as a report takes go down and up all the time; that another is up again is told, too.
static void who_comes_and_goes_keeps_nobody_from_being_told(void **state)
{
	struct play *play = associated(state);
	static uint8_t times[TELLING_REPORT + 1];

	memset(times, 0, sizeof(times));
	for (unsigned i = 0; i <= TELLING_REPORT; i++)
		path_of_many(play, i, true);
	assert_all_told(play, PFCP_IE_USER_PLANE_PATH_FAILURE_REPORT, TELLING_REPORT + 1);
	path_of_many(play, TELLING_REPORT, false);
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < TELLING_REPORT; i++)
			path_of_many(play, i, round % 2);
		if (round)
			heard(play, PFCP_CAUSE_ACCEPTED);
		node_tick(&play->node, play->node.now_ns);
		count_told(play, PFCP_IE_USER_PLANE_PATH_RECOVERY_REPORT, times);
	}
	assert_int_equal(times[TELLING_REPORT], 1);
}

static void what_is_forgotten_under_way_is_not_told_of_another(void **state)
{
	struct play *play = associated(state);

	path_of_many(play, 1, true);
	path_of_many(play, 3, true);
	node_tick(&play->node, play->node.now_ns);
	play->node.now_ns += 3601 * 1000000000ull;
	path_of_many(play, 3, true); // it is spoken of
	play->node.places.turn = 0;
	path_of_many(play, 2, true); // in the first one's place
	assert_int_equal(path_places_find(&play->node.places, &(struct remote){ { 10, 0, 0, 2 }, .family = 4 }), 0);
	heard(play, PFCP_CAUSE_ACCEPTED);
	assert_report_of(play, 2);
	heard(play, PFCP_CAUSE_ACCEPTED);
	path_of_many(play, 3, false); // which has been told of
	node_tick(&play->node, play->node.now_ns);
	assert_int_equal(pfcp_flags(pfcp_first(&play->tree, NULL, PFCP_IE_NODE_REPORT_TYPE)),
			 PFCP_NODE_REPORT_TYPE_UPRR);
}

// It leaves while a report is under way: nobody waits for the answer.
static void who_leaves_is_told_nothing(void **state)
{
	const struct word release = { PFCP_ASSOCIATION_RELEASE_REQUEST, 1, 8, 0, true, false, NULL, 0, 0, NULL };
	struct play *play = associated(state);
	uint32_t sequence;

	path(play, 1, true);
	sequence = play->header.sequence;
	say(play, &release);
	ctrl_notes(play, true);
	play->header.sequence = sequence;
	heard(play, PFCP_CAUSE_ACCEPTED);
	assert_int_equal(play->node.tally[TALLY_NODE_REPORTS_TOLD], 0);
	assert_int_equal(play->node.tally[TALLY_UNEXPECTED], 1);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, play_open, play_close)
	const struct CMUnitTest tests[] = {
		ONE(a_failure_and_a_recovery_are_told_once),
		ONE(what_changes_under_way_is_told_next),
		ONE(silence_and_congestion_are_asked_again),
		ONE(who_associates_later_hears_what_is_down),
		ONE(an_earlier_process_may_have_told_it),
		ONE(thousands_are_told_each),
		ONE(who_comes_and_goes_keeps_nobody_from_being_told),
		ONE(what_is_forgotten_under_way_is_not_told_of_another),
		ONE(who_leaves_is_told_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
