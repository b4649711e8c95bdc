// test_aliases.c - whose foreign TEIDs are, and that the primary, played, ends up knowing just that.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/fleet/aliases.h"
#include "tests/unit/primary_play.h"

#define SLOTS 4u
#define TEIDS 40u // that are asked for, from 1 on
#define SESSIONS 8u

static struct grid grid;
static struct place place;
static struct sessions sessions;
static struct aliases aliases;
static struct session session[SESSIONS];

int fleet_order(struct fleet *fleet, const Shoal__Fleet__Order *order, fleet_done *done, void *with)
{
	primary_ordered(done);
	for (size_t i = 0; i < order->aliases->n_aliases; i++)
		primary.news[order->aliases->aliases[i]->teid] = order->aliases->aliases[i]->own;
	return 0;
}

static int begin(void **state)
{
	primary_begin();
	memset(session, 0, sizeof(session));
	grid_open(&grid, SLOTS);
	place = (struct place){ .grid = &grid };
	sessions = (struct sessions){ .place = &place };
	aliases_open(&aliases, &sessions);
	for (unsigned i = 0; i < SESSIONS; i++) {
		session[i].cell = cell_at(&grid, (uint8_t)i, 1);
		session[i].bearer.teid = shard_teid(16, 1, (uint8_t)i, grid.slot_bits);
		grid.cells[session[i].cell].session = &session[i];
	}
	return 0;
}

static int end(void **state)
{
	for (unsigned i = 0; i < SESSIONS; i++)
		free(session[i].alias);
	aliases_close(&aliases);
	grid_close(&grid);
	return 0;
}

static void a_teid_is_one_sessions(void **state)
{
	const uint32_t some[SHEET_TUNNELS] = { 10, 0, 20 }, other[SHEET_TUNNELS] = { 7, 8, 20 };
	uint32_t ours[SHEET_TUNNELS] = { 5 }, none[SHEET_TUNNELS] = { 0 }, taken, *had, *first;

	assert_int_equal(aliases_take(&aliases, &session[0], some, &had, &taken), 0);
	assert_null(had);
	assert_int_equal(aliases_take(&aliases, &session[1], other, &had, &taken), -EEXIST);
	assert_int_equal(taken, 20);
	assert_null(session[1].alias);
	ours[1] = sheet_tunnel_teid(session[3].bearer.teid, 9, grid.slot_bits);
	assert_int_equal(aliases_take(&aliases, &session[1], ours, &had, &taken), -EEXIST);
	assert_int_equal(taken, ours[1]);
	assert_int_equal(aliases.by_teid.count, 2);
	assert_int_equal(aliases_take(&aliases, &session[0], other, &first, &taken), 0);
	assert_int_equal(first[0], 10);
	assert_int_equal(aliases_take(&aliases, &session[1], some, &had, &taken), -EEXIST);
	aliases_undo(&aliases, &session[0], first);
	assert_ptr_equal(table_get(&aliases.by_teid, 10), &session[0]);
	assert_null(table_get(&aliases.by_teid, 7));
	assert_int_equal(aliases_take(&aliases, &session[0], none, &had, &taken), 0);
	free(had);
	assert_null(session[0].alias);
	assert_int_equal(aliases_take(&aliases, &session[1], some, &had, &taken), 0);
	assert_true(aliases_clash(&aliases, sheet_tunnel_teid(20, 3, grid.slot_bits)));
	assert_false(aliases_clash(&aliases, session[2].bearer.teid));
}

// The primary's table is never asked for more than it has room for.
static void there_are_only_so_many(void **state)
{
	uint32_t alias[SHEET_TUNNELS] = { 0 }, taken, *had;

	for (uint32_t i = 0; i < SLOTS * SHARDS; i++)
		assert_int_equal(table_put(&aliases.by_teid, 0x1000 + i, &session[7]), 0);
	alias[3] = 10;
	assert_int_equal(aliases_take(&aliases, &session[0], alias, &had, &taken), -ENOSPC);
	assert_null(session[0].alias);
	table_drop(&aliases.by_teid, 0x1000);
	assert_int_equal(aliases_take(&aliases, &session[0], alias, &had, &taken), 0);
}

static uint32_t own_of(uint32_t teid)
{
	const struct session *whose = table_get(&aliases.by_teid, teid);

	for (unsigned k = 0; whose && k < SHEET_TUNNELS; k++)
		if (whose->alias[k] == teid)
			return sheet_tunnel_teid(whose->bearer.teid, k, grid.slot_bits);
	return 0;
}

static void takes(struct session *one, const uint32_t alias[SHEET_TUNNELS])
{
	uint32_t *had, taken;

	assert_int_equal(aliases_take(&aliases, one, alias, &had, &taken), 0);
	aliases_say(&aliases, one->bearer.teid, had, one->alias);
	free(had);
}

// Who waits for all that has been said waits for no primary that had no need to hear it.
static void one_that_begins_anew_has_nothing_to_forget(void **state)
{
	const uint32_t some[SHEET_TUNNELS] = { 10 }, none[SHEET_TUNNELS] = { 0 };

	takes(&session[0], some);
	aliases_tell(&aliases, NULL);
	primary_answers(&aliases, true, 0);
	assert_int_equal(aliases.told, aliases.said);
	takes(&session[0], none);
	assert_true(aliases.told < aliases.said);
	aliases_again(&aliases);
	assert_int_equal(aliases.told, aliases.said);
	takes(&session[0], some);
	aliases_again(&aliases); // but what there is it has to hear
	assert_true(aliases.told < aliases.said);
}

// Changes at random, a primary that comes and goes, and orders and answers that are lost.
static void the_primary_knows_it_in_the_end(void **state)
{
	uint32_t taken;

	srand(5);
	for (unsigned round = 0; round < 20000; round++) {
		struct session *one = &session[(unsigned)rand() % SESSIONS];
		uint32_t has[SHEET_TUNNELS] = { 0 }, *had;

		for (unsigned k = 0; k < SHEET_TUNNELS; k++)
			has[k] = rand() % 4 ? 0 : 1 + (uint32_t)rand() % TEIDS;
		for (unsigned k = 0; k < SHEET_TUNNELS; k++)
			for (unsigned j = 0; j < k; j++)
				has[k] = has[k] == has[j] ? 0 : has[k];
		if (!aliases_take(&aliases, one, has, &had, &taken)) {
			if (rand() % 4 == 0) {
				aliases_undo(&aliases, one, had);
			} else {
				aliases_say(&aliases, one->bearer.teid, had, one->alias);
				free(had);
			}
		}
		if (rand() % 100 == 0) {
			memset(primary.own, 0, sizeof(primary.own));
			memset(primary.news, 0, sizeof(primary.news));
			aliases_again(&aliases);
		}
		primary.there = rand() % 3;
		if (rand() % 4 == 0) {
			bool heard = rand() % 2;

			primary_answers(&aliases, heard, heard && rand() % 2 ? 0 : -1);
		}
		for (uint32_t teid = 1; aliases.told == aliases.said && teid <= TEIDS; teid++)
			assert_int_equal(primary.own[teid], own_of(teid));
		aliases_tell(&aliases, NULL);
	}
	primary.there = true;
	for (unsigned i = 0; i < 10000 && aliases.told != aliases.said; i++) {
		primary_answers(&aliases, true, 0);
		aliases_tell(&aliases, NULL);
	}
	primary_answers(&aliases, true, 0);
	assert_int_equal(aliases.told, aliases.said);
	for (uint32_t teid = 1; teid <= TEIDS; teid++)
		assert_int_equal(primary.own[teid], own_of(teid));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(a_teid_is_one_sessions), CASE(there_are_only_so_many),
					    CASE(one_that_begins_anew_has_nothing_to_forget),
					    CASE(the_primary_knows_it_in_the_end) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
