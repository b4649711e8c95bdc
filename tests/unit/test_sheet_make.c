// test_sheet_make.c - rules that two lines can't tell: what their sheet says, what keeps its number, and what does not fit.
// It is longer than the house allows because all its tests change one and the same session.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/rules/sheet_make.h"
#include "tests/unit/compile_play.h"

#define RULES 66u
#define UE4 0x0a2d0007u
#define UE6 0x20010db800450700ull
#define TEID 0x00512307u

enum { UP, DOWN, FURTHER }; // the session that each test begins with: one rule each way, one more down, with a filter

struct wanted {
	Shoal__Oss__Session session;
	Shoal__Oss__Rule rule[RULES], *rules[RULES];
	Shoal__Oss__Match match[RULES];
	Shoal__Oss__Forward forward[RULES];
	Shoal__Oss__Filter filter[RULES], *filters[RULES];
	Shoal__Oss__Rate rate[10], *rates[10];
	Shoal__Oss__Limit limit[2];
	Shoal__Oss__Measure measure[4], *measures[4];
	uint32_t ids[10];
};

static struct wanted wanted;
static struct compile_room room;
static struct grid grid = { .slots = 16, .slot_bits = 4 };
static struct place place = { .grid = &grid };
static struct compile_needs needs = { .place = &place, .room = &room };
static struct compile_past past;
static struct compile_about about;

static const struct compile_play play = { &wanted.session, &needs, &about };

static void rule_init(unsigned i)
{
	shoal__oss__rule__init(wanted.rules[i] = &wanted.rule[i]);
	shoal__oss__match__init(wanted.rule[i].match = &wanted.match[i]);
	shoal__oss__forward__init(wanted.rule[i].forward = &wanted.forward[i]);
	shoal__oss__filter__init(wanted.filters[i] = &wanted.filter[i]);
	wanted.rule[i].id = i + 1;
	wanted.match[i].source = i ? SHOAL__OSS__INTERFACE__CORE : SHOAL__OSS__INTERFACE__ACCESS;
	wanted.forward[i].destination = i ? SHOAL__OSS__INTERFACE__ACCESS : SHOAL__OSS__INTERFACE__CORE;
	if (!i)
		return;
	wanted.forward[i].peer_ipv4 = 0xc6336401;
	wanted.forward[i].peer_teid = 0x1111;
}

static int setup(void **state)
{
	memset(&wanted, 0, sizeof(wanted));
	shoal__oss__session__init(&wanted.session);
	for (unsigned i = 0; i < RULES; i++)
		rule_init(i);
	for (unsigned i = 0; i < 10; i++) {
		shoal__oss__rate__init(wanted.rates[i] = &wanted.rate[i]);
		wanted.ids[i] = wanted.rate[i].id = i + 1;
	}
	for (unsigned i = 0; i < 4; i++) {
		shoal__oss__measure__init(wanted.measures[i] = &wanted.measure[i]);
		wanted.measure[i].id = i + 1;
		wanted.measure[i].volume = true;
	}
	shoal__oss__limit__init(&wanted.limit[0]);
	shoal__oss__limit__init(&wanted.limit[1]);
	wanted.session.rules = wanted.rules;
	wanted.session.n_rules = 3;
	wanted.session.rates = wanted.rates;
	wanted.session.measures = wanted.measures;
	wanted.rule[UP].precedence = wanted.rule[DOWN].precedence = 255;
	wanted.rule[FURTHER].precedence = 32;
	wanted.match[FURTHER].filters = wanted.filters;
	wanted.match[FURTHER].n_filters = 1;
	wanted.filter[0].flow = "permit out 17 from 192.0.2.0/24 5000-5010 to assigned";
	needs.rules_bytes = 16384;
	past = (struct compile_past){ 0 };
	about = (struct compile_about){ .session = 1, .teid = TEID, .ue_ipv4 = UE4, .ue_ipv6 = UE6, .past = &past };
	return 0;
}

static struct plan makes(void)
{
	struct plan plan = compile_made(&play);
	const char *field;

	if (!plan.sheet)
		return plan;
	assert_int_equal(sheet_check(plan.sheet, plan.bearer.sheet_bytes, &field), 0);
	assert_int_equal(plan.bearer.sheet_sum, sheet_sum(plan.sheet, plan.bearer.sheet_bytes));
	assert_int_equal(plan.bearer.uplink.flags, BEARER_SHEET);
	assert_int_equal(plan.bearer.downlink.flags, BEARER_SHEET);
	assert_int_equal(plan.rate[COMPILE_UPLINK].cir_bps | plan.rate[COMPILE_DOWNLINK].cir_bps, 0);
	return plan;
}

static const struct sheet *sheet(void)
{
	struct plan plan = makes();

	assert_non_null(plan.sheet);
	return plan.sheet;
}

#define INVALID SHOAL__OSS__CODE__INVALID_FIELD
#define MISSING SHOAL__OSS__CODE__MISSING_FIELD
#define UNSUPPORTED SHOAL__OSS__CODE__UNSUPPORTED
#define LIMIT SHOAL__OSS__CODE__LIMIT

static void rules_in_the_order_of_precedence(void **state)
{
	const struct sheet *made = sheet();
	struct sheet_parts parts = sheet_parts(made);

	assert_int_equal(made->pdrs, 3);
	assert_int_equal(made->tunnels, 1);
	assert_int_equal(parts.pdr[0].id, 3); // 32 before 255; of equals the lower id
	assert_int_equal(parts.pdr[1].id, 1);
	assert_int_equal(parts.pdr[2].id, 2);
	assert_int_equal(made->way[SHEET_UPLINK], 2);
	assert_int_equal(made->way[SHEET_DOWNLINK], 5);
	assert_int_equal(made->open[0], 6);
	assert_int_equal(made->open[1], 6);
	assert_int_equal(parts.tunnel[0], 7);
	assert_int_equal(made->groups4, 1);
	assert_int_equal(made->groups6, 0); // its remote end is IPv4
	assert_int_equal(parts.filters4->remote[0], 0xc0000200);
	assert_int_equal(parts.filters4->mask[0], 0xffffff00);
	assert_int_equal(parts.filters4->remote_ports[0], 5000 | 5010 << 16);
	assert_int_equal(parts.filters4->local_ports[0], 0xffff0000);
	assert_int_equal(parts.filters4->kind[0], 17 | 0xff << 8);
	assert_int_equal(parts.filters4->pdrs_low[0], 1);
	assert_int_equal(parts.filters4->pdrs_low[1], 0);
	assert_int_equal(made->fars, 2); // both ways down are one
	assert_int_equal(parts.pdr[0].far, parts.pdr[2].far);
	assert_true(parts.pdr[1].qfis == UINT64_MAX);
}

static void where_packets_go(void **state)
{
	static uint8_t ipv6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 9 };
	struct sheet_parts parts;
	const struct sheet_far *far;

	wanted.forward[DOWN].peer_ipv4 = 0;
	wanted.forward[DOWN].peer_ipv6 = (ProtobufCBinaryData){ 16, ipv6 };
	wanted.forward[DOWN].has_dscp = true;
	wanted.forward[DOWN].dscp = 46;
	wanted.forward[FURTHER].buffer = wanted.forward[FURTHER].notify = true;
	wanted.forward[FURTHER].peer_ipv4 = wanted.forward[FURTHER].peer_teid = 0;
	parts = sheet_parts(sheet());
	far = &parts.far[parts.pdr[0].far];
	assert_int_equal(far->action, SHEET_BUFFER);
	assert_int_equal(far->flags, SHEET_NOTIFY);
	assert_int_equal(far->outer, SHEET_OUTER_GTPU4);
	far = &parts.far[parts.pdr[1].far];
	assert_int_equal(far->action, SHEET_FORWARD);
	assert_int_equal(far->outer, SHEET_OUTER_NONE);
	far = &parts.far[parts.pdr[2].far];
	assert_int_equal(far->outer, SHEET_OUTER_GTPU6);
	assert_int_equal(far->flags, SHEET_DSCP | SHEET_HAS_PEER);
	assert_int_equal(far->dscp, 46);
	assert_int_equal(far->peer_teid, 0x1111);
	assert_int_equal(far->peer_ipv4, 0);
	assert_true(far->peer_ipv6[0] == 0x20010db800000000 && far->peer_ipv6[1] == 9);
	wanted.forward[UP].drop = true;
	wanted.forward[UP].destination = 0;
	wanted.forward[DOWN].buffer = wanted.forward[DOWN].has_buffer_packets = true;
	wanted.forward[DOWN].buffer_packets = 10;
	parts = sheet_parts(sheet());
	assert_int_equal(parts.far[parts.pdr[2].far].waits, 11);
	assert_int_equal(parts.far[parts.pdr[2].far].flags, SHEET_DSCP);
	assert_int_equal(parts.far[parts.pdr[1].far].action, SHEET_DROP);
}

// Router solicitations go to the control plane by a tunnel, its advertisements come by one of their own.
static void to_and_from_the_control_plane(void **state)
{
	const struct sheet *made;
	struct sheet_parts parts;

	wanted.session.n_rules = 4;
	wanted.match[2] = wanted.match[UP];
	wanted.match[2].filter = "permit out 58 from ff02::2/128 to assigned";
	wanted.match[2].tunnel = 2;
	wanted.forward[2].destination = SHOAL__OSS__INTERFACE__CP;
	wanted.match[3].source = SHOAL__OSS__INTERFACE__CP;
	wanted.match[3].tunnel = 1;
	wanted.rule[3].precedence = 1000;
	made = sheet();
	parts = sheet_parts(made);
	assert_int_equal(made->tunnels, 3);
	for (unsigned i = 0; i < made->pdrs; i++) // no container goes there
		assert_int_equal(parts.far[parts.pdr[i].far].flags & SHEET_BARE, parts.pdr[i].id == 3 ? SHEET_BARE : 0);
	assert_int_equal(made->way[SHEET_UPLINK], 0x1 | 0x2 | 0x8);
	assert_int_equal(parts.tunnel[0], 0x2 | 0x4);
	assert_int_equal(parts.tunnel[1], 0x8);
	assert_int_equal(parts.tunnel[2], 0x1);
	assert_int_equal(parts.pdr[0].flags, SHEET_ANY_SOURCE);
	assert_int_equal(parts.pdr[1].flags, 0);
	assert_int_equal(parts.pdr[2].flags, 0);
	assert_int_equal(parts.pdr[3].flags, SHEET_ANY_SOURCE);
	assert_int_equal(parts.far[parts.pdr[0].far].outer, SHEET_OUTER_GTPU4);
	assert_int_equal(parts.far[parts.pdr[3].far].outer, SHEET_OUTER_GTPU4);
	assert_int_equal(parts.filters6->remote[0][0], 0xff020000);
	assert_int_equal(parts.filters6->mask[3][0], 0xffffffff);
	wanted.session.teid = TEID;
	compile_teids(&wanted.session, grid.slot_bits);
	assert_int_equal(wanted.match[UP].teid, TEID);
	assert_int_equal(wanted.match[2].teid, sheet_tunnel_teid(TEID, 2, grid.slot_bits));
	assert_int_equal(wanted.match[DOWN].teid, 0);
	assert_int_equal(makes().alias[2], 0); // said back to us they are still our own
}

static void filters_are_shared_and_multiply(void **state)
{
	const struct sheet *made;
	struct sheet_parts parts;

	wanted.match[UP].filters = wanted.filters; // the same, for both ways
	wanted.match[UP].n_filters = 2;
	wanted.filter[1].flow = "permit out 6 from any 80,443 to assigned 1-2,3-4,5";
	made = sheet();
	parts = sheet_parts(made);
	assert_int_equal(made->groups4, 1);
	assert_int_equal(made->groups6, 1);
	assert_int_equal(parts.filters4->pdrs_low[0], 1 | 2);
	for (unsigned i = 1; i < 7; i++)
		assert_int_equal(parts.filters4->pdrs_low[i], 2);
	assert_int_equal(parts.filters4->pdrs_low[7], 0);
	assert_int_equal(parts.filters4->remote_ports[6], 443 | 443 << 16);
	assert_int_equal(parts.filters4->local_ports[6], 5 | 5 << 16);
	assert_int_equal(parts.filters6->pdrs_low[5], 2);
	assert_int_equal(made->open[0], 4);
	wanted.filter[1].flow = "permit out ip from 0.0.0.0/0 to assigned"; // all of IPv4, none of IPv6
	made = sheet();
	assert_int_equal(made->open[0], 4 | 2);
	assert_int_equal(made->open[1], 4);
}

static void filters_of_other_things(void **state)
{
	struct sheet_parts parts;

	wanted.filter[0].flow = "";
	wanted.filter[0].tos = 0xb9;
	wanted.filter[0].tos_mask = 0xfc;
	parts = sheet_parts(sheet());
	assert_int_equal(parts.filters4->kind[0], 0xb8u << 16 | 0xfcu << 24);
	assert_int_equal(parts.filters6->kind[0], 0xb8u << 16 | 0xfcu << 24);
	shoal__oss__filter__init(&wanted.filter[0]);
	wanted.filter[0].has_spi = true;
	parts = sheet_parts(sheet());
	assert_int_equal(parts.filters4->has_spi[0], 1);
	shoal__oss__filter__init(&wanted.filter[0]);
	wanted.filter[0].has_flow_label = true;
	wanted.filter[0].flow_label = 0x12345;
	assert_int_equal(sheet()->groups4, 0);
	parts = sheet_parts((struct sheet *)room.bytes);
	assert_int_equal(parts.filters6->label[0], 0x12345);
	assert_int_equal(parts.filters6->label_mask[0], 0xfffff);
}

static void qfis_and_rates(void **state)
{
	static uint32_t qfis[] = { 1, 63 };
	const struct sheet *made;
	struct sheet_parts parts;

	wanted.session.n_rates = 9; // the last two are no rule's
	wanted.rate[0].uplink = &wanted.limit[0];
	wanted.rate[0].downlink = &wanted.limit[1];
	wanted.limit[0].cir_bps = 1000000;
	wanted.limit[1].gate_closed = true;
	wanted.rate[1].cir_bps = 8000000;
	wanted.rate[1].ebs_bytes = 5000;
	wanted.rate[1].red = SHOAL__OSS__RED__RED_REMARK;
	wanted.rate[1].mark = SHOAL__OSS__MARK__MARK_AF2;
	wanted.rate[2].has_qfi = true;
	wanted.rate[2].qfi = 9;
	wanted.rate[2].reflective = true;
	wanted.rule[UP].rate_id = 1;
	wanted.rule[UP].rate_ids = wanted.ids;
	wanted.rule[UP].n_rate_ids = 7;
	wanted.rule[DOWN].rate_id = 3;
	wanted.match[UP].qfis = qfis;
	wanted.match[UP].n_qfis = 2;
	made = sheet();
	parts = sheet_parts(made);
	assert_int_equal(made->qers, 7);
	assert_int_equal(parts.pdr[0].qers, 0);
	assert_int_equal(parts.pdr[1].qers, 0x7f);
	assert_int_equal(parts.pdr[2].qers, 0x4);
	assert_true(parts.pdr[1].qfis == (1ull << 1 | 1ull << 63));
	assert_int_equal(parts.qer[0].cir_bps[SHEET_UPLINK], 1000000);
	assert_int_equal(parts.qer[0].cbs_bytes[SHEET_UPLINK], 12500);
	assert_int_equal(parts.qer[0].cir_bps[SHEET_DOWNLINK], 0);
	assert_int_equal(parts.qer[0].flags, SHEET_GATE_DOWN);
	assert_int_equal(parts.qer[1].cir_bps[SHEET_UPLINK], 8000000);
	assert_int_equal(parts.qer[1].cir_bps[SHEET_DOWNLINK], 8000000);
	assert_int_equal(parts.qer[1].ebs_bytes[SHEET_DOWNLINK], 5000);
	assert_int_equal(parts.qer[1].flags, SHEET_REMARK);
	assert_int_equal(parts.qer[1].mark, BEARER_MARK_AF2);
	assert_int_equal(parts.qer[2].flags, SHEET_QFI | SHEET_RQI);
	assert_int_equal(parts.qer[2].qfi, 9);
	wanted.rule[UP].n_rate_ids = 9;
	compile_refused(&play, LIMIT, "rates");
}

static void quota_halved(void *with, uint64_t session, const Shoal__Oss__Measure *measure, struct sheet_urr *urr)
{
	assert_int_equal(session, 1);
	assert_int_equal(measure->id, urr->id);
	assert_int_not_equal(urr->serial, 0);
	urr->flags = SHEET_QUOTA;
	urr->quota[SHEET_TOTAL] = *(uint64_t *)with / 2;
}

static void measures_and_their_quotas(void **state)
{
	uint64_t quota = 1000;
	const struct sheet *made;
	struct sheet_parts parts;

	wanted.session.n_measures = 3;
	wanted.rule[DOWN].measure_ids = &wanted.ids[1];
	wanted.rule[DOWN].n_measure_ids = 2;
	made = sheet();
	parts = sheet_parts(made);
	assert_int_equal(made->urrs, 3); // named or not
	assert_int_equal(parts.pdr[2].urrs, 0x6);
	assert_int_equal(parts.pdr[1].urrs, 0);
	assert_int_equal(parts.urr[1].id, 2);
	assert_true(parts.urr[1].quota[SHEET_TOTAL] == UINT64_MAX);
	needs.quota = (struct compile_quota){ .with = &quota, .fill = quota_halved };
	parts = sheet_parts(sheet());
	assert_true(parts.urr[1].quota[SHEET_TOTAL] == 500);
	needs.quota = (struct compile_quota){ 0 };
	wanted.session.n_rules =
	    2; // what two lines can tell, they do: but not when packets are to be counted against something
	assert_null(makes().sheet);
	wanted.measure[1].triggers = 2;
	assert_non_null(makes().sheet);
}

static void measures_before_enforcement(void **state)
{
	struct sheet_parts parts;

	wanted.session.n_measures = 2;
	wanted.measure[1].information = 1 | 8;
	wanted.rule[UP].id = 65536; // PDR ID 65535
	parts = sheet_parts(sheet());
	assert_int_equal(parts.urr[0].flags, 0);
	assert_int_equal(parts.urr[1].flags, SHEET_BEFORE);
	assert_int_equal(parts.pdr[2].id, 0);
}

// What asks the UE for something cannot be told by two lines.
static void reflective_qos_needs_a_sheet(void **state)
{
	wanted.session.n_rules = 2;
	wanted.session.n_rates = 1;
	wanted.rule[DOWN].rate_id = 1;
	wanted.rate[0].has_qfi = true;
	wanted.rate[0].qfi = 9;
	assert_null(makes().sheet);
	wanted.rate[0].reflective = true;
	assert_int_equal(sheet_parts(sheet()).qer[0].flags, SHEET_QFI | SHEET_RQI);
	needs.rules_bytes = 0;
	compile_refused(&play, UNSUPPORTED, "rules[1].rate_ids");
}

// An SGW-U's session: both ways by tunnels, and no address.
static void tunnels_of_the_core_side(void **state)
{
	struct sheet_parts parts;
	const struct sheet *made;

	wanted.session.n_rules = 2;
	about.ue_ipv4 = 0;
	about.ue_ipv6 = 1ull << 32;
	compile_refused(&play, MISSING, "rules[1].match.tunnelled");
	wanted.match[DOWN].tunnelled = true;
	compile_refused(&play, INVALID, "rules[1].match.tunnel");
	wanted.match[DOWN].tunnel = 1;
	wanted.forward[UP].peer_ipv4 = 0xc6336401;
	wanted.forward[UP].peer_teid = 9;
	made = sheet();
	parts = sheet_parts(made);
	assert_int_equal(made->way[SHEET_UPLINK], 3);
	assert_int_equal(made->way[SHEET_DOWNLINK], 0);
	assert_int_equal(parts.tunnel[1], 2);
	assert_int_equal(parts.pdr[0].flags, SHEET_ANY_SOURCE);
	assert_int_equal(parts.pdr[1].flags, SHEET_ANY_SOURCE | SHEET_FROM_CORE);
	assert_int_equal(parts.far[parts.pdr[0].far].outer, SHEET_OUTER_GTPU4);
	wanted.session.teid = TEID;
	compile_teids(&wanted.session, grid.slot_bits);
	assert_int_equal(wanted.match[DOWN].teid, sheet_tunnel_teid(TEID, 1, grid.slot_bits));
	about.ue_ipv6 = UE6; // with an address of its own
	parts = sheet_parts(sheet());
	assert_int_equal(parts.pdr[0].flags, 0);
	wanted.match[UP].tunnelled = true;
	compile_refused(&play, INVALID, "rules[0].match.tunnelled");
}

static void measures_keep_their_numbers(void **state)
{
	struct sheet *before;
	struct plan plan;
	uint32_t first, second;

	wanted.session.n_measures = 2;
	plan = makes();
	assert_int_equal(compile_keep(&plan, &before), 0);
	first = sheet_serial(before, 1);
	second = sheet_serial(before, 2);
	assert_int_not_equal(first, second);
	sheet_past(before, plan.made, &past);
	wanted.session.n_measures = 1; // 2 is no more
	plan = makes();
	assert_int_equal(sheet_serial(plan.sheet, 1), first);
	sheet_past(plan.sheet, plan.made, &past);
	wanted.session.n_measures = 2; // and comes again
	plan = makes();
	assert_int_equal(sheet_serial(plan.sheet, 1), first);
	assert_int_not_equal(sheet_serial(plan.sheet, 2), second);
	assert_int_not_equal(sheet_serial(plan.sheet, 2), first);
	sheet_past(NULL, plan.made, &past); // two lines for a while
	plan = makes();
	assert_int_not_equal(sheet_serial(plan.sheet, 1), first);
	free(before);
}

static uint32_t episode_next(void)
{
	struct plan plan = makes();

	sheet_past(plan.sheet, plan.made, &past);
	return plan.sheet->episode;
}

static void episodes_never_come_again(void **state)
{
	uint32_t none, waits, more, again;

	none = episode_next();
	assert_int_not_equal(none, 0);
	wanted.forward[DOWN].peer_teid++;
	assert_int_equal(episode_next(), none);
	wanted.forward[DOWN].buffer = wanted.forward[DOWN].notify = true;
	waits = episode_next();
	assert_int_not_equal(waits, none);
	wanted.filter[0].flow = "permit out 6 from any to assigned";
	assert_int_equal(episode_next(), waits);
	wanted.forward[DOWN].has_buffer_packets = true;
	assert_int_equal(episode_next(), waits);
	wanted.forward[DOWN].has_buffer_packets = false;
	wanted.forward[FURTHER].buffer = true;
	more = episode_next();
	assert_true(more != waits && more != none);
	wanted.forward[DOWN].buffer = wanted.forward[DOWN].notify = wanted.forward[FURTHER].buffer = false;
	again = episode_next();
	assert_true(again != more && again != waits && again != none);
	wanted.forward[DOWN].buffer = wanted.forward[DOWN].notify = true;
	assert_true(episode_next() != waits);
}

static void stored_numbers_make_the_same_sheet(void **state)
{
	struct plan plan;
	uint32_t sum;

	wanted.session.n_measures = 2;
	episode_next();
	wanted.session.n_measures = 3;
	wanted.forward[DOWN].buffer = true;
	plan = makes();
	sum = plan.bearer.sheet_sum;
	sheet_past(plan.sheet, plan.made, &past);
	past.waiting = 0; // not stored
	past.stored = true;
	assert_int_equal(makes().bearer.sheet_sum, sum);
	assert_int_equal(makes().made, past.made);
}

// Where the UE's address is known, a filter with another one is of no packet; where it is not, the UE must not be given another one.
static void the_ue_end_has_to_hold_its_address(void **state)
{
	struct fault fault = { 0 };

	wanted.filter[0].flow = "permit out 17 from any to 10.45.0.8";
	assert_int_equal((sheet()->open[0] | sheet()->open[1]) & 1, 0);
	assert_int_equal(sheet()->groups4 + sheet()->groups6, 0);
	wanted.filter[0].flow = "permit out 17 from any to 10.45.0.7";
	assert_true(makes().ends);
	about.ue_ipv4 = 0; // not yet known
	about.ue_ipv6 = 0;
	assert_true(makes().ends);
	assert_int_equal(compile_ends(&wanted.session, UE4, 0, &fault), 0);
	assert_true(compile_ends(&wanted.session, UE4 + 1, 0, &fault) < 0);
	assert_string_equal(fault.field, "rules[2].match.filters[0].flow");
	wanted.filter[0].flow = "permit out 17 from any to assigned";
	assert_false(makes().ends);
}

static void names_what_is_wrong(void **state)
{
#define TRY(change, code, field) \
	do { \
		setup(NULL); \
		change; \
		compile_refused(&play, code, field); \
	} while (0)
	TRY(needs.rules_bytes = 0, UNSUPPORTED, "rules[2]");
	TRY(needs.rules_bytes = 64, LIMIT, "rules");
	TRY(wanted.session.n_rules = 65, LIMIT, "rules[64]");
	TRY(wanted.rule[2].id = 1, INVALID, "rules[2].id");
	TRY(wanted.filter[0].flow = "permit out ip from any", INVALID, "rules[2].match.filters[0].flow");
	TRY(wanted.filter[0].flow = "deny out ip from any to any", UNSUPPORTED, "rules[2].match.filters[0].flow");
	TRY(wanted.match[DOWN].filter = "permit", INVALID, "rules[1].match.filter");
	TRY(wanted.filter[0].flow = "permit out ip from 10.0.0.1 to 2001:db8:45:700::/64", INVALID,
	    "rules[2].match.filters[0].flow");
	TRY(wanted.filter[0].tos = 256, INVALID, "rules[2].match.filters[0].tos");
	TRY(wanted.filter[0].tos = 4, MISSING, "rules[2].match.filters[0].tos_mask");
	TRY(wanted.filter[0].spi = 4, MISSING, "rules[2].match.filters[0].has_spi");
	TRY(wanted.filter[0].flow_label = 4, MISSING, "rules[2].match.filters[0].has_flow_label");
	TRY((wanted.filter[0].has_flow_label = true, wanted.filter[0].flow_label = 1 << 20), INVALID,
	    "rules[2].match.filters[0].flow_label");
	TRY(wanted.filter[0].has_flow_label = true, INVALID, "rules[2].match.filters[0].flow_label"); // IPv4
	TRY(wanted.filter[0].flow = "permit out 6 from any 1,2,3,4,5,6,7,8,9 to any 1,2,3,4,5,6,7,8", LIMIT,
	    "rules[2].match.filters[0].flow"); // 72 pairs
	TRY((wanted.match[UP].teid = 10, wanted.match[2] = wanted.match[UP], wanted.match[2].teid = 11,
	     wanted.forward[2].peer_teid = wanted.forward[2].peer_ipv4 = 0),
	    INVALID, "rules[2].match.teid");
	TRY((wanted.match[UP].teid = 10, wanted.match[2] = wanted.match[UP], wanted.match[2].tunnel = 1), INVALID,
	    "rules[2].match.teid");
#undef TRY
}

static void the_largest(void **state)
{
	static char flow[64][64];
	struct plan plan;

	needs.rules_bytes = 17920;
	wanted.session.n_rules = 64;
	for (unsigned i = 2; i < 64; i++) {
		wanted.rule[i].precedence = 1000 - i;
		wanted.forward[i].peer_teid = i;
		wanted.match[i].filters = &wanted.filters[i];
		wanted.match[i].n_filters = 1;
		snprintf(flow[i], sizeof(flow[i]), "permit out 6 from any %u to assigned", i);
		wanted.filter[i].flow = flow[i];
	}
	wanted.match[2].n_filters = 1;
	plan = makes();
	assert_int_equal(plan.sheet->pdrs, 64);
	assert_int_equal(plan.sheet->fars, 64);
	assert_int_equal(plan.sheet->groups4, 8);
	assert_int_equal(plan.sheet->groups6, 8);
	assert_int_equal(sheet_parts(plan.sheet).pdr[0].id, 1);
	needs.rules_bytes = sheet_room(plan.sheet);
	makes();
	needs.rules_bytes--;
	compile_refused(&play, LIMIT, "rules");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rules_in_the_order_of_precedence, setup),
		cmocka_unit_test_setup(where_packets_go, setup),
		cmocka_unit_test_setup(to_and_from_the_control_plane, setup),
		cmocka_unit_test_setup(filters_are_shared_and_multiply, setup),
		cmocka_unit_test_setup(filters_of_other_things, setup),
		cmocka_unit_test_setup(qfis_and_rates, setup),
		cmocka_unit_test_setup(measures_and_their_quotas, setup),
		cmocka_unit_test_setup(measures_before_enforcement, setup),
		cmocka_unit_test_setup(reflective_qos_needs_a_sheet, setup),
		cmocka_unit_test_setup(tunnels_of_the_core_side, setup),
		cmocka_unit_test_setup(measures_keep_their_numbers, setup),
		cmocka_unit_test_setup(episodes_never_come_again, setup),
		cmocka_unit_test_setup(stored_numbers_make_the_same_sheet, setup),
		cmocka_unit_test_setup(the_ue_end_has_to_hold_its_address, setup),
		cmocka_unit_test_setup(names_what_is_wrong, setup),
		cmocka_unit_test_setup(the_largest, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
