// test_pfcp_predefined.c - rules by name: configured, activated and deactivated in PDRs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/rules/ids.h"
#include "ctrl/pfcp/session/answer.h"
#include "tests/unit/conf_file.h"
#include "tests/unit/pfcp_live.h"

#define MAX_NAMES 4u

static const char small[] = "ports: [{name: a, device: a0, role: both, addresses: [10.0.0.1/24]}]\n"
			    "pools: [{ipv4: 10.45.0.0/16}]\n"
			    "pfcp_rules:\n";
static const char named[] =
    "- {name: video, filters: [permit out 17 from 192.0.2.0/24 to assigned, permit out 6 from 192.0.2.1 443 to any],\n"
    "   downlink_kbps: 5000, qfi: 5}\n"
    "- {name: blocked, filters: [permit out ip from 192.0.2.66 to assigned], pass: no}\n"
    "- {name: open, filters: [permit out ip from any to assigned]}\n"
    "- {name: dns, filters: [permit out 17 from any 53 to assigned]}\n";
static struct conf *conf;

static int begin(void **state)
{
	return conf_file_make(state) || conf_file_load(small, named, &conf) ||
	       predefined_check(conf, conf_told, sizeof(conf_told));
}

static int end(void **state)
{
	conf_free(conf);
	return conf_file_clear(state);
}

// PDR 3 of the core side, with these names, each in the IE of that type.
static void pdr_put(unsigned verb, unsigned type, const char *const names[MAX_NAMES], bool filtered)
{
	struct pfcp_writer *writer = &words.writer;
	const struct pfcp_sdf sdf = { .flow = "permit out 1 from any to any", .flow_bytes = 28 };
	const struct pfcp_ue_address ue = { .address = { .has_ipv4 = true, .ipv4 = WORDS_UE }, .destination = true };
	uint8_t *mark, *pdi;

	pfcp_begin(writer, verb, &mark);
	pfcp_put_u16(writer, PFCP_IE_PDR_ID, 3);
	if (verb == PFCP_IE_CREATE_PDR) {
		pfcp_put_u32(writer, PFCP_IE_PRECEDENCE, 3);
		pfcp_begin(writer, PFCP_IE_PDI, &pdi);
		pfcp_put_u8(writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_CORE);
		pfcp_put_ue_address(writer, PFCP_IE_UE_IP_ADDRESS, &ue);
		if (filtered)
			pfcp_put_sdf(writer, PFCP_IE_SDF_FILTER, &sdf);
		pfcp_end(writer, pdi);
		pfcp_put_u32(writer, PFCP_IE_FAR_ID, 2);
		pfcp_put_u32(writer, PFCP_IE_QER_ID, 1);
	}
	for (unsigned i = 0; i < MAX_NAMES && names[i]; i++)
		pfcp_put_text(writer, type, names[i]);
	pfcp_end(writer, mark);
}

#define NAMES(...) ((const char *const[MAX_NAMES]){ __VA_ARGS__ })

static void session_with(const char *const names[MAX_NAMES], bool filtered)
{
	live_begin();
	words_rules(&words, false);
	pdr_put(PFCP_IE_CREATE_PDR, PFCP_IE_ACTIVATE_PREDEFINED_RULES, names, filtered);
	given.conf = conf;
}

static void update(unsigned type, const char *const names[MAX_NAMES])
{
	live_on();
	given.conf = conf;
	pdr_put(PFCP_IE_UPDATE_PDR, type, names, false);
}

static const Shoal__Oss__Rule *rule(void)
{
	return &to.rule[live_rule(3)];
}

static const Shoal__Oss__Rate *rate_of(uint32_t id)
{
	for (size_t i = 0; i < to.session.n_rates; i++)
		if (to.rates[i]->id == id)
			return to.rates[i];
	return NULL;
}

static void refused(int error, unsigned cause, unsigned offending)
{
	assert_int_equal(error, -EPROTO);
	assert_int_equal(fault.why.cause, cause);
	assert_int_equal(fault.why.offending, offending);
	assert_true(fault.of_rule && fault.kind == RULE_PDR && fault.id == 3);
}

static void an_active_rule_is_the_pdrs(void **state)
{
	struct answer_names names;
	const Shoal__Oss__Rate *rate;

	session_with(NAMES("video"), false);
	assert_int_equal(live_establish(), 0);
	assert_int_equal(rule()->match->n_filters, 2);
	assert_string_equal(rule()->match->filters[0]->flow, "permit out 17 from 192.0.2.0/24 to assigned");
	assert_int_equal(rule()->precedence, 3);
	assert_int_equal(rule()->forward->peer_teid, 0x77);
	assert_int_equal(rule()->rate_id, oss_id(1));
	assert_int_equal(rule()->n_rate_ids, 1);
	rate = rate_of(rule()->rate_ids[0]);
	assert_non_null(rate);
	assert_true(rate->has_qfi && rate->qfi == 5);
	assert_int_equal(rate->downlink->cir_bps, 5000000);
	assert_int_equal(rate->uplink->cir_bps, 0);
	assert_false(rate->uplink->gate_closed);
	answer_remember(&to, &names);
	assert_int_equal(names.qers, 2);
	session_with(NAMES("blocked"), false);
	assert_int_equal(live_establish(), 0);
	assert_true(rate_of(rule()->rate_ids[0])->downlink->gate_closed);
	session_with(NAMES("open", "dns"), false);
	assert_int_equal(live_establish(), 0);
	assert_int_equal(rule()->match->n_filters, 0); // everything
	assert_int_equal(rule()->n_rate_ids, 0);
}

static void what_is_not_configured_is_refused(void **state)
{
	session_with(NAMES("nobody"), false);
	refused(live_establish(), PFCP_CAUSE_UNKNOWN_PREDEFINED_RULE, PFCP_IE_ACTIVATE_PREDEFINED_RULES);
	session_with(NAMES("dns", ""), false);
	refused(live_establish(), PFCP_CAUSE_UNKNOWN_PREDEFINED_RULE, PFCP_IE_ACTIVATE_PREDEFINED_RULES);
	session_with(NAMES("dns"), true);
	refused(live_establish(), PFCP_CAUSE_RULE_FAILURE, PFCP_IE_ACTIVATE_PREDEFINED_RULES);
	session_with(NAMES("video", "blocked"), false);
	refused(live_establish(), PFCP_CAUSE_RULE_FAILURE, PFCP_IE_ACTIVATE_PREDEFINED_RULES);
	session_with(NAMES("dns"), false);
	given.conf = NULL;
	refused(live_establish(), PFCP_CAUSE_UNKNOWN_PREDEFINED_RULE, PFCP_IE_ACTIVATE_PREDEFINED_RULES);
}

static void rules_come_and_go(void **state)
{
	session_with(NAMES("dns"), false);
	assert_int_equal(live_establish(), 0);
	update(PFCP_IE_ACTIVATE_PREDEFINED_RULES, NAMES("video", "dns"));
	assert_int_equal(live_modify(), 0);
	assert_int_equal(rule()->match->n_filters, 3);
	assert_int_equal(rule()->n_rate_ids, 1);
	update(PFCP_IE_DEACTIVATE_PREDEFINED_RULES, NAMES("video"));
	assert_int_equal(live_modify(), 0);
	assert_int_equal(rule()->match->n_filters, 1);
	assert_string_equal(rule()->match->filters[0]->flow, "permit out 17 from any 53 to assigned");
	assert_int_equal(rule()->n_rate_ids, 0);
	update(PFCP_IE_DEACTIVATE_PREDEFINED_RULES, NAMES("video"));
	refused(live_modify(), PFCP_CAUSE_UNKNOWN_PREDEFINED_RULE, PFCP_IE_DEACTIVATE_PREDEFINED_RULES);
}

static void unknown_names_are_refused_in_updates(void **state)
{
	session_with(NAMES("dns"), false);
	assert_int_equal(live_establish(), 0);
	update(PFCP_IE_ACTIVATE_PREDEFINED_RULES, NAMES("nobody"));
	refused(live_modify(), PFCP_CAUSE_UNKNOWN_PREDEFINED_RULE, PFCP_IE_ACTIVATE_PREDEFINED_RULES);
}

// The operator has taken it away meanwhile: it matches nothing, and the session can be changed.
static void a_rule_that_is_gone(void **state)
{
	session_with(NAMES("dns"), false);
	assert_int_equal(live_establish(), 0);
	live_on();
	given.conf = NULL;
	assert_int_equal(live_modify(), 0);
	assert_int_equal(rule()->match->n_filters, 1);
	assert_int_equal(strncmp(rule()->match->filters[0]->flow, "permit out 255 ", 15), 0);
}

static void faults_are_told(void **state)
{
	static const char *const faults[][2] = {
		{ "- {name: x, filters: [permit out of my way]}\n", ":4: pfcp_rules[0].filters[0]: " },
		{ "- {name: x, filters: [permit out ip from any to any]}\n- name: y\n  filters:\n"
		  "  - permit out ip from any to 10.45.0.1\n",
		  ":7: pfcp_rules[1].filters[0]: a rule for all subscribers names none" },
		{ "- {name: x, filters: [deny out ip from any to any]}\n", ":4: pfcp_rules[0].filters[0]: " },
	};
	struct conf *other;

	for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		assert_int_equal(conf_file_load(small, faults[i][0], &other), 0);
		assert_int_equal(predefined_check(other, conf_told, sizeof(conf_told)), -EINVAL);
		if (!strstr(conf_told, faults[i][1]))
			fail_msg("%sis told as: %s", faults[i][0], conf_told);
		conf_free(other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_active_rule_is_the_pdrs), cmocka_unit_test(what_is_not_configured_is_refused),
		cmocka_unit_test(rules_come_and_go),          cmocka_unit_test(unknown_names_are_refused_in_updates),
		cmocka_unit_test(a_rule_that_is_gone),        cmocka_unit_test(faults_are_told),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
