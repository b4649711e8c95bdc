// test_compile.c - sessions as the OSS writes them: what becomes of each field, and which field is named when it is wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/ctrl_stand.h"

static struct conf conf;
static struct place place;
static const struct compile_needs needs = { .place = &place }; // without room for sheets: test_sheet_make.c

// A session in both forms: the short one of ctrl_session, and rules that say the same.
struct wanted {
	struct ctrl_session small;
	Shoal__Oss__Rule rule[3], *rules[3];
	Shoal__Oss__Match match[3];
	Shoal__Oss__Forward forward[3];
	Shoal__Oss__Rate rate[3], *rates[3];
	Shoal__Oss__Limit limit, closed;
	Shoal__Oss__Measure measure[3], *measures[3];
	uint32_t measure_id;
};

static int setup(void **state)
{
	static struct wanted wanted;
	unsigned bad;

	conf = (struct conf){ .pools = 1 };
	conf.pool[0] = (struct conf_pool){ "internet", 0x0a2d0000, 22, 0, 0, "" };
	assert_true(place_lay(&place, &conf, &bad) > 0);
	memset(&wanted, 0, sizeof(wanted));
	ctrl_session_init(&wanted.small, 1);
	shoal__oss__limit__init(&wanted.limit);
	shoal__oss__limit__init(&wanted.closed);
	wanted.measure_id = 5;
	for (unsigned i = 0; i < 3; i++) {
		shoal__oss__rule__init(wanted.rules[i] = &wanted.rule[i]);
		shoal__oss__match__init(wanted.rule[i].match = &wanted.match[i]);
		shoal__oss__forward__init(wanted.rule[i].forward = &wanted.forward[i]);
		shoal__oss__rate__init(wanted.rates[i] = &wanted.rate[i]);
		shoal__oss__measure__init(wanted.measures[i] = &wanted.measure[i]);
		wanted.rule[i].id = i + 1;
		wanted.rate[i].id = i + 1;
		wanted.measure[i].id = i + 5;
		wanted.measure[i].volume = true;
	}
	wanted.match[0].source = wanted.forward[1].destination = SHOAL__OSS__INTERFACE__ACCESS;
	wanted.match[1].source = wanted.forward[0].destination = SHOAL__OSS__INTERFACE__CORE;
	wanted.match[2].source = SHOAL__OSS__INTERFACE__CORE;
	wanted.forward[2].destination = SHOAL__OSS__INTERFACE__ACCESS;
	wanted.forward[1].peer_ipv4 = 0xc6336401;
	wanted.forward[1].peer_teid = 2;
	*state = &wanted;
	return 0;
}

static Shoal__Oss__Session *long_form(struct wanted *wanted)
{
	Shoal__Oss__Session *session = &wanted->small.session;

	session->bearer = NULL;
	session->rules = wanted->rules;
	session->n_rules = 2;
	session->rates = wanted->rates;
	session->n_rates = 2;
	session->measures = wanted->measures;
	session->n_measures = 1;
	wanted->rule[0].measure_ids = &wanted->measure_id;
	wanted->rule[0].n_measure_ids = 1;
	return session;
}

static struct plan accept(struct wanted *wanted)
{
	struct plan plan;
	struct fault fault = { 0 };

	if (compile_create(&wanted->small.session, &needs, &plan, &fault))
		fail_msg("refused: %s: %s", fault.field, fault.message);
	assert_int_equal(fault.code, 0);
	return plan;
}

static void refuse(struct wanted *wanted, Shoal__Oss__Code code, const char *field)
{
	struct plan plan;
	struct fault fault = { 0 };

	assert_true(compile_create(&wanted->small.session, &needs, &plan, &fault) < 0);
	assert_string_equal(fault.field, field);
	assert_int_equal(fault.code, code);
	assert_true(*fault.message);
}

#define INVALID SHOAL__OSS__CODE__INVALID_FIELD
#define MISSING SHOAL__OSS__CODE__MISSING_FIELD
#define UNSUPPORTED SHOAL__OSS__CODE__UNSUPPORTED
#define LIMIT SHOAL__OSS__CODE__LIMIT

static void short_form(void **state)
{
	struct wanted *wanted = *state;
	struct plan plan;

	wanted->small.bearer.uplink = &wanted->small.uplink;
	wanted->small.bearer.downlink = &wanted->small.downlink;
	wanted->small.uplink.cir_bps = 8000000;
	wanted->small.uplink.red = SHOAL__OSS__RED__RED_REMARK;
	wanted->small.uplink.colour_aware = true;
	wanted->small.downlink.mark = SHOAL__OSS__MARK__MARK_AF3;
	wanted->small.downlink.has_qfi = true;
	wanted->small.downlink.qfi = 9;
	wanted->small.downlink.gate_closed = true;
	plan = accept(wanted);
	assert_int_equal(plan.rate[COMPILE_UPLINK].cir_bps, 8000000);
	assert_int_equal(plan.rate[COMPILE_UPLINK].cbs_bytes, 100000); // 100 ms
	assert_int_equal(plan.rate[COMPILE_UPLINK].ebs_bytes, 0);
	assert_int_equal(plan.rate[COMPILE_DOWNLINK].cir_bps, 0);
	assert_int_equal(plan.bearer.uplink.flags, BEARER_RED_REMARK | BEARER_COLOUR_AWARE);
	assert_int_equal(plan.bearer.downlink.flags, BEARER_QFI | BEARER_GATE_CLOSED);
	assert_int_equal(plan.bearer.downlink.mark, BEARER_MARK_AF3);
	assert_int_equal(plan.bearer.qfi, 9);
	assert_int_equal(plan.bearer.peer_ipv4, 0xc6336401);
	wanted->small.uplink.cir_bps = 64000;
	assert_int_equal(accept(wanted).rate[COMPILE_UPLINK].cbs_bytes, 3000); // two packets at least
	wanted->small.bearer.peer_ipv4 = wanted->small.bearer.peer_teid = 0;   // not known yet
	accept(wanted);
}

static void rules_say_the_same(void **state)
{
	struct wanted *wanted = *state;
	struct plan small, large;

	wanted->small.bearer.uplink = &wanted->small.uplink;
	wanted->small.uplink.cir_bps = wanted->rate[0].cir_bps = 1000000;
	small = accept(wanted);
	long_form(wanted);
	wanted->rule[0].rate_id = 1;
	large = accept(wanted);
	assert_memory_equal(&small.bearer, &large.bearer, sizeof(small.bearer));
	assert_memory_equal(small.rate, large.rate, sizeof(small.rate));
	wanted->small.session.n_rules = 1; // uplink alone: nothing goes down
	large = accept(wanted);
	assert_int_equal(large.bearer.downlink.flags, BEARER_GATE_CLOSED);
}

static void expansion_compiles_to_the_same(void **state)
{
	struct wanted *wanted = *state;
	Shoal__Oss__Session *session = &wanted->small.session;
	struct arena arena;
	struct plan small, large;

	arena_open(&arena, 1 << 20);
	wanted->small.bearer.uplink = &wanted->small.uplink;
	wanted->small.uplink.cir_bps = 3000000;
	wanted->small.uplink.mark = SHOAL__OSS__MARK__MARK_EF;
	small = accept(wanted);
	assert_int_equal(compile_expand(session, &arena), 0);
	session->bearer = NULL;
	large = accept(wanted);
	assert_memory_equal(&small.bearer, &large.bearer, sizeof(small.bearer));
	assert_memory_equal(small.rate, large.rate, sizeof(small.rate));
	arena_close(&arena);
}

static void names_what_is_wrong(void **state)
{
	struct wanted *wanted = *state;
	struct ctrl_session *small = &wanted->small, sound = *small;

#define TRY(change, code, field) \
	do { \
		ctrl_session_init(small, 1); \
		small->bearer.uplink = &small->uplink; \
		small->bearer.downlink = &small->downlink; \
		change; \
		refuse(wanted, code, field); \
	} while (0)
	TRY(small->session.id = 5, INVALID, "id");
	TRY(small->session.identity = NULL, MISSING, "identity.imsi");
	TRY(small->identity.imsi = "", MISSING, "identity.imsi");
	TRY(small->identity.imsi = "12345", INVALID, "identity.imsi");
	TRY(small->identity.imsi = "1234567890123456", INVALID, "identity.imsi");
	TRY(small->identity.imsi = "12345a", INVALID, "identity.imsi");
	TRY(small->identity.msisdn = "+49", INVALID, "identity.msisdn");
	TRY(small->identity.msisdn = "1234567890123456", INVALID, "identity.msisdn");
	TRY(small->identity.dnn = "ims", INVALID, "identity.dnn");
	TRY(small->session.ue = NULL, MISSING, "ue");
	TRY(small->ue.want_ipv4 = false, MISSING, "ue");
	TRY(small->ue.ipv4 = 0xe0000001, INVALID, "ue.ipv4");
	TRY(small->ue.ipv4 = 0x7f000001, INVALID, "ue.ipv4");
	TRY(small->ue.ipv4 = 5, INVALID, "ue.ipv4");
	TRY(small->ue.ipv6_prefix = 0xff02ull << 48, INVALID, "ue.ipv6_prefix");
	TRY(small->ue.ipv6_prefix = 0xfe80ull << 48, INVALID, "ue.ipv6_prefix");
	TRY(small->session.bearer = NULL, MISSING, "bearer");
	TRY(small->bearer.peer_teid = 0, MISSING, "bearer.peer_teid");
	TRY(small->bearer.peer_ipv4 = 0, MISSING, "bearer.peer_ipv4");
	TRY(small->bearer.peer_ipv4 = 0xffffffff, INVALID, "bearer.peer_ipv4");
	TRY(small->uplink.cbs_bytes = 1, MISSING, "bearer.uplink.cir_bps");
	TRY(small->uplink.cir_bps = BEARER_CIR_MAX + 1, INVALID, "bearer.uplink.cir_bps");
	TRY((small->uplink.cir_bps = 1, small->uplink.cbs_bytes = BEARER_BURST_MAX + 1), INVALID,
	    "bearer.uplink.cbs_bytes");
	TRY((small->uplink.cir_bps = 1, small->uplink.ebs_bytes = BEARER_BURST_MAX + 1), INVALID,
	    "bearer.uplink.ebs_bytes");
	TRY(small->downlink.mark = 7, INVALID, "bearer.downlink.mark");
	TRY(small->downlink.mark = -1, INVALID, "bearer.downlink.mark");
	TRY(small->downlink.red = 2, INVALID, "bearer.downlink.red");
	TRY(small->downlink.qfi = 1, MISSING, "bearer.downlink.has_qfi");
	TRY((small->downlink.qfi = 64, small->downlink.has_qfi = true), INVALID, "bearer.downlink.qfi");
	TRY(small->uplink.has_qfi = true, UNSUPPORTED, "bearer.uplink.has_qfi");
	TRY((small->session.rules = wanted->rules, small->session.n_rules = 1), INVALID, "rules");
#undef TRY
	*small = sound;
}

static void names_what_is_wrong_in_rules(void **state)
{
	struct wanted *wanted = *state;

#define TRY(change, code, field) \
	do { \
		setup(state); \
		long_form(wanted); \
		change; \
		refuse(wanted, code, field); \
	} while (0)
	TRY(wanted->small.session.n_rules = 3, UNSUPPORTED, "rules[2]");
	TRY(wanted->small.session.n_rules = 65, LIMIT, "rules[64]");
	TRY(wanted->small.session.n_rates = 65, LIMIT, "rates[64]");
	TRY(wanted->small.session.n_measures = 17, LIMIT, "measures[16]");
	TRY(wanted->rule[0].id = 0, INVALID, "rules[0].id");
	TRY(wanted->rule[1].id = 65537, INVALID, "rules[1].id");
	TRY(wanted->rule[1].id = 1, INVALID, "rules[1].id");
	TRY(wanted->rule[0].match = NULL, MISSING, "rules[0].match.source");
	TRY(wanted->match[0].source = 0, MISSING, "rules[0].match.source");
	TRY(wanted->match[0].source = 9, INVALID, "rules[0].match.source");
	TRY(wanted->match[1].source = SHOAL__OSS__INTERFACE__ACCESS, UNSUPPORTED, "rules[1].match.source");
	TRY(wanted->match[0].filter = "permit out 6 from any to any", UNSUPPORTED, "rules[0].match.filter");
	TRY(wanted->match[1].source = SHOAL__OSS__INTERFACE__CP, UNSUPPORTED, "rules[1].match.source");
	TRY(wanted->match[1].teid = 77, UNSUPPORTED, "rules[1].match.teid");
	TRY(wanted->match[1].tunnel = 1, UNSUPPORTED, "rules[1].match.tunnel");
	TRY(wanted->match[0].tunnel = 1, UNSUPPORTED, "rules[0].match.tunnel");
	TRY(wanted->match[0].tunnel = 16, INVALID, "rules[0].match.tunnel");
	TRY((wanted->match[0].qfis = &wanted->measure_id, wanted->match[0].n_qfis = 1), UNSUPPORTED,
	    "rules[0].match.qfis");
	TRY((wanted->measure_id = 64, wanted->match[0].qfis = &wanted->measure_id, wanted->match[0].n_qfis = 1),
	    INVALID, "rules[0].match.qfis");
	TRY(wanted->rule[0].forward = NULL, MISSING, "rules[0].forward");
	TRY(wanted->forward[0].destination = SHOAL__OSS__INTERFACE__ACCESS, UNSUPPORTED,
	    "rules[0].forward.destination");
	TRY(wanted->forward[0].destination = 0, MISSING, "rules[0].forward.destination");
	TRY(wanted->forward[0].destination = SHOAL__OSS__INTERFACE__CP, UNSUPPORTED, "rules[0].forward.destination");
	TRY(wanted->forward[0].destination = 4, INVALID, "rules[0].forward.destination");
	TRY(wanted->forward[1].destination = SHOAL__OSS__INTERFACE__CORE, UNSUPPORTED, "rules[1].forward.destination");
	TRY((wanted->forward[0].peer_ipv4 = 0x0a000001, wanted->forward[0].peer_teid = 1), UNSUPPORTED,
	    "rules[0].forward.peer_ipv4");
	TRY(wanted->forward[1].peer_ipv4 = 0xe0000001, INVALID, "rules[1].forward.peer_ipv4");
	TRY(wanted->forward[1].peer_ipv6.len = 4, INVALID, "rules[1].forward.peer_ipv6");
	TRY(wanted->forward[1].buffer = true, UNSUPPORTED, "rules[1].forward.buffer");
	TRY(wanted->forward[0].buffer = true, INVALID, "rules[0].forward.buffer");
	TRY(wanted->forward[1].notify = true, INVALID, "rules[1].forward.notify");
	TRY(wanted->forward[1].notify_delay_ms = 50, INVALID, "rules[1].forward.notify_delay_ms");
	TRY((wanted->forward[1].buffer = wanted->forward[1].notify = true, wanted->forward[1].notify_delay_ms = 60001),
	    INVALID, "rules[1].forward.notify_delay_ms");
	TRY(wanted->forward[1].has_buffer_packets = true, INVALID, "rules[1].forward.buffer_packets");
	TRY(wanted->forward[1].buffer_packets = 1, INVALID, "rules[1].forward.buffer_packets");
	TRY((wanted->forward[1].buffer = wanted->forward[1].has_buffer_packets = true,
	     wanted->forward[1].buffer_packets = 65536),
	    INVALID, "rules[1].forward.buffer_packets");
	TRY(wanted->forward[1].has_dscp = true, UNSUPPORTED, "rules[1].forward.has_dscp");
	TRY(wanted->forward[1].dscp = 1, MISSING, "rules[1].forward.has_dscp");
	TRY(wanted->forward[1].dscp = 64, INVALID, "rules[1].forward.dscp");
	TRY(wanted->forward[1].peer_teid = 0, MISSING, "rules[1].forward.peer_teid");
#undef TRY
}

static void names_what_is_wrong_in_rates_and_measures(void **state)
{
	struct wanted *wanted = *state;

#define TRY(change, code, field) \
	do { \
		setup(state); \
		long_form(wanted); \
		change; \
		refuse(wanted, code, field); \
	} while (0)
	TRY(wanted->rule[0].rate_id = 7, INVALID, "rules[0].rate_id");
	TRY((wanted->rule[0].rate_ids = &wanted->measure_id, wanted->rule[0].n_rate_ids = 1), INVALID,
	    "rules[0].rate_ids");
	TRY(wanted->measure_id = 9, INVALID, "rules[0].measure_ids");
	TRY(wanted->rate[0].id = 0, MISSING, "rates[0].id");
	TRY(wanted->rate[1].id = 1, INVALID, "rates[1].id");
	TRY(wanted->rate[1].mark = 99, INVALID, "rates[1].mark");
	TRY(wanted->measure[0].id = 0, MISSING, "measures[0].id");
	TRY(wanted->rate[1].mark = 99, INVALID, "rates[1].mark");
	TRY((wanted->rate[1].uplink = &wanted->limit, wanted->rate[1].gate_closed = true), INVALID,
	    "rates[1].gate_closed");
	TRY((wanted->rate[1].uplink = &wanted->limit, wanted->rate[1].cir_bps = 1), INVALID, "rates[1].cir_bps");
	TRY((wanted->rate[1].downlink = &wanted->limit, wanted->limit.cir_bps = BEARER_CIR_MAX + 1), INVALID,
	    "rates[1].downlink.cir_bps");
	TRY(wanted->measure[0].volume = false, MISSING, "measures[0].volume");
	TRY((wanted->measure[0].volume = false, wanted->measure[0].duration = true), UNSUPPORTED, "measures[0].volume");
	TRY(wanted->measure[0].triggers = 2, UNSUPPORTED, "measures[0]");
#undef TRY
}

// A session's rate with directions apart, and a flow's beside it that only has a QFI and a gate, as SMFs of a 5G core have them.
static void rates_that_boil_down_to_one(void **state)
{
	static uint32_t both[] = { 1, 2 };
	struct wanted *wanted = *state;
	Shoal__Oss__Session *session = long_form(wanted);
	struct plan plan;

	session->n_rates = 3; // one that no rule names
	wanted->rate[0].uplink = wanted->rate[0].downlink = &wanted->limit;
	wanted->limit.cir_bps = 2000000;
	wanted->rate[1].has_qfi = true;
	wanted->rate[1].qfi = 5;
	for (unsigned i = 0; i < 2; i++) {
		wanted->rule[i].rate_ids = both;
		wanted->rule[i].n_rate_ids = 2;
		wanted->rule[i].rate_id = 1; // again
	}
	plan = accept(wanted);
	assert_null(plan.sheet);
	assert_int_equal(plan.rate[COMPILE_UPLINK].cir_bps, 2000000);
	assert_int_equal(plan.rate[COMPILE_DOWNLINK].cbs_bytes, 25000);
	assert_int_equal(plan.bearer.uplink.flags, 0);
	assert_int_equal(plan.bearer.downlink.flags, BEARER_QFI);
	assert_int_equal(plan.bearer.qfi, 5);
	wanted->rate[1].uplink = &wanted->closed;
	wanted->closed.gate_closed = true;
	plan = accept(wanted);
	assert_int_equal(plan.bearer.uplink.flags, BEARER_GATE_CLOSED);
	assert_int_equal(plan.rate[COMPILE_UPLINK].cir_bps, 2000000);
	wanted->closed.cir_bps = 1000000; // tokens of two: more than a line has
	refuse(wanted, UNSUPPORTED, "rules[0].rate_ids");
}

static void filters_that_take_all_are_none(void **state)
{
	struct wanted *wanted = *state;
	Shoal__Oss__Filter filter = SHOAL__OSS__FILTER__INIT, *filters[] = { &filter };
	struct plan plan, same;

	long_form(wanted);
	plan = accept(wanted);
	wanted->match[0].filter = "permit out ip from any to assigned";
	wanted->match[1].filters = filters;
	wanted->match[1].n_filters = 1;
	filter.flow = "permit out ip from any to any";
	same = accept(wanted);
	assert_memory_equal(&same.bearer, &plan.bearer, sizeof(plan.bearer));
	filter.tos_mask = 0xfc;
	refuse(wanted, UNSUPPORTED, "rules[1].match.filters");
}

static void teids_that_peers_choose(void **state)
{
	struct wanted *wanted = *state;

	long_form(wanted);
	assert_int_equal(accept(wanted).alias[0], 0);
	wanted->match[0].teid = 10;
	assert_int_equal(accept(wanted).alias[0], 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(short_form, setup),
		cmocka_unit_test_setup(rules_say_the_same, setup),
		cmocka_unit_test_setup(expansion_compiles_to_the_same, setup),
		cmocka_unit_test_setup(names_what_is_wrong, setup),
		cmocka_unit_test_setup(names_what_is_wrong_in_rules, setup),
		cmocka_unit_test_setup(names_what_is_wrong_in_rates_and_measures, setup),
		cmocka_unit_test_setup(rates_that_boil_down_to_one, setup),
		cmocka_unit_test_setup(filters_that_take_all_are_none, setup),
		cmocka_unit_test_setup(teids_that_peers_choose, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
