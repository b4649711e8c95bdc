// test_release.c - which sessions' packets ctrl lets go, and which tunnels it ends: once what makes it so is in force.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ctrl/usage/measures.h"
#include "shared/base/log.h"
#include "tests/unit/release_stand.h"

static bool away;         // there is no primary
static unsigned orders;   // given
static uint32_t freed[8]; // the last one's cells,
static size_t frees;      // and how many
static struct release_peer ended[8];
static size_t ends;

static bool ordered(void *with, const Shoal__Fleet__Order *order)
{
	if (away)
		return false;
	orders++;
	frees = ends = 0;
	if (order->body_case == SHOAL__FLEET__ORDER__BODY_RELEASE)
		for (; frees < order->release->n_cells; frees++)
			freed[frees] = cell_at(&grid, (uint8_t)order->release->cells[frees]->shard,
					       order->release->cells[frees]->slot);
	else
		for (; ends < order->end_markers->n_markers; ends++)
			ended[ends] = (struct release_peer){ order->end_markers->markers[ends]->peer_ipv4,
							     order->end_markers->markers[ends]->teid,
							     { 0 } };
	return true;
}

static int setup(void **state)
{
	away = false;
	orders = 0;
	return release_stand_open(ordered, 0);
}

static void what_keeps_packets_is_known(void **state)
{
	struct sheet *forwards = sheet_of(SHEET_FORWARD), *buffers = sheet_of(SHEET_BUFFER);

	assert_false(release_keeps(NULL));
	assert_false(release_keeps(forwards));
	assert_true(release_keeps(buffers));
	free(forwards);
	free(buffers);
}

static void rules_in_force_let_packets_go_at_once(void **state)
{
	confirmed(5);
	rules_are(SHEET_FORWARD);
	release->cells = 0;
	release_go(release);
	assert_int_equal(orders, 0); // written, but not in force
	confirmed(6);
	release_go(release);
	assert_int_equal(orders, 1);
	assert_int_equal(frees, 1);
	assert_int_equal(freed[0], 9);
	release_answered(release, NULL);
	confirmed(7);
	release_go(release);
	assert_int_equal(orders, 1); // once
}

// What keeps packets comes into force while what lets them go is with the disk.
static void rules_are_those_that_are_durable(void **state)
{
	struct cell_was was = { &session, { 0 }, sheet_of(SHEET_BUFFER) };

	rules_are(SHEET_FORWARD);
	confirmed(5);
	release->cells = 0;
	grid.cells[9].number = 6;
	grid.cells[9].was = &was;
	confirmed(6);
	says(1, 1);
	assert_int_equal(orders, 0);
	grid.cells[9].number = 7;
	grid.cells[9].was = NULL;
	confirmed(7);
	release_go(release);
	assert_int_equal(orders, 1);
	assert_int_equal(freed[0], 9);
	free(was.sheet);
}

static void the_sessions_end_lets_them_go_too(void **state)
{
	grid.cells[9].session = NULL;
	confirmed(6);
	release_go(release);
	assert_int_equal(frees, 1);
}

// The prompt order was lost: with ctrl, with the primary.
static void what_the_primary_has_nevertheless_is_found(void **state)
{
	says(1, 1);
	assert_int_equal(orders, 0); // its rules want that
	rules_are(SHEET_FORWARD);
	push->shard[1].acked = chain_seq(4, CHAIN_CHANGE);
	says(1, 1);
	assert_int_equal(orders, 0); // not in force
	push->shard[1].acked = chain_seq(5, CHAIN_CHANGE);
	says(1, 1);
	assert_int_equal(orders, 1);
	release_answered(release, NULL);
	says(1, 1);
	assert_int_equal(orders, 2); // as long as it says so
	release_answered(release, NULL);
	says(7, 3);
	assert_int_equal(freed[0], 7 * SLOTS + 3); // nobody's
	release_answered(release, NULL);
	says(1, SLOTS);
	says(SHARDS, 0);
	assert_int_equal(orders, 3);
	release_state(release, NULL);
}

// Whether packets that are kept for longer were let go so that they wait anew, by rules that say so, nobody knows after a start.
static void what_waits_longer_is_told_so_again(void **state)
{
	struct measured measured = { .state = { .kept_ms = 1 } };

	release_go(release);
	assert_int_equal(orders, 0);
	session.measured = &measured;
	release_close(release);
	assert_int_equal(release_open(release), 0);
	release_go(release);
	assert_int_equal(orders, 1);
	assert_int_equal(frees, 1);
	assert_int_equal(freed[0], 9);
	session.measured = NULL;
}

static void orders_wait_for_a_primary_and_for_its_answer(void **state)
{
	away = true;
	rules_are(SHEET_FORWARD);
	confirmed(6);
	release_go(release);
	assert_int_equal(release->cells, 1);
	away = false;
	release_go(release);
	assert_int_equal(orders, 1);
	says(7, 3);
	says(7, 4);
	assert_int_equal(orders, 1);
	release_answered(release, NULL);
	release_go(release);
	assert_int_equal(orders, 2);
	assert_int_equal(frees, 2);
}

static const struct release_peer peer = { 0x0a000001, 77, { 0 } };

static void markers_wait_for_their_change(void **state)
{
	rules_are(SHEET_FORWARD);
	confirmed(5);
	release->cells = 0;
	release_leave(release, 9, 6, &peer, 1);
	release_go(release);
	assert_int_equal(orders, 0); // decided
	release_settle(release, true);
	release_go(release);
	assert_int_equal(orders, 0); // durable
	grid.cells[9].number = 6;
	release_go(release);
	assert_int_equal(orders, 0); // under way
	confirmed(6);
	release_go(release);
	assert_int_equal(orders, 1);
	assert_int_equal(ends, 1);
	assert_memory_equal(&ended[0], &peer, sizeof(peer));
	release_answered(release, NULL);
	release_go(release);
	assert_int_equal(orders, 1);
}

// Its number is another change's then.
static void a_change_that_is_undone_ends_no_tunnel(void **state)
{
	rules_are(SHEET_FORWARD);
	confirmed(5);
	release->cells = 0;
	release_leave(release, 9, 6, &peer, 1);
	release_settle(release, false);
	grid.cells[9].number = 6;
	confirmed(6);
	release_go(release);
	assert_int_equal(orders, 0);
}

struct written {
	Shoal__Oss__Session session;
	Shoal__Oss__Rule rule[3], *rules[3];
	Shoal__Oss__Forward forward[3];
};

static void write_rules(struct written *w, const uint32_t teid[3], bool end)
{
	shoal__oss__session__init(&w->session);
	for (unsigned i = 0; i < 3; i++) {
		shoal__oss__rule__init(&w->rule[i]);
		shoal__oss__forward__init(&w->forward[i]);
		w->forward[i].peer_ipv4 = teid[i] ? 0x0a000001 : 0;
		w->forward[i].peer_teid = teid[i];
		w->forward[i].end_marker = end;
		w->rule[i].id = i + 1;
		w->rule[i].forward = &w->forward[i];
		w->rules[i] = &w->rule[i];
	}
	w->session.n_rules = 3;
	w->session.rules = w->rules;
}

static void tunnels_end_that_rules_leave_and_say_so(void **state)
{
	struct release_peer left[RELEASE_PEERS];
	struct written before, after;

	write_rules(&before, (uint32_t[]){ 7, 7, 8 }, false);
	write_rules(&after, (uint32_t[]){ 9, 9, 8 }, true);
	assert_int_equal(release_left(&before.session, &after.session, left),
			 1); // one of two rules', and the third stays
	assert_int_equal(left[0].teid, 7);
	write_rules(&after, (uint32_t[]){ 9, 9, 9 }, false);
	assert_int_equal(release_left(&before.session, &after.session, left), 0); // nobody asks
	write_rules(&after, (uint32_t[]){ 9, 0, 9 }, true);
	assert_int_equal(release_left(&before.session, &after.session, left), 2);
	after.rule[0].id = after.rule[1].id = after.rule[2].id = 99;
	assert_int_equal(release_left(&before.session, &after.session, left), 0); // new rules
	write_rules(&before, (uint32_t[]){ 0, 0, 0 }, false);
	write_rules(&after, (uint32_t[]){ 9, 9, 9 }, true);
	assert_int_equal(release_left(&before.session, &after.session, left), 0); // there was no tunnel
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_keeps_packets_is_known),
		cmocka_unit_test_setup_teardown(rules_in_force_let_packets_go_at_once, setup, release_stand_close),
		cmocka_unit_test_setup_teardown(rules_are_those_that_are_durable, setup, release_stand_close),
		cmocka_unit_test_setup_teardown(the_sessions_end_lets_them_go_too, setup, release_stand_close),
		cmocka_unit_test_setup_teardown(what_the_primary_has_nevertheless_is_found, setup, release_stand_close),
		cmocka_unit_test_setup_teardown(what_waits_longer_is_told_so_again, setup, release_stand_close),
		cmocka_unit_test_setup_teardown(orders_wait_for_a_primary_and_for_its_answer, setup,
						release_stand_close),
		cmocka_unit_test_setup_teardown(markers_wait_for_their_change, setup, release_stand_close),
		cmocka_unit_test_setup_teardown(a_change_that_is_undone_ends_no_tunnel, setup, release_stand_close),
		cmocka_unit_test(tunnels_end_that_rules_leave_and_say_so),
	};

	log_open("test", "error");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
