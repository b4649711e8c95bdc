// test_pfcp_framed.c - framed routes as RADIUS writes them, in rules of oss.proto: read, changed, taken away, refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "ctrl/pfcp/session/answer.h"
#include "tests/unit/pfcp_live.h"
#include "tests/unit/pfcp_shape.h"

#define DOWN 2u

static struct pdr down_of(const char *one, const char *two)
{
	return (struct pdr){
		.id = DOWN, .source = 1, .ue4 = true, .far = 2, .removal = NO_REMOVAL, .framed = { one, two }
	};
}

static void session_begin(const struct pdr *down)
{
	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = 1, .tunnel = CHOOSE, .ue4 = true, .far = 1 });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, down);
	shape_fars(&words.writer);
}

static const Shoal__Oss__Match *match_of(const char *one, const char *two)
{
	struct pdr down = down_of(one, two);

	session_begin(&down);
	if (live_establish())
		fail_msg("refused: %s: %s", one, fault.why.text);
	return &to.match[live_rule(DOWN)];
}

static void ipv4_is(const char *text, uint32_t address, uint32_t length)
{
	const Shoal__Oss__Match *match = match_of(text, NULL);

	assert_int_equal(match->n_framed_ipv4, 1);
	assert_int_equal(match->n_framed_ipv6, 0);
	assert_int_equal(match->framed_ipv4[0]->address, address);
	assert_int_equal(match->framed_ipv4[0]->length, length);
	assert_false(match->framed_alone);
}

static void as_radius_writes_them(void **state)
{
	const Shoal__Oss__Match *match;

	ipv4_is("192.0.2.0/28", 0xc0000200, 28);
	ipv4_is("192.0.2.0/28 0.0.0.0 1", 0xc0000200, 28);
	ipv4_is("  192.0.2.16/32   10.1.2.3 1 2  4294967295 ", 0xc0000210, 32);
	ipv4_is("192.0.2.0", 0xc0000200, 24); // of its class
	ipv4_is("172.16.0.0 0.0.0.0 1", 0xac100000, 16);
	ipv4_is("20.0.0.0", 0x14000000, 8);
	match = match_of("2001:db8:7::/56 2001:db8::a:1 1", "192.0.2.0/28");
	assert_int_equal(match->n_framed_ipv4, 1);
	assert_int_equal(match->n_framed_ipv6, 1);
	assert_int_equal(match->framed_ipv6[0]->high, 0x20010db800070000);
	assert_int_equal(match->framed_ipv6[0]->low, 0);
	assert_int_equal(match->framed_ipv6[0]->length, 56);
	assert_int_equal(to.match[live_rule(1)].n_framed_ipv4, 0);
}

static void refused(const struct pdr *down, uint16_t ie)
{
	session_begin(down);
	assert_true(live_establish() < 0);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_RULE_FAILURE);
	assert_int_equal(fault.why.offending, ie);
	assert_true(fault.of_rule);
	assert_int_equal(fault.id, DOWN);
}

static void what_is_none_is_refused(void **state)
{
	static const char *const bad[] = { "home",
					   "192.0.2",
					   "192.0.2.0/",
					   "192.0.2.0/28x",
					   "192.0.2.0/129",
					   "192.0.2.0/99999999999",
					   "192.0.2.0/28/4",
					   "192.0.2.0/28 home",
					   "192.0.2.0/28 0.0.0.0 -1",
					   "192.0.2.0/28 0.0.0.0 4294967296",
					   "/28",
					   " ",
					   "2001:db8:7::",
					   "2001:db8:7::/",
					   "2001:db8:7::/129",
					   "2001:db8:7::/56 192.0.2.1",
					   "::g/64" };
	const uint8_t both[4] = { 0, 0, 0, 3 }, none[4] = { 0 };
	struct pdr down;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		down = down_of(bad[i], NULL);
		refused(&down, strchr(bad[i], ':') ? PFCP_IE_FRAMED_IPV6_ROUTE : PFCP_IE_FRAMED_ROUTE);
	}
	down = down_of("192.0.2.0/28", NULL);
	down.routing = both;
	refused(&down, PFCP_IE_FRAMED_ROUTING);
	down.routing = none;
	session_begin(&down);
	assert_int_equal(live_establish(), 0);
}

static void a_rule_for_routes_alone_says_so(void **state)
{
	struct pdr down = down_of("192.0.2.0/28", NULL);

	down.ue4 = false;
	session_begin(&down);
	assert_int_equal(live_establish(), 0);
	assert_true(to.match[live_rule(DOWN)].framed_alone);
}

// Of a UE with two addresses a PDR that names one takes that family alone: a route of the other contradicts it.
static void families_agree(void **state)
{
	struct pdr down = down_of("2001:db8:7::/56", NULL), both;

	session_begin(&down);
	both = (struct pdr){ .id = 3, .source = 1, .ue4 = true, .ue6 = true, .far = 2, .removal = NO_REMOVAL };
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &both);
	assert_true(live_establish() < 0);
	assert_int_equal(fault.why.offending, PFCP_IE_FRAMED_IPV6_ROUTE);
	assert_int_equal(fault.id, DOWN);
}

static void an_update_brings_the_whole_set(void **state)
{
	struct pdr down;

	match_of("192.0.2.0/28", "2001:db8:7::/56");
	live_on();
	down = down_of("198.51.100.0/24", NULL);
	shape_pdr(&words.writer, PFCP_IE_UPDATE_PDR, &down);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.match[live_rule(DOWN)].n_framed_ipv4, 1);
	assert_int_equal(to.match[live_rule(DOWN)].framed_ipv4[0]->address, 0xc6336400);
	assert_int_equal(to.match[live_rule(DOWN)].n_framed_ipv6, 0);
	live_on();
	down = down_of(NULL, NULL);
	shape_pdr(&words.writer, PFCP_IE_UPDATE_PDR, &down);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.match[live_rule(DOWN)].n_framed_ipv4, 0);
}

// What ctrl refuses is told by the PDR and its IE.
static void a_conflict_is_named(void **state)
{
	static struct answer_names names;
	Shoal__Oss__Status status = SHOAL__OSS__STATUS__INIT;

	match_of("192.0.2.0/28", "2001:db8:7::/56");
	answer_remember(&to, &names);
	status.code = SHOAL__OSS__CODE__ADDRESS_TAKEN;
	status.field = "session.rules[1].match.framed_ipv4[0]";
	answer_why(&status, &names, &fault);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_RULE_FAILURE);
	assert_int_equal(fault.why.offending, PFCP_IE_FRAMED_ROUTE);
	assert_int_equal(fault.id, DOWN);
	status.field = "session.rules[1].match.framed_ipv6[0]";
	answer_why(&status, &names, &fault);
	assert_int_equal(fault.why.offending, PFCP_IE_FRAMED_IPV6_ROUTE);
	status.code = SHOAL__OSS__CODE__LIMIT;
	answer_why(&status, &names, &fault);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_NO_RESOURCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_radius_writes_them),           cmocka_unit_test(what_is_none_is_refused),
		cmocka_unit_test(a_rule_for_routes_alone_says_so), cmocka_unit_test(families_agree),
		cmocka_unit_test(an_update_brings_the_whole_set),  cmocka_unit_test(a_conflict_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
