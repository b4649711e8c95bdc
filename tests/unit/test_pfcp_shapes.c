// test_pfcp_shapes.c - sessions as real control planes ask for them, as rules of oss.proto: an SMF that has the user plane send router
// solicitations to it and packets of its own to the UE; one that chooses TEIDs itself; filters that refer to each other; quotas. It is
// longer than the house allows because sessions are long.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/translate.h"
#include "ctrl/pfcp/session/answer.h"
#include "tests/unit/pfcp_live.h"
#include "tests/unit/pfcp_shape.h"

// PDRs 1 down, 2 up, 3 CP to UE, 4 UE to CP; FARs 1 down (and 3's), 2 up, 3 to the CP function.
static void dual_stack(void)
{
	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 1,
				 .source = 1,
				 .ue4 = true,
				 .ue6 = true,
				 .removal = NO_REMOVAL,
				 .far = 1,
				 .qers = { 1 },
				 .urrs = { 1 },
				 .qfis = { 1 } });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 2, .tunnel = CHOOSE_5, .removal = 6, .far = 2, .qers = { 1 }, .qfis = { 1 } });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 3,
				 .source = 3,
				 .tunnel = CHOOSE,
				 .ue4 = true,
				 .ue6 = true,
				 .removal = 6,
				 .far = 1,
				 .qers = { 1 } });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 4,
				 .tunnel = CHOOSE_5,
				 .ue4 = true,
				 .ue6 = true,
				 .removal = 6,
				 .flow = "permit out 58 from ff02::2/128 to assigned",
				 .far = 3 });
	shape_far_create(
	    &words.writer,
	    &(struct far){ .id = 1, .action = PFCP_APPLY_ACTION_BUFF | PFCP_APPLY_ACTION_NOCP, .to = -1, .bar = 1 });
	shape_far_create(
	    &words.writer,
	    &(struct far){ .id = 2, .action = PFCP_APPLY_ACTION_FORW, .to = PFCP_DESTINATION_INTERFACE_CORE });
	shape_far_create(&words.writer, &(struct far){ .id = 3,
						       .action = PFCP_APPLY_ACTION_FORW,
						       .to = PFCP_DESTINATION_INTERFACE_CP_FUNCTION,
						       .teid = 9,
						       .peer = 0x0a630402 });
	words_qer(&words, 1, 8000, 1);
	words_urr(&words, 1);
	shape_bar(&words.writer, PFCP_IE_CREATE_BAR, &(struct bar){ 1, 10, -1 });
	assert_int_equal(live_establish(), 0);
}

static void router_solicitations_go_to_the_smf(void **state)
{
	unsigned rule;

	dual_stack();
	assert_int_equal(to.session.n_rules, 4);
	assert_int_equal(to.ue.ipv4, WORDS_UE);
	assert_int_equal(to.ue.ipv6_prefix, SHAPE_UE6);
	rule = live_rule(1);
	assert_true(to.forward[rule].buffer && to.forward[rule].notify && !to.forward[rule].drop);
	assert_int_equal(to.forward[rule].destination, SHOAL__OSS__INTERFACE__ACCESS);
	assert_int_equal(to.match[rule].n_qfis, 0); // packets from the core have none
	rule = live_rule(2);
	assert_int_equal(to.match[rule].n_qfis, 1);
	assert_int_equal(to.match[rule].qfis[0], 1);
	rule = live_rule(3);
	assert_int_equal(to.match[rule].source, SHOAL__OSS__INTERFACE__CP);
	assert_true(to.forward[rule].drop && !to.forward[rule].buffer); // the UE is idle
	rule = live_rule(4);
	assert_string_equal(to.match[rule].filters[0]->flow, "permit out 58 from ff02::2/128 to assigned");
	assert_int_equal(to.forward[rule].destination, SHOAL__OSS__INTERFACE__CP);
	assert_int_equal(to.forward[rule].peer_teid, 9);
	// One TEID for what the UE sends, another for the SMF.
	assert_int_equal(to.match[live_rule(2)].tunnel, to.match[live_rule(4)].tunnel);
	assert_int_not_equal(to.match[live_rule(2)].tunnel, to.match[live_rule(3)].tunnel);
}

static void activation_lets_everything_go(void **state)
{
	unsigned tunnel;

	dual_stack();
	tunnel = to.match[live_rule(3)].tunnel;
	live_on();
	shape_far_update(&words.writer, &(struct far){ .id = 1,
						       .action = PFCP_APPLY_ACTION_FORW,
						       .to = PFCP_DESTINATION_INTERFACE_ACCESS,
						       .teid = 0x77,
						       .peer = WORDS_GNB,
						       .marking = 0xb8fc });
	assert_int_equal(live_modify(), 0);
	assert_false(to.forward[live_rule(1)].buffer);
	assert_int_equal(to.forward[live_rule(1)].peer_teid, 0x77);
	assert_true(to.forward[live_rule(1)].has_dscp);
	assert_int_equal(to.forward[live_rule(1)].dscp, 46);
	assert_false(to.forward[live_rule(3)].drop);
	assert_int_equal(to.forward[live_rule(3)].peer_ipv4, WORDS_GNB);
	assert_int_equal(to.match[live_rule(3)].tunnel, tunnel);
	assert_false(to.forward[live_rule(1)].end_marker);
	live_on();
	shape_far_update(&words.writer, &(struct far){ .id = 1,
						       .action = PFCP_APPLY_ACTION_FORW,
						       .to = PFCP_DESTINATION_INTERFACE_ACCESS,
						       .teid = 0x78,
						       .peer = WORDS_GNB,
						       .end_marker = true });
	assert_int_equal(live_modify(), 0);
	assert_true(to.forward[live_rule(1)].end_marker);
	live_on();
	shape_far_update(&words.writer, &(struct far){ .id = 1, .action = PFCP_APPLY_ACTION_FORW, .to = -1 });
	assert_int_equal(live_modify(), 0);
	assert_false(to.forward[live_rule(1)].end_marker); // asked for once
	assert_int_equal(to.forward[live_rule(1)].dscp, 46);
}

// Dedicated flows come and go; the tunnels of the others stay what they are.
static void tunnels_stay(void **state)
{
	const struct pdr fifth = { .id = 5,
				   .tunnel = CHOOSE_5,
				   .removal = 6,
				   .far = 2,
				   .qfis = { 2, 3 },
				   .flow = "permit out 17 from 10.0.0.0/8 to assigned 80-80" };
	const struct pdr sixth = { .id = 6, .tunnel = CHOOSE, .removal = 0, .far = 2 };
	unsigned before;
	uint8_t *mark;

	dual_stack();
	before = to.match[live_rule(2)].tunnel;
	live_on();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &fifth);
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &sixth);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.match[live_rule(2)].tunnel, before);
	assert_int_equal(to.match[live_rule(5)].tunnel, before);
	assert_int_equal(to.match[live_rule(5)].n_qfis, 2);
	assert_int_equal(to.match[live_rule(6)].tunnel, 2);
	live_on();
	pfcp_begin(&words.writer, PFCP_IE_REMOVE_PDR, &mark);
	pfcp_put_u16(&words.writer, PFCP_IE_PDR_ID, 3);
	pfcp_end(&words.writer, mark);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.match[live_rule(6)].tunnel, 2);
	live_on();
	for (uint16_t id = 10; id < 10 + 14; id++)
		shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = id, .tunnel = CHOOSE, .far = 2 });
	assert_int_equal(live_modify(), 0);
	live_on();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = 40, .tunnel = CHOOSE, .far = 2 });
	assert_int_equal(live_modify(), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_NO_RESOURCES);
	assert_int_equal(fault.why.offending, PFCP_IE_F_TEID);
	assert_int_equal(fault.id, 40);
}

// The CP function chooses TEIDs; ids are 0; both ways have the same filter by text and id, one only by id; S/D says nothing.
static void pfcpsim(void)
{
	static const char flow[] = "permit out udp from 10.0.0.0/8 to assigned 80-80";

	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){
		      .id = 0, .tunnel = TEID, .teid = 10, .far = 0, .flow = flow, .filter_id = 1, .qers = { 7 } });
	shape_pdr(
	    &words.writer, PFCP_IE_CREATE_PDR,
	    &(struct pdr){
		.id = 1, .source = 1, .ue4 = true, .far = 1, .filter_id = 1, .removal = NO_REMOVAL, .qers = { 7 } });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = 2, .tunnel = TEID, .teid = 10, .far = 0 });
	shape_far_create(
	    &words.writer,
	    &(struct far){ .id = 0, .action = PFCP_APPLY_ACTION_FORW, .to = PFCP_DESTINATION_INTERFACE_CORE });
	shape_far_create(
	    &words.writer,
	    &(struct far){ .id = 1, .action = PFCP_APPLY_ACTION_DROP, .to = PFCP_DESTINATION_INTERFACE_ACCESS });
	words_qer(&words, 7, 60000, 9);
	words_qer(&words, 0, 60000, 9);
	words_urr(&words, 0);
}

static void the_cp_function_chooses(void **state)
{
	pfcpsim();
	assert_int_equal(live_establish(), 0);
	assert_int_equal(to.rule[0].id, 1);
	assert_int_equal(to.match[0].teid, 10);
	assert_int_equal(to.match[2].tunnel, to.match[0].tunnel);
	assert_string_equal(to.match[1].filters[0]->flow, to.match[0].filters[0]->flow);
	assert_true(to.forward[1].drop);
	assert_int_equal(to.forward[1].peer_teid, 0);
	assert_int_equal(to.measure[0].id, 1);
	live_on();
	shape_far_update(&words.writer, &(struct far){ .id = 1,
						       .action = PFCP_APPLY_ACTION_BUFF | PFCP_APPLY_ACTION_NOCP,
						       .to = PFCP_DESTINATION_INTERFACE_ACCESS,
						       .teid = 0,
						       .peer = WORDS_GNB });
	assert_int_equal(live_modify(), 0);
	assert_true(to.forward[1].buffer);
	assert_int_equal(to.match[0].teid, 10);
	assert_int_equal(to.match[0].tunnel, 0);
	shape_far_update(&words.writer, &(struct far){ .id = 1,
						       .action = PFCP_APPLY_ACTION_FORW,
						       .to = PFCP_DESTINATION_INTERFACE_ACCESS,
						       .teid = 0,
						       .peer = WORDS_GNB });
	assert_int_equal(live_modify(), -EPROTO);
	assert_int_equal(fault.why.offending, PFCP_IE_OUTER_HEADER_CREATION);
}

// Where we have an IPv6 address, and are asked for no other, the tunnel ends there.
static void tunnels_over_ipv6(void **state)
{
	static Shoal__Oss__Session session = SHOAL__OSS__SESSION__INIT;
	uint8_t bytes[512];
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	struct answer_names names;
	struct pfcp_fteid fteid;

	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 1, .tunnel = CHOOSE_IPV6, .ue4 = true, .far = 1 });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = 2, .tunnel = CHOOSE, .far = 1 });
	shape_far_create(&words.writer, &(struct far){ .id = 1, .action = PFCP_APPLY_ACTION_DROP, .to = -1 });
	assert_int_equal(live_establish(), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_INVALID_F_TEID_ALLOCATION);
	memset(given.gtpu_ipv6, 7, sizeof(given.gtpu_ipv6));
	assert_int_equal(live_establish(), 0);
	answer_remember(&to, &names);
	session.teid = 0x1000;
	answer_created(&writer, &names, &session);
	pfcp_read(PFCP_MESSAGE(PFCP_SESSION_MODIFICATION_RESPONSE), bytes, (size_t)(writer.at - bytes), &tree,
		  &fault.why);
	for (const struct pfcp_ie *pdr = pfcp_first(&tree, NULL, PFCP_IE_CREATED_PDR); pdr;
	     pdr = pfcp_again(&tree, pdr)) {
		bool ipv6 = pfcp_number(pfcp_first(&tree, pdr, PFCP_IE_PDR_ID)) == 1;

		assert_int_equal(pfcp_get_fteid(pfcp_first(&tree, pdr, PFCP_IE_F_TEID), &fteid), 0);
		assert_int_equal(fteid.address.has_ipv6, ipv6);
		assert_int_equal(fteid.address.has_ipv4, !ipv6);
		assert_int_equal(fteid.address.ipv6[15], ipv6 ? 7 : 0);
	}
}

// What names one of two addresses takes its packets alone.
static void a_rule_for_each_family(void **state)
{
	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 1, .source = 1, .ue4 = true, .far = 1, .removal = NO_REMOVAL });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 2,
				 .source = 1,
				 .ue6 = true,
				 .far = 1,
				 .removal = NO_REMOVAL,
				 .flow = "permit out 6 from any 443 to assigned" });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = 3, .tunnel = CHOOSE, .far = 2 });
	shape_far_create(&words.writer, &(struct far){ .id = 1,
						       .action = PFCP_APPLY_ACTION_FORW,
						       .to = PFCP_DESTINATION_INTERFACE_ACCESS,
						       .teid = 7,
						       .peer = WORDS_GNB });
	shape_far_create(
	    &words.writer,
	    &(struct far){ .id = 2, .action = PFCP_APPLY_ACTION_FORW, .to = PFCP_DESTINATION_INTERFACE_SGI_LAN });
	assert_int_equal(live_establish(), 0);
	assert_int_equal(to.ue.ipv4, WORDS_UE);
	assert_int_equal(to.ue.ipv6_prefix, SHAPE_UE6);
	assert_string_equal(to.match[0].filters[0]->flow, "permit out ip from 0.0.0.0/0 to assigned");
	assert_string_equal(to.match[1].filters[0]->flow, "permit out 6 from ::/0 443 to assigned");
	assert_int_equal(to.match[2].n_filters, 0);
}

static void urr_put(unsigned verb, bool quota)
{
	static const struct pfcp_volume volume = { .has = PFCP_VOLUME_TOTAL, .total = 5000 };
	struct pfcp_writer *writer = &words.writer;
	uint8_t *mark;

	pfcp_begin(writer, verb, &mark);
	pfcp_put_u32(writer, PFCP_IE_URR_ID, 1);
	pfcp_put_flags(writer, PFCP_IE_MEASUREMENT_METHOD,
		       PFCP_MEASUREMENT_METHOD_VOLUM | PFCP_MEASUREMENT_METHOD_DURAT, 1);
	pfcp_put_flags(writer, PFCP_IE_REPORTING_TRIGGERS,
		       PFCP_REPORTING_TRIGGERS_PERIO | PFCP_REPORTING_TRIGGERS_VOLQU | PFCP_REPORTING_TRIGGERS_LIUSA,
		       3);
	pfcp_put_u32(writer, PFCP_IE_MEASUREMENT_PERIOD, 10);
	if (quota)
		pfcp_put_volume(writer, PFCP_IE_VOLUME_QUOTA, &volume);
	pfcp_put_u32(writer, PFCP_IE_TIME_THRESHOLD, 60);
	pfcp_put_u32(writer, PFCP_IE_MONITORING_TIME, 5000); // 2036, one hour and more after the end of the era
	pfcp_put_u32(writer, PFCP_IE_LINKED_URR_ID, 2);
	pfcp_end(writer, mark);
}

static void quotas_are_granted(void **state)
{
	uint8_t *mark;

	pfcpsim();
	urr_put(PFCP_IE_CREATE_URR, true);
	words_urr(&words, 2);
	assert_int_equal(live_establish(), 0);
	assert_int_equal(to.session.n_measures, 3);
	assert_int_equal(to.measure[1].id, 2);
	assert_true(to.measure[1].duration);
	assert_int_equal(to.measure[1].triggers, 0x181);
	assert_int_equal(to.measure[1].volume_quota->total, 5000);
	assert_true(to.measure[1].volume_quota->has_total && !to.measure[1].volume_quota->has_uplink);
	assert_int_equal(to.measure[1].period_s, 10);
	assert_int_equal(to.measure[1].time_threshold_s, 60);
	assert_int_equal(to.measure[1].monitoring_at_ms, (5000 + (1ull << 32) - 2208988800ull) * 1000);
	assert_int_equal(to.measure[1].linked_ids[0], 3);
	assert_int_equal(to.measure[1].grant, 0);
	live_on();
	urr_put(PFCP_IE_UPDATE_URR, true);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.measure[1].grant, 1);
	assert_int_equal(to.measure[0].grant, 0);
	live_on();
	urr_put(PFCP_IE_UPDATE_URR, false);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.measure[1].grant, 1);
	assert_int_equal(to.measure[1].volume_quota->total, 5000);
	// The link goes with what it leads to.
	live_on();
	pfcp_begin(&words.writer, PFCP_IE_REMOVE_URR, &mark);
	pfcp_put_u32(&words.writer, PFCP_IE_URR_ID, 2);
	pfcp_end(&words.writer, mark);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.measure[1].n_linked_ids, 0);
}

static void dropped_put(uint8_t triggers, const struct pfcp_dropped *threshold)
{
	uint8_t *mark;

	pfcp_begin(&words.writer, PFCP_IE_UPDATE_URR, &mark);
	pfcp_put_u32(&words.writer, PFCP_IE_URR_ID, 0);
	pfcp_put_flags(&words.writer, PFCP_IE_REPORTING_TRIGGERS, triggers, 3);
	if (threshold)
		pfcp_put_dropped(&words.writer, PFCP_IE_DROPPED_DL_TRAFFIC_THRESHOLD, threshold);
	pfcp_end(&words.writer, mark);
}

// A threshold of what is dropped stays with its URR; who wants to be told of it has to say how much.
static void dropped_traffic_has_a_threshold(void **state)
{
	static const struct pfcp_dropped both = { .has_packets = true, .has_bytes = true, .packets = 7, .bytes = 9000 };
	static const struct pfcp_dropped none = { .has_packets = true };

	pfcpsim();
	assert_int_equal(live_establish(), 0);
	live_on();
	dropped_put(PFCP_REPORTING_TRIGGERS_DROTH, &both);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.measure[0].triggers, PFCP_REPORTING_TRIGGERS_DROTH);
	assert_int_equal(to.measure[0].dropped_packets, 7);
	assert_int_equal(to.measure[0].dropped_bytes, 9000);
	live_on();
	dropped_put(PFCP_REPORTING_TRIGGERS_DROTH | PFCP_REPORTING_TRIGGERS_PERIO, NULL);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.measure[0].dropped_packets, 7);
	live_on();
	dropped_put(PFCP_REPORTING_TRIGGERS_PERIO, &none);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.measure[0].dropped_packets | to.measure[0].dropped_bytes, 0);
	live_on();
	dropped_put(PFCP_REPORTING_TRIGGERS_DROTH, NULL);
	assert_int_equal(live_modify(), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_CONDITIONAL_MISSING);
	assert_int_equal(fault.why.offending, PFCP_IE_DROPPED_DL_TRAFFIC_THRESHOLD);
}

static void events_put(uint32_t triggers, const uint16_t *ies, unsigned count)
{
	uint8_t *mark;

	live_on();
	pfcp_begin(&words.writer, PFCP_IE_UPDATE_URR, &mark);
	pfcp_put_u32(&words.writer, PFCP_IE_URR_ID, 0);
	pfcp_put_flags(&words.writer, PFCP_IE_REPORTING_TRIGGERS, triggers, 3);
	for (unsigned i = 0; i < count; i++)
		pfcp_put_u32(&words.writer, ies[i], 5 + i);
	pfcp_end(&words.writer, mark);
}

// Thresholds and quotas of events; who wants to be told of them has to say how many. A quota that comes again is another one.
static void events_have_thresholds_and_quotas(void **state)
{
	static const uint16_t all[] = { PFCP_IE_EVENT_THRESHOLD, PFCP_IE_EVENT_QUOTA,
					PFCP_IE_SUBSEQUENT_EVENT_THRESHOLD, PFCP_IE_SUBSEQUENT_EVENT_QUOTA };

	pfcpsim();
	assert_int_equal(live_establish(), 0);
	events_put(PFCP_REPORTING_TRIGGERS_EVETH | PFCP_REPORTING_TRIGGERS_EVEQU, all, 4);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.measure[0].triggers, 0x3000);
	assert_int_equal(to.measure[0].event_threshold, 5);
	assert_true(to.measure[0].has_event_quota && to.measure[0].event_quota == 6);
	assert_int_equal(to.measure[0].subsequent_event_threshold, 7);
	assert_int_equal(to.measure[0].subsequent_event_quota, 8);
	assert_int_equal(to.measure[0].grant, 1);
	events_put(PFCP_REPORTING_TRIGGERS_EVEQU, NULL, 0);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.measure[0].grant, 1);
	assert_int_equal(to.measure[0].event_quota, 6);
	pfcpsim(); // without any
	assert_int_equal(live_establish(), 0);
	events_put(PFCP_REPORTING_TRIGGERS_EVETH, NULL, 0);
	assert_int_equal(live_modify(), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_CONDITIONAL_MISSING);
	assert_int_equal(fault.why.offending, PFCP_IE_EVENT_THRESHOLD);
	pfcpsim();
	assert_int_equal(live_establish(), 0);
	events_put(PFCP_REPORTING_TRIGGERS_EVEQU, all, 1);
	assert_int_equal(live_modify(), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_CONDITIONAL_MISSING);
	assert_int_equal(fault.why.offending, PFCP_IE_EVENT_QUOTA);
}

// What an inactive URR would count is not named by any rule.
static void inactive_urrs_count_nothing(void **state)
{
	uint8_t *mark;

	dual_stack();
	assert_int_equal(to.rule[live_rule(1)].n_measure_ids, 1);
	live_on();
	pfcp_begin(&words.writer, PFCP_IE_UPDATE_URR, &mark);
	pfcp_put_u32(&words.writer, PFCP_IE_URR_ID, 1);
	pfcp_put_flags(&words.writer, PFCP_IE_MEASUREMENT_INFORMATION, PFCP_MEASUREMENT_INFORMATION_INAM, 1);
	pfcp_end(&words.writer, mark);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.rule[live_rule(1)].n_measure_ids, 0);
	assert_int_equal(to.session.n_measures, 1);
}

// Refused by ctrl, which speaks of its own fields: the CP function hears of its own rules.
static void refusals_of_ctrl(void **state)
{
	static const struct {
		const char *field;
		Shoal__Oss__Code code;
		uint8_t cause;
		uint16_t offending;
		int kind;
		uint32_t id;
	} whys[] = {
		{ "session.rules[3].match.filters[0].flow", SHOAL__OSS__CODE__INVALID_FIELD, 73, PFCP_IE_SDF_FILTER,
		  RULE_PDR, 4 },
		{ "session.rules[3].forward.peer_ipv6", SHOAL__OSS__CODE__UNSUPPORTED, 73,
		  PFCP_IE_OUTER_HEADER_CREATION, RULE_FAR, 3 },
		{ "session.rules[1].match.teid", SHOAL__OSS__CODE__ADDRESS_TAKEN, 71, PFCP_IE_F_TEID, RULE_PDR, 2 },
		{ "session.rates[0].uplink.cir_bps", SHOAL__OSS__CODE__INVALID_FIELD, 73, PFCP_IE_MBR, RULE_QER, 1 },
		{ "session.measures[0].triggers", SHOAL__OSS__CODE__UNSUPPORTED, 73, PFCP_IE_REPORTING_TRIGGERS,
		  RULE_URR, 1 },
		{ "session.rules", SHOAL__OSS__CODE__LIMIT, 75, 0, -1, 0 },
		{ "session.rules[99].match.teid", SHOAL__OSS__CODE__INVALID_FIELD, 71, PFCP_IE_F_TEID, -1, 0 },
		{ "session.ue", SHOAL__OSS__CODE__ADDRESS_TAKEN, 73, PFCP_IE_UE_IP_ADDRESS, -1, 0 },
		{ "", SHOAL__OSS__CODE__POOL_EXHAUSTED, 79, 0, -1, 0 },
		{ "rules[", SHOAL__OSS__CODE__STORE_FAILED, 77, 0, -1, 0 },
		{ "session.rules[x].match", SHOAL__OSS__CODE__INVALID_FIELD, 73, 0, -1, 0 },
	};
	struct answer_names names;

	dual_stack();
	answer_remember(&to, &names);
	for (unsigned i = 0; i < sizeof(whys) / sizeof(*whys); i++) {
		const Shoal__Oss__Status status = { .code = whys[i].code,
						    .field = (char *)whys[i].field,
						    .message = (char *)"" };

		answer_why(&status, &names, &fault);
		assert_int_equal(fault.why.cause, whys[i].cause);
		assert_int_equal(fault.why.offending, whys[i].offending);
		assert_int_equal(fault.of_rule, whys[i].kind >= 0);
		if (whys[i].kind < 0)
			continue;
		assert_int_equal(fault.kind, whys[i].kind);
		assert_int_equal(fault.id, whys[i].id);
	}
}

// Each PDR that is new is told its F-TEID; one that has a new PDI, too; others nothing.
static void created_and_updated(void **state)
{
	static Shoal__Oss__Session session = SHOAL__OSS__SESSION__INIT;
	static const struct pdr second = { .id = 2, .tunnel = CHOOSE_5, .removal = 6, .far = 2 };
	static const struct pdr fifth = { .id = 5, .tunnel = CHOOSE, .removal = 6, .far = 2 };
	uint8_t bytes[512];
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	struct answer_names names;
	struct pfcp_fteid fteid;
	const struct pfcp_ie *pdr;

	dual_stack();
	live_on();
	shape_pdr(&words.writer, PFCP_IE_UPDATE_PDR, &second);
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &fifth);
	assert_int_equal(live_modify(), 0);
	answer_remember(&to, &names);
	session = to.session;
	session.teid = 0x1000;
	session.gtpu_ipv4 = WORDS_OURS;
	to.match[live_rule(5)].teid = 0x5005;
	answer_created(&writer, &names, &session);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_MODIFICATION_RESPONSE), bytes, (size_t)(writer.at - bytes),
				   &tree, &fault.why),
			 -EPROTO); // no cause: this is but a part
	pdr = pfcp_first(&tree, NULL, PFCP_IE_CREATED_PDR);
	assert_int_equal(pfcp_number(pfcp_first(&tree, pdr, PFCP_IE_PDR_ID)), 5);
	assert_int_equal(pfcp_get_fteid(pfcp_first(&tree, pdr, PFCP_IE_F_TEID), &fteid), 0);
	assert_int_equal(fteid.teid, 0x5005);
	assert_null(pfcp_again(&tree, pdr));
	pdr = pfcp_first(&tree, NULL, PFCP_IE_UPDATED_PDR);
	assert_int_equal(pfcp_number(pfcp_first(&tree, pdr, PFCP_IE_PDR_ID)), 2);
	assert_int_equal(pfcp_get_fteid(pfcp_first(&tree, pdr, PFCP_IE_F_TEID), &fteid), 0);
	assert_int_equal(fteid.teid, 0x1000);
}

// One more of everything than there can be: refused, whoever is left over.
static void too_many(void **state)
{
	static uint8_t many[65536];

	dual_stack();
	words.writer = pfcp_writer_over(many, sizeof(many));
	words_head(&words, 1);
	for (uint16_t id = 1; id <= 65; id++)
		shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
			  &(struct pdr){ .id = id, .tunnel = CHOOSE_5, .ue4 = true, .far = 1 });
	shape_far_create(
	    &words.writer,
	    &(struct far){ .id = 1, .action = PFCP_APPLY_ACTION_FORW, .to = PFCP_DESTINATION_INTERFACE_CORE });
	rules_clear(&rules);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_ESTABLISHMENT_REQUEST), many,
				   (size_t)(words.writer.at - many), &tree, &fault.why),
			 0);
	assert_int_equal(rules_create(&rules, &tree, &fault), 0);
	given = (struct translate_given){ .gtpu_ipv4 = WORDS_OURS };
	assert_int_equal(translate(&rules, &given, &to, &fault), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_NO_RESOURCES);
	assert_int_equal(fault.id, 65);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(router_solicitations_go_to_the_smf),
		cmocka_unit_test(activation_lets_everything_go),
		cmocka_unit_test(tunnels_stay),
		cmocka_unit_test(the_cp_function_chooses),
		cmocka_unit_test(tunnels_over_ipv6),
		cmocka_unit_test(a_rule_for_each_family),
		cmocka_unit_test(quotas_are_granted),
		cmocka_unit_test(dropped_traffic_has_a_threshold),
		cmocka_unit_test(events_have_thresholds_and_quotas),
		cmocka_unit_test(inactive_urrs_count_nothing),
		cmocka_unit_test(refusals_of_ctrl),
		cmocka_unit_test(created_and_updated),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
