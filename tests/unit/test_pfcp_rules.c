// test_pfcp_rules.c - rules as they come, as modifications leave them, and what they are to a worker; each refusal with its cause.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/front.h"
#include "ctrl/pfcp/ie_get.h"
#include "ctrl/pfcp/translate.h"
#include "tests/unit/pfcp_words.h"

static struct pfcp_tree tree;
static struct rules rules;
static struct translation to;
static struct rules_fault fault;
static struct words words, change;
static const struct translate_given new, living = { 0x1234, WORDS_OURS, WORDS_UE, 0 };

static int take(const struct words *from, unsigned type)
{
	fault = (struct rules_fault){ 0 };
	assert_false(from->writer.full);
	return pfcp_read(PFCP_MESSAGE(type), from->bytes, (size_t)(from->writer.at - from->bytes), &tree, &fault.why);
}

// As an establishment.
static int establish(void)
{
	rules.count = 0;
	rules.used = 0;
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
	assert_int_equal(to.match[TRANSLATE_UPLINK].source, SHOAL__OSS__INTERFACE__ACCESS);
	assert_int_equal(to.forward[TRANSLATE_UPLINK].destination, SHOAL__OSS__INTERFACE__CORE);
	assert_int_equal(to.forward[TRANSLATE_DOWNLINK].peer_teid, 0x77);
	assert_int_equal(to.forward[TRANSLATE_DOWNLINK].peer_ipv4, WORDS_GNB);
	assert_int_equal(to.rate[TRANSLATE_UPLINK].cir_bps, 8000000);
	assert_false(to.rate[TRANSLATE_UPLINK].has_qfi);
	assert_int_equal(to.rate[TRANSLATE_DOWNLINK].qfi, 9);
	assert_int_equal(to.ue.ipv4, WORDS_UE);
	assert_string_equal(to.instance, "internet");
	assert_true(to.pdr[TRANSLATE_UPLINK].choose_teid);
	assert_int_equal(to.urr[0].ways, 3);
}

static void handover_and_gate(void **state)
{
	assert_int_equal(establish(), 0);
	words_handover(&change, 2, 0x99);
	assert_int_equal(modify(), 0);
	assert_int_equal(to.forward[TRANSLATE_DOWNLINK].peer_teid, 0x99);
	words_begin(&change);
	words_drop(&change, 2);
	assert_int_equal(modify(), 0);
	assert_true(to.forward[TRANSLATE_DOWNLINK].drop);
	// Forwarded again: the tunnel was kept.
	words_begin(&change);
	words_handover(&change, 2, 0);
	assert_int_equal(modify(), 0);
	assert_false(to.forward[TRANSLATE_DOWNLINK].drop);
	assert_int_equal(to.forward[TRANSLATE_DOWNLINK].peer_teid, 0x99);
}

static void least_of_limits(void **state)
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
	assert_int_equal(to.rate[TRANSLATE_UPLINK].cir_bps, 5000000);
	assert_int_equal(to.rate[TRANSLATE_DOWNLINK].cir_bps, 8000000);
	// A QER that is removed is forgotten by its PDRs.
	words_begin(&change);
	pfcp_begin(&change.writer, PFCP_IE_REMOVE_QER, &mark);
	pfcp_put_u32(&change.writer, PFCP_IE_QER_ID, 2);
	pfcp_end(&change.writer, mark);
	assert_int_equal(modify(), 0);
	assert_int_equal(to.rate[TRANSLATE_UPLINK].cir_bps, 8000000);
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
	assert_true(to.rate[TRANSLATE_UPLINK].gate_closed);
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
	rules.count = 0;
	rules.used = 0;
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_ESTABLISHMENT_REQUEST), many,
				   (size_t)(words.writer.at - many), &tree, &fault.why),
			 0);
	assert_int_equal(rules_create(&rules, &tree, &fault), -EPROTO);
	refused(PFCP_CAUSE_NO_RESOURCES, 0, RULE_PDR, 257);
}

// What a FAR, PDR or URR may not ask for; each with the IE that asks.
static const struct {
	uint16_t create, id, ie;
	uint32_t rule;
	int kind;
	uint8_t value[4], bytes;
} cases[] = {
	{ PFCP_IE_UPDATE_FAR, PFCP_IE_FAR_ID, PFCP_IE_APPLY_ACTION, 2, RULE_FAR, { 0x0c, 0 }, 2 }, // buffer, notify
	{ PFCP_IE_UPDATE_FAR, PFCP_IE_FAR_ID, PFCP_IE_APPLY_ACTION, 2, RULE_FAR, { 0x12, 0 }, 2 }, // duplicate
	{ PFCP_IE_UPDATE_FAR, PFCP_IE_FAR_ID, PFCP_IE_APPLY_ACTION, 2, RULE_FAR, { 0x03, 0 }, 2 }, // drop and forward
	{ PFCP_IE_UPDATE_FAR, PFCP_IE_FAR_ID, PFCP_IE_BAR_ID, 2, RULE_FAR, { 1 }, 1 },
	{ PFCP_IE_UPDATE_PDR, PFCP_IE_PDR_ID, PFCP_IE_OUTER_HEADER_REMOVAL, 1, RULE_PDR, { 1 }, 1 }, // of IPv6
	{ PFCP_IE_UPDATE_PDR, PFCP_IE_PDR_ID, PFCP_IE_OUTER_HEADER_REMOVAL, 2, RULE_PDR, { 0 }, 1 }, // downlink
	{ PFCP_IE_UPDATE_PDR, PFCP_IE_PDR_ID, PFCP_IE_ACTIVATE_PREDEFINED_RULES, 1, RULE_PDR, "web", 3 },
	{ PFCP_IE_UPDATE_QER, PFCP_IE_QER_ID, PFCP_IE_RQI, 1, RULE_QER, { 1 }, 1 },
	{ PFCP_IE_UPDATE_QER, PFCP_IE_QER_ID, PFCP_IE_QER_CORRELATION_ID, 1, RULE_QER, { 0, 0, 0, 1 }, 4 },
	{ PFCP_IE_UPDATE_URR, PFCP_IE_URR_ID, PFCP_IE_REPORTING_TRIGGERS, 1, RULE_URR, { 2, 0, 0 }, 3 }, // threshold
	{ PFCP_IE_UPDATE_URR, PFCP_IE_URR_ID, PFCP_IE_MEASUREMENT_METHOD, 1, RULE_URR, { 3 }, 1 }, // duration, too
	{ PFCP_IE_UPDATE_URR, PFCP_IE_URR_ID, PFCP_IE_TIME_THRESHOLD, 1, RULE_URR, { 0, 0, 0, 9 }, 4 },
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
		refused(PFCP_CAUSE_RULE_FAILURE, cases[i].ie, cases[i].kind, cases[i].rule);
	}
}

// The parts of a PDI, put in the place of the uplink's.
static int uplink_of(const struct pfcp_fteid *fteid, const struct pfcp_sdf *sdf, uint8_t source)
{
	uint8_t *mark, *pdi;

	assert_int_equal(establish(), 0);
	words_begin(&change);
	pfcp_begin(&change.writer, PFCP_IE_UPDATE_PDR, &mark);
	pfcp_put_u16(&change.writer, PFCP_IE_PDR_ID, 1);
	pfcp_begin(&change.writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(&change.writer, PFCP_IE_SOURCE_INTERFACE, source);
	if (fteid)
		pfcp_put_fteid(&change.writer, PFCP_IE_F_TEID, fteid);
	if (sdf)
		pfcp_put_sdf(&change.writer, PFCP_IE_SDF_FILTER, sdf);
	pfcp_end(&change.writer, pdi);
	pfcp_end(&change.writer, mark);
	return modify();
}

static void tunnels_are_ours_to_choose(void **state)
{
	struct pfcp_fteid ours = { .teid = 0x1234, .address = { .has_ipv4 = true, .ipv4 = WORDS_OURS } };
	struct pfcp_fteid theirs = { .teid = 0x4321, .address = { .has_ipv4 = true, .ipv4 = WORDS_OURS } };
	struct pfcp_fteid ipv6 = { .choose = true, .address.has_ipv6 = true };

	assert_int_equal(uplink_of(&ours, NULL, 0), 0);
	assert_int_equal(uplink_of(&theirs, NULL, 0), -EPROTO);
	refused(PFCP_CAUSE_INVALID_F_TEID_ALLOCATION, PFCP_IE_F_TEID, RULE_PDR, 1);
	assert_int_equal(uplink_of(&ipv6, NULL, 0), -EPROTO);
	refused(PFCP_CAUSE_INVALID_F_TEID_ALLOCATION, PFCP_IE_F_TEID, RULE_PDR, 1);
	assert_int_equal(uplink_of(NULL, NULL, 0), -EPROTO);
	refused(PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_F_TEID, RULE_PDR, 1);
	assert_int_equal(uplink_of(&ours, NULL, 3), -EPROTO);
	refused(PFCP_CAUSE_RULE_FAILURE, PFCP_IE_SOURCE_INTERFACE, RULE_PDR, 1);
}

static void filters(void **state)
{
	static const char all[] = "permit out ip from any to assigned", some[] = "permit out 17 from any to assigned";
	struct pfcp_fteid ours = { .choose = true, .address.has_ipv4 = true };
	struct pfcp_sdf sdf = { .flow = all, .flow_bytes = sizeof(all) - 1 };

	assert_int_equal(uplink_of(&ours, &sdf, 0), 0);
	sdf.flow = some;
	sdf.flow_bytes = sizeof(some) - 1;
	assert_int_equal(uplink_of(&ours, &sdf, 0), -EPROTO);
	refused(PFCP_CAUSE_RULE_FAILURE, PFCP_IE_SDF_FILTER, RULE_PDR, 1);
}

static void kept_words(void **state)
{
	static uint8_t bytes[FRONT_MAX];
	struct front front = { .served = 7,
			       .served_ms = 8,
			       .answer = (const uint8_t *)"abc",
			       .answer_bytes = 3,
			       .cp = { 5, { .has_ipv4 = true, .ipv4 = 1 } } },
		     back;
	struct usage now = { .bytes = { 10, 20 }, .packets = { 1, 2 } };
	int length;

	assert_int_equal(establish(), 0);
	tabs_follow(&front.tabs, &to, &now, 1000, &back.tabs);
	length = front_write(&front, &rules, bytes, sizeof(bytes));
	assert_true(length > 0);
	assert_int_equal(front_read(&back, bytes, (size_t)length, &tree), 0);
	assert_int_equal(back.served, 7);
	assert_int_equal(back.cp.seid, 5);
	assert_memory_equal(back.answer, "abc", 3);
	assert_memory_equal(&back.tabs.tab[0].seen, &now, sizeof(now));
	rules.count = 0;
	assert_int_equal(rules_create(&rules, &tree, &fault), 0);
	assert_int_equal(rules.count, 6);
	for (int cut = 0; cut < length; cut++) // torn anywhere: refused or shorter, never read past the end
		front_read(&back, bytes, (size_t)cut, &tree);
	bytes[0]++;
	assert_int_equal(front_read(&back, bytes, (size_t)length, &tree), -EBADMSG);
}

static struct pfcp_volume reported(struct tab *tab, struct usage now)
{
	static uint8_t bytes[256];
	const struct occasion occasion = { PFCP_IE_MODIFICATION_USAGE_REPORT, PFCP_USAGE_REPORT_TRIGGER_IMMER, &now,
					   2000 };
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	struct pfcp_volume volume = { 0 };

	tab_report(tab, &occasion, &writer);
	assert_int_equal(
	    pfcp_read(PFCP_IE_MODIFICATION_USAGE_REPORT, bytes + 4, (size_t)(writer.at - bytes) - 4, &tree, &fault.why),
	    0);
	assert_int_equal(pfcp_get_volume(pfcp_first(&tree, NULL, PFCP_IE_VOLUME_MEASUREMENT), &volume), 0);
	assert_int_equal(pfcp_number(pfcp_first(&tree, NULL, PFCP_IE_UR_SEQN)), tab->reports - 1);
	return volume;
}

// Each byte in one report; of the PDRs that name the URR alone, while they do.
static void each_byte_once(void **state)
{
	struct usage at[] = { { .bytes = { 10, 20 } }, { .bytes = { 110, 220 } }, { .bytes = { 111, 222 } } };
	struct tabs tabs = { 0 }, ended;
	struct pfcp_volume volume;

	assert_int_equal(establish(), 0);
	tabs_follow(&tabs, &to, &at[0], 1000, &ended);
	volume = reported(&tabs.tab[0], at[1]);
	assert_int_equal(volume.uplink, 100);
	assert_int_equal(volume.downlink, 200);
	to.urr[0].ways = 1u << TRANSLATE_UPLINK;
	assert_true(tabs_differ(&tabs, &to));
	tabs_follow(&tabs, &to, &at[1], 1000, &ended);
	volume = reported(&tabs.tab[0], at[2]);
	assert_int_equal(volume.total, 1);
	assert_int_equal(tabs.tab[0].reports, 2);
	to.urrs = 0;
	tabs_follow(&tabs, &to, &at[2], 1000, &ended);
	assert_int_equal(tabs.count, 0);
	assert_int_equal(ended.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(both_ways, setup),
		cmocka_unit_test_setup(handover_and_gate, setup),
		cmocka_unit_test_setup(least_of_limits, setup),
		cmocka_unit_test_setup(nothing_passes_at_rate_zero, setup),
		cmocka_unit_test_setup(pointing_nowhere, setup),
		cmocka_unit_test_setup(one_id_twice, setup),
		cmocka_unit_test_setup(three_hundred_pdrs, setup),
		cmocka_unit_test_setup(unserved, setup),
		cmocka_unit_test_setup(tunnels_are_ours_to_choose, setup),
		cmocka_unit_test_setup(filters, setup),
		cmocka_unit_test_setup(kept_words, setup),
		cmocka_unit_test_setup(each_byte_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
