// test_exceptions.c - what the primary, played, is told of addresses that it does not find their sessions by.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/fleet/exceptions.h"
#include "shared/base/log.h"
#include "tests/unit/primary_play.h"

#define SESSIONS 3u
#define TOLD_MOST 8u

static const uint32_t ipv4 = 0x0a2d0007; // in the pools of both networks
static const uint64_t ipv6 = 0x20010db800450042;

static struct conf conf;
static struct grid grid;
static struct place place;
static struct sessions sessions;
static struct session session[SESSIONS];
static bool changed, deaf;
static uint64_t said, known;
static struct exceptions exceptions = {
	.sessions = &sessions, .changed = &changed, .deaf = &deaf, .said = &said, .told = &known
};
static Shoal__Fleet__Exception told[TOLD_MOST];
static unsigned tellings, count;
static Shoal__Fleet__Order__BodyCase kind;

int fleet_order(struct fleet *fleet, const Shoal__Fleet__Order *order, fleet_done *done, void *with)
{
	primary_ordered(done);
	tellings++;
	kind = order->body_case;
	count = (unsigned)order->exceptions->n_exceptions;
	assert_in_range(count, 0, TOLD_MOST);
	for (unsigned i = 0; i < count; i++)
		told[i] = *order->exceptions->exceptions[i];
	return 0;
}

static void begin(unsigned networks)
{
	const char *name[] = { "", networks > 0 ? "one" : "", networks > 1 ? "other" : networks ? "one" : "" };
	unsigned bad;

	primary_begin();
	memset(session, 0, sizeof(session));
	conf = (struct conf){ .ports = 3, .pools = 2, .foreign_slots = 2 };
	for (unsigned i = 0; i < 2; i++) {
		conf.pool[i] = (struct conf_pool){ "", ipv4 & ~0xffu, 24, ipv6 & ~0xffull, 56, "" };
		strcpy(conf.pool[i].dnn, i ? "ims" : "internet");
		strcpy(conf.pool[i].network, name[1 + i]);
		strcpy(conf.port[1 + i].network, name[1 + i]);
	}
	if (networks < 2)
		conf.pools = 1;
	assert_int_equal(grid_open(&grid, (uint32_t)place_lay(&place, &conf, &bad)), 0);
	place.grid = &grid;
	place_fill(&place);
	assert_int_equal(sessions_open(&sessions, &place), 0);
	changed = true;
	deaf = exceptions.asked = false;
	tellings = 0;
}

static int end(void **state)
{
	for (unsigned i = 0; i < SESSIONS; i++)
		if (session[i].id)
			session_leave(&sessions, &session[i]);
	sessions_close(&sessions);
	grid_close(&grid);
	return 0;
}

static void enter(unsigned i, unsigned dnn, uint32_t cell, uint32_t address, uint64_t prefix)
{
	session[i] = (struct session){ .id = i + 1, .identity = session_anonymous(dnn), .owner = 7, .cell = cell };
	session[i].bearer.ue_ipv4 = address;
	session[i].bearer.ue_ipv6 = prefix;
	session[i].bearer.teid = shard_teid(9, cell_slot(&grid, cell), cell_shard(&grid, cell), grid.slot_bits);
	assert_int_equal(session_enter(&sessions, &session[i]), 0);
}

static void tick(int error)
{
	exceptions.rest_ns = 0;
	exceptions_tell(&exceptions, NULL);
	primary_answers(&exceptions, !error, error);
}

static void is_told(unsigned i, uint32_t address, uint64_t prefix, uint32_t teid, uint8_t shard)
{
	assert_int_equal(told[i].ipv4, address);
	assert_true(told[i].ipv6 == prefix);
	assert_int_equal(told[i].teid, teid);
	assert_int_equal(told[i].shard, shard);
}

// An address of its session's place is none, of either family.
static void each_network_has_its_own(void **state)
{
	uint32_t beside;

	begin(2);
	beside = shard_pool_ipv4(&place.pool[1], 0, shard_of_ipv4(ipv4) ^ 1);
	enter(0, 0, place_of_ipv4(&place, 0, ipv4), ipv4, ipv6);
	enter(1, 1, place_of_ipv6(&place, 1, ipv6), ipv4, ipv6);
	enter(2, 1, place_of_ipv4(&place, 1, beside), beside, 0);
	tick(0);
	assert_int_equal(kind, SHOAL__FLEET__ORDER__BODY_EXCEPTIONS_APART);
	assert_int_equal(count, 2);
	is_told(0, ipv4, 0, session[1].bearer.teid, shard_of_ipv6(ipv6));
	is_told(1, 0, ipv6, session[0].bearer.teid, shard_of_ipv4(ipv4));
	assert_int_equal(session[0].told + session[1].told + session[2].told, 2);
	assert_true(session[0].apart && session[1].apart && !session[2].apart);
	tick(0);
	assert_int_equal(tellings, 1);
	end(state);
}

// One network, or none: an IPv4 address is never told, a prefix where it hashes elsewhere.
static void where_there_is_one_it_is_the_shard(void **state)
{
	for (unsigned networks = 0; networks < 2; networks++) {
		begin(networks);
		enter(0, 0, place_of_ipv4(&place, 0, ipv4), ipv4, ipv6);
		enter(1, 0, place_of_ipv4(&place, 0, ipv4 + 1), ipv4 + 1,
		      shard_pool_ipv6(&place.pool[0], 0, shard_of_ipv4(ipv4 + 1)));
		enter(2, 0, cell_at(&grid, shard_of_ipv4(ipv4 + 2), place.foreign_first), ipv4 + 2, 0);
		tick(0);
		assert_int_equal(kind, networks ? SHOAL__FLEET__ORDER__BODY_EXCEPTIONS_APART
						: SHOAL__FLEET__ORDER__BODY_EXCEPTIONS);
		assert_int_equal(count, 1);
		is_told(0, 0, ipv6, networks ? session[0].bearer.teid : 0, shard_of_ipv4(ipv4));
		assert_false(session[0].apart);
		end(state);
	}
}

static void an_older_primary_is_asked_once(void **state)
{
	begin(2);
	tick(EBADMSG);
	assert_true(deaf);
	tick(0);
	assert_int_equal(tellings, 1);
	exceptions_again(&exceptions); // another one
	tick(-1);                      // is gone before it has answered
	assert_false(deaf);
	tick(ENOMEM);
	assert_false(deaf);
	tick(0);
	assert_int_equal(tellings, 4);
	assert_false(changed);
	end(state);
}

// What was said behind the table that is under way, or in one that was not taken, the primary does not have.
static void it_is_known_what_the_primary_has(void **state)
{
	begin(2);
	said = 3;
	known = 0;
	exceptions.rest_ns = 0;
	exceptions_tell(&exceptions, NULL);
	said = 5;
	changed = true;
	exceptions_tell(&exceptions, NULL);
	assert_int_equal(tellings, 1);
	assert_int_equal(known, 0);
	primary_answers(&exceptions, true, 0);
	assert_int_equal(known, 3);
	tick(ENOMEM);
	assert_int_equal(known, 3);
	exceptions_tell(&exceptions, NULL);
	assert_int_equal(tellings, 2); // not at once again
	tick(0);
	assert_int_equal(known, 5);
	assert_int_equal(tellings, 3);
	end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_network_has_its_own),
		cmocka_unit_test(where_there_is_one_it_is_the_shard),
		cmocka_unit_test(an_older_primary_is_asked_once),
		cmocka_unit_test(it_is_known_what_the_primary_has),
	};

	log_open("test", "error");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
