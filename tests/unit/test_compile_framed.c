// test_compile_framed.c - networks behind a UE in what a session asks for: by its short form and by rules, and what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/rules/sheet_make.h"
#include "tests/unit/compile_play.h"

#define BEHIND 0xc0000200u // 192.0.2.0

static struct {
	Shoal__Oss__Session session;
	Shoal__Oss__DefaultBearer bearer;
	Shoal__Oss__Rate limit;
	Shoal__Oss__Rule rule[3], *rules[3];
	Shoal__Oss__Match match[3];
	Shoal__Oss__Forward forward[3];
	Shoal__Oss__Ipv4Prefix ipv4[9], *ipv4s[9];
	Shoal__Oss__Ipv6Prefix ipv6[9], *ipv6s[9];
} wanted;
static struct compile_room room;
static struct grid grid = { .slots = 16, .slot_bits = 4 };
static struct place place = { .grid = &grid };
static struct compile_needs needs = { .place = &place, .room = &room, .rules_bytes = 4096 };
static const struct compile_about about = { .session = 1, .teid = 0x512307, .ue_ipv4 = 0x0a2d0007 };

static const struct compile_play play = { &wanted.session, &needs, &about };

// The short form; rules: one up, two down.
static int begin(void **state)
{
	memset(&wanted, 0, sizeof(wanted));
	needs.rules_bytes = 4096;
	shoal__oss__session__init(&wanted.session);
	shoal__oss__default_bearer__init(&wanted.bearer);
	shoal__oss__rate__init(&wanted.limit);
	for (unsigned i = 0; i < 3; i++) {
		shoal__oss__rule__init(wanted.rules[i] = &wanted.rule[i]);
		shoal__oss__match__init(wanted.rule[i].match = &wanted.match[i]);
		shoal__oss__forward__init(wanted.rule[i].forward = &wanted.forward[i]);
		wanted.rule[i].id = wanted.rule[i].precedence = i + 1;
		wanted.match[i].source = i ? SHOAL__OSS__INTERFACE__CORE : SHOAL__OSS__INTERFACE__ACCESS;
		wanted.forward[i].destination = i ? SHOAL__OSS__INTERFACE__ACCESS : SHOAL__OSS__INTERFACE__CORE;
	}
	for (unsigned i = 0; i < 9; i++) {
		shoal__oss__ipv4_prefix__init(wanted.ipv4s[i] = &wanted.ipv4[i]);
		shoal__oss__ipv6_prefix__init(wanted.ipv6s[i] = &wanted.ipv6[i]);
		wanted.ipv4[i].address = BEHIND + 256 * i;
		wanted.ipv6[i].high = 0x20010db800070000 + ((uint64_t)i << 8);
		wanted.ipv4[i].length = 24;
		wanted.ipv6[i].length = 56;
	}
	wanted.session.bearer = &wanted.bearer;
	wanted.session.framed_ipv4 = wanted.ipv4s;
	wanted.session.framed_ipv6 = wanted.ipv6s;
	return 0;
}

static void by_rules(void)
{
	wanted.session.bearer = NULL;
	wanted.session.rules = wanted.rules;
	wanted.session.n_rules = 3;
}

static const struct sheet *made(struct plan *plan)
{
	*plan = compile_made(&play);
	return plan->sheet;
}

static const struct sheet_route *routes_of(const struct sheet *sheet)
{
	return sheet_routes_behind(sheet, sheet + 1);
}

static void a_bearer_with_networks_has_a_sheet(void **state)
{
	struct plan plan;
	const struct sheet *sheet;

	wanted.bearer.peer_ipv4 = 0x0a630302;
	wanted.bearer.peer_teid = 7;
	wanted.limit.cir_bps = 8000000;
	wanted.limit.red = SHOAL__OSS__RED__RED_REMARK;
	wanted.bearer.downlink = &wanted.limit;
	assert_null(made(&plan));
	assert_int_equal(plan.rate[COMPILE_DOWNLINK].cir_bps, 8000000);
	wanted.session.n_framed_ipv4 = wanted.session.n_framed_ipv6 = 1;
	sheet = made(&plan);
	assert_non_null(sheet);
	assert_int_equal(plan.framed.count, 2);
	assert_int_equal(plan.rate[COMPILE_DOWNLINK].cir_bps, 0); // the sheet's to limit
	assert_int_equal(sheet_parts(sheet).qer[0].cir_bps[SHEET_DOWNLINK], 8000000);
	assert_int_equal(sheet_parts(sheet).qer[0].flags, SHEET_REMARK);
	assert_int_equal(sheet_parts(sheet).far[sheet_parts(sheet).pdr[1].far].peer_teid, 7);
	assert_int_equal(sheet->routes, 2);
	assert_int_equal(routes_of(sheet)[0].pdrs, sheet->way[SHEET_DOWNLINK]);
	assert_int_equal(routes_of(sheet)[1].prefix.high, 0x20010db800070000);
	assert_int_equal(wanted.session.n_rules, 0);
	needs.rules_bytes = 0;
	compile_refused(&play, SHOAL__OSS__CODE__UNSUPPORTED, "framed_ipv4[0]");
}

static void each_rule_has_its_own(void **state)
{
	struct plan plan;
	const struct sheet *sheet;

	by_rules();
	wanted.match[0].framed_ipv4 = wanted.ipv4s + 3; // packets from there are the session's, and no more
	wanted.match[0].n_framed_ipv4 = 1;
	wanted.match[1].framed_ipv4 = wanted.ipv4s + 1;
	wanted.match[1].n_framed_ipv4 = 2;
	wanted.match[1].framed_alone = true;
	wanted.match[2].framed_ipv4 = wanted.ipv4s + 2;
	wanted.match[2].n_framed_ipv4 = 1;
	wanted.session.n_framed_ipv4 = 1;
	sheet = made(&plan);
	assert_int_equal(sheet->routes, 4);
	assert_int_equal(routes_of(sheet)[0].pdrs, 6); // the session's
	assert_int_equal(routes_of(sheet)[1].pdrs, 0);
	assert_int_equal(routes_of(sheet)[2].pdrs, 2);
	assert_int_equal(routes_of(sheet)[3].pdrs, 6);
	assert_int_equal(sheet->way[SHEET_DOWNLINK], 4); // the second is for them alone
}

static void what_is_no_network_is_refused(void **state)
{
	static const struct {
		uint32_t address, length;
	} bad[] = { { BEHIND, 33 }, { BEHIND, 7 },     { BEHIND, 0 },      { BEHIND + 1, 24 },
		    { 0, 8 },       { 0x7f000000, 8 }, { 0xe0010000, 16 }, { BEHIND, UINT32_MAX } };
	static const struct {
		uint64_t high;
		uint32_t length;
	} bad6[] = { { 0x20010db800070000, 129 },
		     { 0x2001000000000000, 15 },
		     { 0x20010db800070001, 63 },
		     { 0xff0e000000000000, 16 },
		     { 0xfe80000000000000, 64 },
		     { 0, 64 },
		     { 0x64ff9b, 96 } };

	wanted.session.n_framed_ipv4 = 1;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wanted.ipv4[0].address = bad[i].address;
		wanted.ipv4[0].length = bad[i].length;
		compile_refused(&play, SHOAL__OSS__CODE__INVALID_FIELD, "framed_ipv4[0]");
	}
	wanted.session.n_framed_ipv4 = 0;
	wanted.session.n_framed_ipv6 = 1;
	for (unsigned i = 0; i < sizeof(bad6) / sizeof(bad6[0]); i++) {
		wanted.ipv6[0].high = bad6[i].high;
		wanted.ipv6[0].length = bad6[i].length;
		compile_refused(&play, SHOAL__OSS__CODE__INVALID_FIELD, "framed_ipv6[0]");
	}
}

static void there_are_eight_of_a_family(void **state)
{
	struct plan plan;

	wanted.session.n_framed_ipv4 = wanted.session.n_framed_ipv6 = 8;
	assert_int_equal(made(&plan)->routes, 16);
	wanted.ipv4[8] = wanted.ipv4[0]; // said twice
	wanted.session.n_framed_ipv4 = 9;
	assert_int_equal(made(&plan)->routes, 16);
	wanted.ipv4[8].address = BEHIND + 4096;
	compile_refused(&play, SHOAL__OSS__CODE__LIMIT, "framed_ipv4[8]");
	wanted.session.n_framed_ipv4 = 8;
	wanted.session.n_framed_ipv6 = 9;
	compile_refused(&play, SHOAL__OSS__CODE__LIMIT, "framed_ipv6[8]");
}

static void rules_that_make_no_sense(void **state)
{
	struct plan plan;

	by_rules();
	wanted.match[1].framed_alone = true;
	compile_refused(&play, SHOAL__OSS__CODE__MISSING_FIELD, "rules[1].match.framed_ipv4");
	wanted.session.n_framed_ipv4 = 1;
	made(&plan);
	wanted.match[0].framed_alone = true;
	compile_refused(&play, SHOAL__OSS__CODE__INVALID_FIELD, "rules[0].match.framed_alone");
	wanted.match[0].framed_alone = wanted.match[1].framed_alone = false;
	wanted.match[1].filter = "permit out ip from any to 10.45.0.7";
	compile_refused(&play, SHOAL__OSS__CODE__UNSUPPORTED,
			"rules[1].match.filter"); // which has no place for what is behind it
	wanted.match[1].filter = "permit out ip from any to assigned";
	made(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_bearer_with_networks_has_a_sheet, begin),
		cmocka_unit_test_setup(each_rule_has_its_own, begin),
		cmocka_unit_test_setup(what_is_no_network_is_refused, begin),
		cmocka_unit_test_setup(there_are_eight_of_a_family, begin),
		cmocka_unit_test_setup(rules_that_make_no_sense, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
