// test_pfcp_rules.c - rules as they come, as modifications leave them, and what they are to a worker; each refusal with its cause.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/translate.h"
#include "tests/unit/pfcp_words.h"

static struct pfcp_tree tree;
static struct rules rules;
static struct translation to;
static struct rules_fault fault;
static struct words words, change;
static const struct translate_given new = { .gtpu_ipv4 = WORDS_OURS };
static const struct translate_given living = { .teid = 0x1234,
					       .gtpu_ipv4 = WORDS_OURS,
					       .ue_ipv4 = WORDS_UE,
					       .rules = 1,
					       .rule[0] = { .pdr = 2, .tunnel = 0, .teid = 0x1234 } };
enum { UP, DOWN }; // the rules of words_session

static int take(const struct words *from, unsigned type)
{
	fault = (struct rules_fault){ 0 };
	assert_false(from->writer.full);
	return pfcp_read(PFCP_MESSAGE(type), from->bytes, (size_t)(from->writer.at - from->bytes), &tree, &fault.why);
}

// As an establishment.
static int establish(void)
{
	rules_clear(&rules);
	if (take(&words, PFCP_SESSION_ESTABLISHMENT_REQUEST) || rules_create(&rules, &tree, &fault))
		return -EPROTO;
	return translate(&rules, &new, &to, &fault);
}

static int modify(void)
{
	if (take(&change, PFCP_SESSION_MODIFICATION_REQUEST) || rules_modify(&rules, &tree, &fault))
		return -EPROTO;
	return translate(&rules, &living, &to, &fault);
}

static int setup(void **state)
{
	words_begin(&words);
	words_begin(&change);
	words_session(&words, 1, false);
	return 0;
}

static void refused(uint8_t cause, uint16_t offending, int kind, uint32_t id)
{
	assert_int_equal(fault.why.cause, cause);
	assert_int_equal(fault.why.offending, offending);
	assert_int_equal(fault.of_rule, kind >= 0);
	if (kind < 0)
		return;
	assert_int_equal(fault.kind, kind);
	assert_int_equal(fault.id, id);
}

static void both_ways(void **state)
{
	assert_int_equal(establish(), 0);
	assert_int_equal(to.session.n_rules, 2);
	assert_int_equal(to.rule[UP].id, 2); // PFCP's 1
	assert_int_equal(to.match[UP].source, SHOAL__OSS__INTERFACE__ACCESS);
	assert_int_equal(to.forward[UP].destination, SHOAL__OSS__INTERFACE__CORE);
	assert_int_equal(to.forward[DOWN].destination, SHOAL__OSS__INTERFACE__ACCESS);
	assert_int_equal(to.forward[DOWN].peer_teid, 0x77);
	assert_int_equal(to.forward[DOWN].peer_ipv4, WORDS_GNB);
	assert_int_equal(to.session.n_rates, 1);
	assert_int_equal(to.rule[UP].rate_id, 2);
	assert_int_equal(to.rule[DOWN].rate_id, 2);
	assert_int_equal(to.rate[0].uplink->cir_bps, 8000000);
	assert_int_equal(to.rate[0].downlink->cir_bps, 8000000);
	assert_int_equal(to.rate[0].qfi, 9);
	assert_int_equal(to.ue.ipv4, WORDS_UE);
	assert_string_equal(to.instance, "internet");
	assert_int_equal(to.match[UP].n_filters, 0);
	assert_int_equal(to.session.n_measures, 1);
	assert_int_equal(to.rule[UP].measure_ids[0], 2);
	assert_true(to.measure[0].volume);
}

static void handover_and_gate(void **state)
{
	assert_int_equal(establish(), 0);
	words_handover(&change, 2, 0x99);
	assert_int_equal(modify(), 0);
	assert_int_equal(to.forward[DOWN].peer_teid, 0x99);
	words_begin(&change);
	words_drop(&change, 2);
	assert_int_equal(modify(), 0);
	assert_true(to.forward[DOWN].drop);
	// Forwarded again: the tunnel was kept.
	words_begin(&change);
	words_handover(&change, 2, 0);
	assert_int_equal(modify(), 0);
	assert_false(to.forward[DOWN].drop);
	assert_int_equal(to.forward[DOWN].peer_teid, 0x99);
}

static void many_qers(void **state)
{
	uint8_t *mark;

	assert_int_equal(establish(), 0);
	words_qer(&change, 2, 5000, 0);
	words_qer(&change, 3, 1ull << 39, 0); // more than there can be: no limit
	pfcp_begin(&change.writer, PFCP_IE_UPDATE_PDR, &mark);
	pfcp_put_u16(&change.writer, PFCP_IE_PDR_ID, 1);
	for (uint32_t qer = 1; qer <= 3; qer++)
		pfcp_put_u32(&change.writer, PFCP_IE_QER_ID, qer);
	pfcp_end(&change.writer, mark);
	assert_int_equal(modify(), 0);
	assert_int_equal(to.session.n_rates, 3);
	assert_int_equal(to.rule[UP].rate_id, 2);
	assert_int_equal(to.rule[UP].n_rate_ids, 2);
	assert_int_equal(to.rule[UP].rate_ids[1], 4);
	assert_int_equal(to.rate[1].uplink->cir_bps, 5000000);
	assert_int_equal(to.rate[2].uplink->cir_bps, 0);
	assert_false(to.rate[2].uplink->gate_closed);
	assert_int_equal(to.rule[DOWN].n_rate_ids, 0);
	// A QER that is removed is forgotten by its PDRs.
	words_begin(&change);
	pfcp_begin(&change.writer, PFCP_IE_REMOVE_QER, &mark);
	pfcp_put_u32(&change.writer, PFCP_IE_QER_ID, 2);
	pfcp_end(&change.writer, mark);
	assert_int_equal(modify(), 0);
	assert_int_equal(to.rule[UP].n_rate_ids, 1);
	assert_int_equal(to.session.n_rates, 2);
}

static void nothing_passes_at_rate_zero(void **state)
{
	words_begin(&words);
	words_head(&words, 1);
	words_uplink(&words, 1, 1, false);
	words_forward(&words, 1, PFCP_DESTINATION_INTERFACE_SGI_LAN, 0);
	words_urr(&words, 1);
	words_qer(&words, 1, 0, 0);
	assert_int_equal(establish(), 0);
	assert_true(to.rate[0].uplink->gate_closed);
	assert_int_equal(to.session.n_rules, 1);
}

static void pointing_nowhere(void **state)
{
	uint8_t *mark;

	words_begin(&words);
	words_head(&words, 1);
	words_uplink(&words, 1, 7, false);
	words_forward(&words, 1, PFCP_DESTINATION_INTERFACE_CORE, 0);
	words_qer(&words, 1, 1, 0);
	words_urr(&words, 1);
	assert_int_equal(establish(), -EPROTO);
	refused(PFCP_CAUSE_RULE_FAILURE, PFCP_IE_FAR_ID, RULE_PDR, 1);
	setup(state);
	assert_int_equal(establish(), 0);
	words_handover(&change, 65535, 1);
	assert_int_equal(modify(), -EPROTO);
	refused(PFCP_CAUSE_RULE_FAILURE, PFCP_IE_FAR_ID, RULE_FAR, 65535);
	words_begin(&change);
	pfcp_begin(&change.writer, PFCP_IE_REMOVE_FAR, &mark);
	pfcp_put_u32(&change.writer, PFCP_IE_FAR_ID, 2);
	pfcp_end(&change.writer, mark);
	assert_int_equal(establish(), 0);
	assert_int_equal(modify(), -EPROTO);
	refused(PFCP_CAUSE_RULE_FAILURE, PFCP_IE_FAR_ID, RULE_PDR, 2);
}

static void one_id_twice(void **state)
{
	words_forward(&words, 2, PFCP_DESTINATION_INTERFACE_CORE, 0);
	assert_int_equal(establish(), -EPROTO);
	refused(PFCP_CAUSE_RULE_FAILURE, PFCP_IE_FAR_ID, RULE_FAR, 2);
}

static void three_hundred_pdrs(void **state)
{
	static uint8_t many[65536];

	words.writer = pfcp_writer_over(many, sizeof(many));
	words_head(&words, 1);
	for (uint16_t i = 1; i <= 300; i++)
		words_uplink(&words, i, 1, false);
	words_forward(&words, 1, PFCP_DESTINATION_INTERFACE_CORE, 0);
	rules_clear(&rules);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_ESTABLISHMENT_REQUEST), many,
				   (size_t)(words.writer.at - many), &tree, &fault.why),
			 0);
	assert_int_equal(rules_create(&rules, &tree, &fault), -EPROTO);
	refused(PFCP_CAUSE_NO_RESOURCES, 0, RULE_PDR, 257);
}

// What a FAR, PDR, QER or URR may not ask for; each with the IE that asks.
static const struct {
	uint16_t create, id, ie;
	uint32_t rule;
	int kind;
	uint8_t cause, value[4], bytes;
} cases[] = {
	{ PFCP_IE_UPDATE_FAR, PFCP_IE_FAR_ID, PFCP_IE_APPLY_ACTION, 2, RULE_FAR, 73, { 0x12, 0 }, 2 }, // duplicate
	{ PFCP_IE_UPDATE_FAR,
	  PFCP_IE_FAR_ID,
	  PFCP_IE_APPLY_ACTION,
	  2,
	  RULE_FAR,
	  73,
	  { 0x03, 0 },
	  2 }, // drop and forward
	{ PFCP_IE_UPDATE_FAR,
	  PFCP_IE_FAR_ID,
	  PFCP_IE_APPLY_ACTION,
	  2,
	  RULE_FAR,
	  73,
	  { 0x0a, 0 },
	  2 }, // forward and notify
	{ PFCP_IE_UPDATE_FAR, PFCP_IE_FAR_ID, PFCP_IE_APPLY_ACTION, 2, RULE_FAR, 73, { 0, 0 }, 2 },
	{ PFCP_IE_UPDATE_FAR, PFCP_IE_FAR_ID, PFCP_IE_BAR_ID, 2, RULE_FAR, 73, { 1 }, 1 }, // there is none
	{ PFCP_IE_UPDATE_PDR, PFCP_IE_PDR_ID, PFCP_IE_OUTER_HEADER_REMOVAL, 1, RULE_PDR, 73, { 2 }, 1 }, // UDP
	{ PFCP_IE_UPDATE_PDR, PFCP_IE_PDR_ID, PFCP_IE_OUTER_HEADER_REMOVAL, 2, RULE_PDR, 73, { 0 }, 1 }, // downlink
	{ PFCP_IE_UPDATE_PDR, PFCP_IE_PDR_ID, PFCP_IE_ACTIVATE_PREDEFINED_RULES, 1, RULE_PDR, 80, "web", 3 },
	{ PFCP_IE_UPDATE_QER, PFCP_IE_QER_ID, PFCP_IE_PAGING_POLICY_INDICATOR, 1, RULE_QER, 73, { 1 }, 1 },
	{ PFCP_IE_UPDATE_URR, PFCP_IE_URR_ID, PFCP_IE_MEASUREMENT_METHOD, 1, RULE_URR, 73, { 0 }, 1 },
	{ PFCP_IE_UPDATE_URR, PFCP_IE_URR_ID, PFCP_IE_LINKED_URR_ID, 1, RULE_URR, 73, { 0, 0, 0, 9 }, 4 },
	{ PFCP_IE_UPDATE_URR,
	  PFCP_IE_URR_ID,
	  PFCP_IE_REPORTING_TRIGGERS,
	  1,
	  RULE_URR,
	  73,
	  { 0, 0x40, 0 },
	  3 }, // joins of multicast groups
	{ PFCP_IE_UPDATE_URR, PFCP_IE_URR_ID, PFCP_IE_NUMBER_OF_REPORTS, 1, RULE_URR, 73, { 0, 9 }, 2 },
};

static void unserved(void **state)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t *mark;

		assert_int_equal(establish(), 0);
		words_begin(&change);
		pfcp_begin(&change.writer, cases[i].create, &mark);
		if (cases[i].id == PFCP_IE_PDR_ID)
			pfcp_put_u16(&change.writer, cases[i].id, (uint16_t)cases[i].rule);
		else
			pfcp_put_u32(&change.writer, cases[i].id, cases[i].rule);
		pfcp_put_bytes(&change.writer, cases[i].ie, cases[i].value, cases[i].bytes);
		pfcp_end(&change.writer, mark);
		assert_int_equal(modify(), -EPROTO);
		refused(cases[i].cause, cases[i].ie, cases[i].kind, cases[i].rule);
	}
}

// The parts of a PDI, put in the place of the uplink's.
static int uplink_anew(const struct pfcp_fteid *fteid, const struct pfcp_sdf *sdf, uint8_t source)
{
	uint8_t *mark, *pdi;

	words_begin(&change);
	pfcp_begin(&change.writer, PFCP_IE_UPDATE_PDR, &mark);
	pfcp_put_u16(&change.writer, PFCP_IE_PDR_ID, 1);
	pfcp_begin(&change.writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(&change.writer, PFCP_IE_SOURCE_INTERFACE, source);
	if (fteid)
		pfcp_put_fteid(&change.writer, PFCP_IE_F_TEID, fteid);
	if (fteid)
		pfcp_put_u8(&change.writer, PFCP_IE_QFI, 7);
	if (sdf)
		pfcp_put_sdf(&change.writer, PFCP_IE_SDF_FILTER, sdf);
	pfcp_end(&change.writer, pdi);
	pfcp_end(&change.writer, mark);
	return modify();
}

static int uplink_of(const struct pfcp_fteid *fteid, const struct pfcp_sdf *sdf, uint8_t source)
{
	assert_int_equal(establish(), 0);
	return uplink_anew(fteid, sdf, source);
}

static void ends_of_tunnels(void **state)
{
	struct pfcp_fteid ours = { .teid = 0x1234, .address = { .has_ipv4 = true, .ipv4 = WORDS_OURS } };
	struct pfcp_fteid theirs = { .teid = 0x4321, .address = { .has_ipv4 = true, .ipv4 = WORDS_OURS } };
	struct pfcp_fteid elsewhere = { .teid = 0x4321, .address = { .has_ipv4 = true, .ipv4 = WORDS_GNB } };
	struct pfcp_fteid none = { .teid = 0, .address = { .has_ipv4 = true, .ipv4 = WORDS_OURS } };
	struct pfcp_fteid ipv6 = { .choose = true, .address.has_ipv6 = true };

	assert_int_equal(uplink_of(&ours, NULL, 0), 0);
	assert_int_equal(to.match[UP].tunnel, 0);
	assert_int_equal(to.match[UP].teid, 0x1234);
	assert_int_equal(uplink_of(&theirs, NULL, 0), 0); // another one, of the CP function's choice
	assert_int_equal(to.match[UP].tunnel, 1);
	assert_int_equal(to.match[UP].teid, 0x4321);
	assert_int_equal(uplink_of(&elsewhere, NULL, 0), -EPROTO);
	refused(PFCP_CAUSE_INVALID_F_TEID_ALLOCATION, PFCP_IE_F_TEID, RULE_PDR, 1);
	assert_int_equal(uplink_of(&none, NULL, 0), -EPROTO);
	refused(PFCP_CAUSE_INVALID_F_TEID_ALLOCATION, PFCP_IE_F_TEID, RULE_PDR, 1);
	assert_int_equal(uplink_of(&ipv6, NULL, 0), -EPROTO);
	refused(PFCP_CAUSE_INVALID_F_TEID_ALLOCATION, PFCP_IE_F_TEID, RULE_PDR, 1);
	assert_int_equal(uplink_of(NULL, NULL, PFCP_SOURCE_INTERFACE_CP_FUNCTION), -EPROTO);
	refused(PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_F_TEID, RULE_PDR, 1);
	assert_int_equal(uplink_of(&ours, NULL, 4), -EPROTO);
	refused(PFCP_CAUSE_RULE_FAILURE, PFCP_IE_SOURCE_INTERFACE, RULE_PDR, 1);
}

static void filters(void **state)
{
	static const char all[] = "permit out ip from any to assigned", some[] = "permit out 17 from any to assigned";
	static char long_one[5000];
	struct pfcp_fteid ours = { .choose = true, .address.has_ipv4 = true };
	struct pfcp_sdf sdf = { .flow = all, .flow_bytes = sizeof(all) - 1 };

	assert_int_equal(uplink_of(&ours, &sdf, 0), 0);
	assert_int_equal(to.match[UP].n_filters, 0);
	sdf = (struct pfcp_sdf){ .flow = some, .flow_bytes = sizeof(some) - 1, .has_tos = true, .tos = 0xb8fc };
	assert_int_equal(uplink_of(&ours, &sdf, 0), 0);
	assert_int_equal(to.match[UP].n_filters, 1);
	assert_string_equal(to.match[UP].filters[0]->flow, some);
	assert_int_equal(to.match[UP].filters[0]->tos, 0xb8);
	assert_int_equal(to.match[UP].filters[0]->tos_mask, 0xfc);
	memset(long_one, 'x', sizeof(long_one));
	sdf = (struct pfcp_sdf){ .flow = long_one, .flow_bytes = sizeof(long_one) };
	assert_int_equal(uplink_of(&ours, &sdf, 0), -EPROTO);
	refused(PFCP_CAUSE_RULE_FAILURE, PFCP_IE_SDF_FILTER, RULE_PDR, 1);
	sdf.flow = "a\0b";
	sdf.flow_bytes = 3;
	assert_int_equal(uplink_of(&ours, &sdf, 0), -EPROTO);
	refused(PFCP_CAUSE_RULE_FAILURE, PFCP_IE_SDF_FILTER, RULE_PDR, 1);
	sdf = (struct pfcp_sdf){ .has_id = true, .id = 7 }; // given nowhere
	assert_int_equal(uplink_of(&ours, &sdf, 0), -EPROTO);
	refused(PFCP_CAUSE_RULE_FAILURE, PFCP_IE_SDF_FILTER, RULE_PDR, 1);
}

// A PDI that says nothing of where packets come from changes which of them.
static void flows_alone(void **state)
{
	static const char *const flows[] = { "permit out 17 from any to assigned",
					     "permit out 6 from any to assigned" };
	struct pfcp_fteid theirs = { .teid = 0x4321, .address = { .has_ipv4 = true, .ipv4 = WORDS_OURS } };

	assert_int_equal(uplink_of(&theirs, NULL, 0), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct pfcp_sdf sdf = { .flow = i < 2 ? flows[i] : NULL,
					.flow_bytes = i < 2 ? (uint16_t)strlen(flows[i]) : 0 };

		assert_int_equal(uplink_anew(NULL, i < 2 ? &sdf : NULL, 0), 0);
		assert_int_equal(to.match[UP].teid, 0x4321);
		assert_int_equal(to.match[UP].n_qfis, 1);
		assert_int_equal(to.match[UP].qfis[0], 7);
		assert_int_equal(to.match[UP].n_filters, i < 2);
		if (i < 2)
			assert_string_equal(to.match[UP].filters[0]->flow, flows[i]);
	}
	assert_null(to.session.ue); // it stays
	assert_string_equal(to.instance, "internet");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(both_ways, setup),
		cmocka_unit_test_setup(handover_and_gate, setup),
		cmocka_unit_test_setup(many_qers, setup),
		cmocka_unit_test_setup(nothing_passes_at_rate_zero, setup),
		cmocka_unit_test_setup(pointing_nowhere, setup),
		cmocka_unit_test_setup(one_id_twice, setup),
		cmocka_unit_test_setup(three_hundred_pdrs, setup),
		cmocka_unit_test_setup(unserved, setup),
		cmocka_unit_test_setup(ends_of_tunnels, setup),
		cmocka_unit_test_setup(filters, setup),
		cmocka_unit_test_setup(flows_alone, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
