// test_framed_routes.c - whose networks behind subscribers are, and that the primary, played, ends up knowing just that.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/fleet/framed.h"
#include "tests/unit/primary_play.h"

#define SESSIONS 8u
#define NETWORKS 32u // 10.0.0.0/24 and on
#define DOMAINS 2u   // of sessions in turn

static struct conf conf;
static struct grid grid;
static struct place place;
static struct sessions sessions;
static struct framed framed;
static struct session session[SESSIONS];

static unsigned network_of(uint64_t low)
{
	return (unsigned)(low >> 8) % NETWORKS;
}

// What the played primary knows a network by: whose it is, or was, says in which domain.
static unsigned key_of(uint64_t low, uint32_t teid)
{
	return (teid - 1) % DOMAINS * NETWORKS + network_of(low);
}

int fleet_order(struct fleet *fleet, const Shoal__Fleet__Order *order, fleet_done *done, void *with)
{
	primary_ordered(done);
	assert_int_equal(order->body_case,
			 place.networks ? SHOAL__FLEET__ORDER__BODY_FRAMED_APART : SHOAL__FLEET__ORDER__BODY_FRAMED);
	for (size_t i = 0; i < order->framed_apart->n_routes; i++) {
		const Shoal__Fleet__Framed *route = order->framed_apart->routes[i];

		assert_true(!route->own != !route->was);
		primary.news[key_of(route->low, route->own ? route->own : route->was)] = route->own;
	}
	return 0;
}

static struct prefix at(unsigned network)
{
	return prefix_ipv4(0x0a000000 + network * 256, 24);
}

static int begin(void **state)
{
	primary_begin();
	memset(session, 0, sizeof(session));
	memset(&conf, 0, sizeof(conf));
	conf.pools = 2;
	conf.pool[0] = (struct conf_pool){
		.ipv4 = 0x0a2d0000, .ipv4_len = 16, .ipv6 = 0x20010db800000000, .ipv6_len = 48, .network = "one"
	};
	conf.pool[1] = (struct conf_pool){ .ipv4 = 0x0a2e0000, .ipv4_len = 16, .network = "other" };
	conf.ports = 3;
	for (uint8_t port = 0; port < conf.ports; port++) {
		conf.port[port].addresses = 1;
		conf.port[port].address[0] = (struct conf_address){ { 10, 99, 6 + port, 1 }, 4, 24 };
		strcpy(conf.port[port].network, (const char *[]){ "", "one", "other" }[port]);
	}
	grid_open(&grid, 4);
	place = (struct place){ .grid = &grid, .pools = 2, .networks = true, .domain = { 0, 1 } };
	sessions_open(&sessions, &place);
	framed_open(&framed, &conf, &sessions);
	for (unsigned i = 0; i < SESSIONS; i++) {
		session[i].bearer.teid = i + 1;
		session[i].identity = session_anonymous(i % DOMAINS);
	}
	return 0;
}

static int end(void **state)
{
	for (unsigned i = 0; i < SESSIONS; i++)
		free(session[i].framed);
	framed_close(&framed);
	sessions_close(&sessions);
	grid_close(&grid);
	return 0;
}

static int takes(unsigned who, const struct prefix *prefix, unsigned count)
{
	struct framed_wish wish = { prefix, count, 0 };
	struct framed_list *had = NULL;
	int error = framed_take(&framed, &session[who], &wish, &had);

	if (!error)
		framed_say(&framed, session[who].bearer.teid, had, session[who].framed);
	free(had);
	return error;
}

static int takes_one(unsigned who, struct prefix prefix)
{
	return takes(who, &prefix, 1);
}

// Sessions of one domain.
static void it_is_one_sessions(void **state)
{
	const struct prefix some[] = { at(1), at(3), prefix_ipv4(0x0a000180, 25) };
	const struct prefix two[] = { at(5), at(3) };
	struct framed_wish wish = { two, 2, 0 }, none = { 0 };
	struct framed_list *had;

	assert_int_equal(takes(0, some, 3), 0);
	assert_int_equal(framed.count, 2); // the third lies in the first
	assert_int_equal(takes_one(2, at(1)), -EEXIST);
	assert_int_equal(takes_one(2, prefix_ipv4(0x0a000180, 26)), -EEXIST);
	assert_int_equal(takes_one(2, prefix_ipv4(0x0a000000, 14)), -EEXIST);
	assert_int_equal(takes_one(2, at(2)), 0);
	assert_int_equal(takes_one(0, prefix_ipv4(0x0a000100, 30)), 0); // its own, in part
	assert_int_equal(takes_one(4, at(3)), 0);
	assert_ptr_equal(framed_whose(&framed, 0, &some[1]), &session[4]);
	assert_int_equal(framed_take(&framed, &session[2], &wish, &had), -EEXIST);
	assert_int_equal(wish.at, 1);
	assert_null(framed_whose(&framed, 0, &(struct prefix){ .low = at(5).low, .length = 120 }));
	assert_int_equal(framed_take(&framed, &session[2], &none, &had), 0);
	assert_int_equal(framed.count, 2);
	framed_undo(&framed, &session[2], had);
	assert_int_equal(takes_one(6, at(2)), -EEXIST);
}

static void where_no_network_is_named_there_is_one_domain(void **state)
{
	for (unsigned i = 0; i < conf.pools; i++)
		conf.pool[i].network[0] = '\0';
	for (unsigned i = 0; i < conf.ports; i++)
		conf.port[i].network[0] = '\0';
	place.networks = false;
	place.domain[1] = 0;
	assert_int_equal(takes_one(0, at(1)), 0);
	assert_int_equal(takes_one(1, at(1)), -EEXIST);
	assert_int_equal(takes_one(1, prefix_ipv4(0x0a2d0000, 16)), -EEXIST);
	assert_int_equal(takes_one(1, prefix_ipv4(0x0a630700, 24)), -EEXIST);
	framed_tell(&framed, NULL);
	primary_answers(&framed, true, 0);
	assert_int_equal(framed.told, framed.said);
}

static void each_domain_has_its_own(void **state)
{
	const struct prefix same = at(1);

	assert_int_equal(takes_one(0, at(1)), 0);
	assert_int_equal(takes_one(1, at(1)), 0);
	assert_int_equal(takes_one(3, prefix_ipv4(0x0a000000, 14)), -EEXIST);
	assert_int_equal(takes_one(3, prefix_ipv4(0x0a000180, 26)), -EEXIST);
	assert_int_equal(takes_one(3, at(2)), 0);
	assert_int_equal(takes_one(2, at(2)), 0);
	assert_ptr_equal(framed_whose(&framed, 0, &same), &session[0]);
	assert_ptr_equal(framed_whose(&framed, 1, &same), &session[1]);
	assert_int_equal(takes(0, NULL, 0), 0);
	assert_null(framed_whose(&framed, 0, &same));
	assert_ptr_equal(framed_whose(&framed, 1, &same), &session[1]);
	assert_int_equal(takes_one(3, at(1)), -EEXIST);
	assert_int_equal(takes_one(2, at(1)), 0);
	assert_int_equal(framed.count, 3);
}

// The radio side's ports are everybody's.
static void pools_and_ports_of_another_domain_may_be_behind_one(void **state)
{
	assert_int_equal(takes_one(0, prefix_ipv4(0x0a2e0000, 16)), 0);
	assert_int_equal(takes_one(1, prefix_ipv4(0x0a2e0700, 24)), -EEXIST);
	assert_int_equal(takes_one(1, prefix_ipv4(0x0a2d0000, 16)), 0);
	assert_int_equal(takes_one(1, (struct prefix){ .high = 0x20010db800000077, .length = 64 }), 0);
	assert_int_equal(takes_one(0, prefix_ipv4(0x0a630700, 24)), -EEXIST);
	assert_int_equal(takes_one(0, prefix_ipv4(0x0a630800, 24)), 0);
	assert_int_equal(takes_one(1, prefix_ipv4(0x0a630700, 24)), 0);
	assert_int_equal(takes_one(1, prefix_ipv4(0x0a630800, 24)), -EEXIST);
	assert_int_equal(takes_one(1, prefix_ipv4(0x0a630600, 24)), -EEXIST);
}

static void pools_ports_and_addresses_are_not_behind_anybody(void **state)
{
	struct session other = { .bearer = { .ue_ipv4 = 0xcb007105, .ue_ipv6 = 0x20010db800070005 } };

	assert_int_equal(takes_one(0, prefix_ipv4(0x0a2d0700, 24)), -EEXIST);
	assert_int_equal(takes_one(0, prefix_ipv4(0x0a000000, 8)), -EEXIST);
	assert_int_equal(takes_one(0, (struct prefix){ .high = 0x20010db800000077, .length = 64 }), -EEXIST);
	assert_int_equal(takes_one(0, (struct prefix){ .high = 0x20010db800000000, .length = 32 }), -EEXIST);
	assert_int_equal(takes_one(0, prefix_ipv4(0x0a630680, 25)), -EEXIST);
	assert_int_equal(table_put(&sessions.by_ipv4, other.bearer.ue_ipv4, &other), 0);
	assert_int_equal(table_put(&sessions.by_ipv6[0], other.bearer.ue_ipv6, &other), 0);
	assert_int_equal(takes_one(0, prefix_ipv4(0xcb007100, 24)), -EEXIST);
	assert_int_equal(takes_one(0, prefix_ipv4(0xcb000000, 8)), -EEXIST); // looked for the other way round
	assert_int_equal(takes_one(0, prefix_ipv4(0xcb007105, 32)), -EEXIST);
	assert_int_equal(takes_one(0, prefix_ipv4(0xcb007106, 32)), 0);
	assert_int_equal(takes_one(0, (struct prefix){ .high = 0x20010db800070000, .length = 56 }), -EEXIST);
	assert_int_equal(takes_one(0, (struct prefix){ .high = 0x20010db800070000, .length = 48 }), -EEXIST);
	assert_int_equal(takes_one(0, (struct prefix){ .high = 0x20010db800070005, .low = 7, .length = 128 }), -EEXIST);
	assert_int_equal(takes_one(0, (struct prefix){ .high = 0x20010db800070006, .length = 64 }), 0);
	table_drop(&sessions.by_ipv4, other.bearer.ue_ipv4);
	table_drop(&sessions.by_ipv6[0], other.bearer.ue_ipv6);
}

// An address that is apart is in its own domain alone.
static void addresses_of_another_domain_may_be_behind_one(void **state)
{
	const uint64_t prefix = 0x20010db800070005;
	struct session other = { .identity = session_anonymous(1), .bearer = { .ue_ipv6 = prefix } };

	other.bearer.ue_ipv4 = 0xcb007105;
	assert_int_equal(table_put(&sessions.by_ipv4, 1ull << 32 | other.bearer.ue_ipv4, &other), 0);
	assert_int_equal(table_put(&sessions.by_ipv6[1], prefix, &other), 0);
	assert_int_equal(takes_one(1, prefix_ipv4(0xcb007105, 32)), -EEXIST);
	assert_int_equal(takes_one(1, prefix_ipv4(0xcb000000, 8)), -EEXIST);
	assert_int_equal(takes_one(1, (struct prefix){ .high = prefix, .length = 64 }), -EEXIST);
	assert_int_equal(takes_one(1, (struct prefix){ .high = 0x20010db800070000, .length = 32 }), -EEXIST);
	assert_int_equal(takes_one(2, prefix_ipv4(0xcb007105, 32)), 0);
	assert_int_equal(takes_one(2, prefix_ipv4(0xcb000000, 8)), 0);
	assert_int_equal(takes_one(2, (struct prefix){ .high = prefix, .length = 64 }), 0);
	table_drop(&sessions.by_ipv4, 1ull << 32 | other.bearer.ue_ipv4);
	table_drop(&sessions.by_ipv6[1], prefix);
}

static void there_are_no_more_than_fit(void **state)
{
	static struct session crowd;

	framed.entries = calloc(FRAMED_MAX + SHEET_ROUTES, sizeof(*framed.entries));
	framed.room = FRAMED_MAX + SHEET_ROUTES;
	for (uint32_t i = 0; i < FRAMED_MAX - 1; i++)
		framed.entries[framed.count++] =
		    (struct framed_entry){ prefix_ipv4(0x0b000000 + i * 4, 30), &crowd, 0 };
	assert_int_equal(takes(0, (struct prefix[]){ at(1), at(2) }, 2), -ENOSPC);
	assert_int_equal(takes_one(0, at(1)), 0);
	assert_int_equal(takes_one(1, at(2)), -ENOSPC); // in whichever domain
}

static void a_primary_that_knows_of_none_is_asked_no_more(void **state)
{
	assert_int_equal(takes_one(0, at(1)), 0);
	framed_tell(&framed, NULL);
	primary_answers(&framed, false, EBADMSG);
	framed_tell(&framed, NULL);
	assert_null(primary.done);
	assert_true(framed.told < framed.said);
	assert_int_equal(takes_one(1, at(2)), -EOPNOTSUPP);
	assert_int_equal(takes(0, NULL, 0), 0); // to have none is always possible
	framed_again(&framed);                  // another one, which knows
	assert_int_equal(takes_one(1, at(2)), 0);
	framed_tell(&framed, NULL);
	primary_answers(&framed, true, 0);
	assert_int_equal(primary.own[key_of(at(2).low, 2)], 2);
	assert_int_equal(framed.told, framed.said);
}

// Who waits for all that has been said waits for no primary that had no need to hear it.
static void one_that_begins_anew_has_nothing_to_forget(void **state)
{
	assert_int_equal(takes_one(0, at(1)), 0);
	framed_tell(&framed, NULL);
	primary_answers(&framed, true, 0);
	assert_int_equal(framed.told, framed.said);
	assert_int_equal(takes(0, NULL, 0), 0);
	assert_true(framed.told < framed.said);
	framed_again(&framed);
	assert_int_equal(framed.told, framed.said);
	assert_int_equal(takes_one(0, at(1)), 0);
	framed_again(&framed); // but what there is it has to hear
	assert_true(framed.told < framed.said);
}

static void assert_known(void)
{
	for (unsigned key = 0; key < DOMAINS * NETWORKS; key++) {
		struct prefix prefix = at(key % NETWORKS);
		const struct session *whose = framed_whose(&framed, key / NETWORKS, &prefix);

		assert_int_equal(primary.own[key], whose ? whose->bearer.teid : 0);
	}
}

// Whatever gets lost on the way, the primary ends up knowing what is so.
static void the_primary_knows_in_the_end(void **state)
{
	srandom(7);
	for (unsigned n = 0; n < 20000; n++) {
		unsigned who = (unsigned)random() % SESSIONS, count = (unsigned)random() % 3;
		struct prefix some[2] = { at((unsigned)random() % NETWORKS), at((unsigned)random() % NETWORKS) };

		takes(who, some, count);
		primary.there = random() % 8;
		framed_tell(&framed, NULL);
		if (random() % 2) {
			bool heard = random() % 4;

			primary_answers(&framed, heard, heard && random() % 4 ? 0 : -1);
		}
		if (random() % 500 == 0) {
			memset(primary.own, 0, sizeof(primary.own));
			primary.done = NULL;
			framed.asked = false;
			framed_again(&framed);
		}
		if (framed.told == framed.said)
			assert_known();
	}
	primary.there = true;
	for (unsigned i = 0; i < 10000 && framed.told != framed.said; i++) {
		primary_answers(&framed, true, 0);
		framed_tell(&framed, NULL);
	}
	assert_int_equal(framed.told, framed.said);
	assert_known();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_one_sessions, begin, end),
		cmocka_unit_test_setup_teardown(where_no_network_is_named_there_is_one_domain, begin, end),
		cmocka_unit_test_setup_teardown(each_domain_has_its_own, begin, end),
		cmocka_unit_test_setup_teardown(pools_and_ports_of_another_domain_may_be_behind_one, begin, end),
		cmocka_unit_test_setup_teardown(pools_ports_and_addresses_are_not_behind_anybody, begin, end),
		cmocka_unit_test_setup_teardown(addresses_of_another_domain_may_be_behind_one, begin, end),
		cmocka_unit_test_setup_teardown(there_are_no_more_than_fit, begin, end),
		cmocka_unit_test_setup_teardown(a_primary_that_knows_of_none_is_asked_no_more, begin, end),
		cmocka_unit_test_setup_teardown(one_that_begins_anew_has_nothing_to_forget, begin, end),
		cmocka_unit_test_setup_teardown(the_primary_knows_in_the_end, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
