// test_pfcp_unsaid.c - what control planes leave out against the letter of TS 29.244, and mean all the same, as rules of oss.proto.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "ctrl/pfcp/rules/ids.h"
#include "tests/unit/pfcp_live.h"
#include "tests/unit/pfcp_shape.h"

// From tunnel to tunnel, idle at first; neither PDR says that the outer header goes.
static void relay(void)
{
	live_begin();
	for (uint16_t id = 1; id <= 2; id++)
		shape_pdr(
		    &words.writer, PFCP_IE_CREATE_PDR,
		    &(struct pdr){ .id = id, .source = id == 1, .tunnel = CHOOSE, .removal = NO_REMOVAL, .far = id });
	for (uint32_t id = 1; id <= 2; id++)
		shape_far_create(&words.writer, &(struct far){ .id = id, .action = PFCP_APPLY_ACTION_BUFF, .to = -1 });
}

static void outer_headers_go_unasked(void **state)
{
	relay();
	assert_int_equal(live_establish(), 0);
	assert_true(to.match[live_rule(1)].tunnelled);
	live_on();
	for (uint32_t id = 1; id <= 2; id++)
		shape_far_update(&words.writer, &(struct far){ .id = id,
							       .action = PFCP_APPLY_ACTION_FORW,
							       .to = id == 1 ? PFCP_DESTINATION_INTERFACE_ACCESS
									     : PFCP_DESTINATION_INTERFACE_CORE,
							       .teid = id,
							       .peer = WORDS_GNB });
	assert_int_equal(live_modify(), 0);
	for (uint16_t id = 1; id <= 2; id++)
		assert_int_equal(to.forward[live_rule(id)].peer_teid, id);
}

// An SGW-C's session that forwards before it is known where to: no way leads there until then.
static void ways_between_tunnels_may_be_named_later(void **state)
{
	live_begin();
	for (uint16_t id = 1; id <= 2; id++)
		shape_pdr(
		    &words.writer, PFCP_IE_CREATE_PDR,
		    &(struct pdr){ .id = id, .source = id == 1, .tunnel = CHOOSE, .removal = NO_REMOVAL, .far = id });
	words_forward(&words, 1, PFCP_DESTINATION_INTERFACE_ACCESS, 0);
	words_forward(&words, 2, PFCP_DESTINATION_INTERFACE_CORE, 0);
	assert_int_equal(live_establish(), 0);
	assert_true(to.ue.none);
	assert_true(to.forward[live_rule(1)].drop && to.forward[live_rule(2)].drop);
	live_on();
	words_handover(&words, 2, 7);
	assert_int_equal(live_modify(), 0);
	assert_true(to.forward[live_rule(1)].drop && !to.forward[live_rule(2)].drop);
	assert_int_equal(to.forward[live_rule(2)].peer_teid, 7);
}

// FAR 1 to the core, FAR 2 elsewhere, by a tunnel or, 0, none.
static void subscriber(uint8_t destination, uint32_t teid)
{
	live_begin();
	words_uplink(&words, 1, 1, false);
	words_downlink(&words, 2, 2, false);
	words_forward(&words, 1, PFCP_DESTINATION_INTERFACE_CORE, 0);
	words_forward(&words, 2, destination, teid);
	words_qer(&words, 1, 8000, 9);
	words_urr(&words, 1);
}

static int idle(uint64_t action)
{
	subscriber(PFCP_DESTINATION_INTERFACE_ACCESS, 7);
	assert_int_equal(live_establish(), 0);
	live_on();
	shape_far_update(&words.writer, &(struct far){ .id = 2, .action = action, .to = -1 });
	return live_modify();
}

static void what_is_told_of_waits(void **state)
{
	assert_int_equal(idle(PFCP_APPLY_ACTION_NOCP), 0);
	assert_true(to.forward[live_rule(2)].buffer && to.forward[live_rule(2)].notify);
	assert_false(to.forward[live_rule(2)].drop);
	assert_int_equal(idle(PFCP_APPLY_ACTION_NOCP | PFCP_APPLY_ACTION_DROP), -EPROTO);
	assert_int_equal(fault.why.offending, PFCP_IE_APPLY_ACTION);
}

static void towards_an_unknown_radio_side_nothing_goes(void **state)
{
	subscriber(PFCP_DESTINATION_INTERFACE_ACCESS, 0);
	assert_int_equal(live_establish(), 0);
	assert_true(to.forward[live_rule(2)].drop);
	assert_false(to.forward[live_rule(1)].drop);
	live_on();
	words_handover(&words, 2, 0x77);
	assert_int_equal(live_modify(), 0);
	assert_false(to.forward[live_rule(2)].drop);
	assert_int_equal(to.forward[live_rule(2)].peer_teid, 0x77);
	subscriber(PFCP_DESTINATION_INTERFACE_CP_FUNCTION, 0);
	assert_int_equal(live_establish(), -EPROTO);
	assert_int_equal(fault.why.offending, PFCP_IE_OUTER_HEADER_CREATION);
}

static void of_no_family_we_choose_ipv4(void **state)
{
	const struct pfcp_fteid fteid = { .choose = true };
	uint8_t *mark, *pdi;

	live_begin();
	pfcp_begin(&words.writer, PFCP_IE_CREATE_PDR, &mark);
	pfcp_put_u16(&words.writer, PFCP_IE_PDR_ID, 1);
	pfcp_put_u32(&words.writer, PFCP_IE_PRECEDENCE, 0);
	pfcp_begin(&words.writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(&words.writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_ACCESS);
	pfcp_put_fteid(&words.writer, PFCP_IE_F_TEID, &fteid);
	pfcp_end(&words.writer, pdi);
	pfcp_put_u32(&words.writer, PFCP_IE_FAR_ID, 1);
	pfcp_end(&words.writer, mark);
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 2, .source = 1, .ue4 = true, .far = 1, .removal = NO_REMOVAL });
	shape_far_create(&words.writer, &(struct far){ .id = 1, .action = PFCP_APPLY_ACTION_DROP, .to = -1 });
	assert_int_equal(live_establish(), 0);
	assert_true(to.pdr[live_rule(1)].fteid.choose);
	assert_true(to.pdr[live_rule(1)].fteid.address.has_ipv4 && !to.pdr[live_rule(1)].fteid.address.has_ipv6);
}

// A PDR without precedence, as an SGW-C's, from a tunnel; with a filter, one that needs it.
static int without_precedence(const struct pfcp_sdf *sdf)
{
	const struct pfcp_fteid fteid = { .choose = true, .address.has_ipv4 = true };
	uint8_t *mark, *pdi;

	live_begin();
	for (uint16_t id = 1; id <= 2; id++) {
		pfcp_begin(&words.writer, PFCP_IE_CREATE_PDR, &mark);
		pfcp_put_u16(&words.writer, PFCP_IE_PDR_ID, id);
		pfcp_begin(&words.writer, PFCP_IE_PDI, &pdi);
		pfcp_put_u8(&words.writer, PFCP_IE_SOURCE_INTERFACE, (uint8_t)(id - 1)); // access, core
		pfcp_put_fteid(&words.writer, PFCP_IE_F_TEID, &fteid);
		if (sdf && id == 2)
			pfcp_put_sdf(&words.writer, PFCP_IE_SDF_FILTER, sdf);
		pfcp_end(&words.writer, pdi);
		pfcp_put_u32(&words.writer, PFCP_IE_FAR_ID, 1);
		pfcp_end(&words.writer, mark);
	}
	shape_far_create(&words.writer, &(struct far){ .id = 1, .action = PFCP_APPLY_ACTION_DROP, .to = -1 });
	return live_establish();
}

static void an_fteid_alone_needs_no_precedence(void **state)
{
	static const char flow[] = "permit out 17 from any to assigned";
	const struct pfcp_sdf sdf = { .flow = flow, .flow_bytes = sizeof(flow) - 1 };

	assert_int_equal(without_precedence(NULL), 0);
	assert_int_equal(to.session.n_rules, 2);
	assert_int_equal(without_precedence(&sdf), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_MANDATORY_MISSING);
	assert_int_equal(fault.why.offending, PFCP_IE_PRECEDENCE);
}

// A filter without any flag, as SD-Core's SMF sends: nothing is asked of packets; and it takes nothing from one beside it.
static int with_filters(unsigned count, const struct pfcp_sdf *sdf)
{
	const struct pfcp_ue_address ue = { .address = { .has_ipv4 = true, .ipv4 = WORDS_UE }, .destination = true };
	uint8_t *mark, *pdi;

	subscriber(PFCP_DESTINATION_INTERFACE_ACCESS, 7);
	pfcp_begin(&words.writer, PFCP_IE_CREATE_PDR, &mark);
	pfcp_put_u16(&words.writer, PFCP_IE_PDR_ID, 3);
	pfcp_put_u32(&words.writer, PFCP_IE_PRECEDENCE, 3);
	pfcp_begin(&words.writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(&words.writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_CORE);
	pfcp_put_ue_address(&words.writer, PFCP_IE_UE_IP_ADDRESS, &ue);
	for (unsigned i = 0; i < count; i++)
		pfcp_put_sdf(&words.writer, PFCP_IE_SDF_FILTER, &sdf[i]);
	pfcp_end(&words.writer, pdi);
	pfcp_put_u32(&words.writer, PFCP_IE_FAR_ID, 2);
	pfcp_end(&words.writer, mark);
	return live_establish();
}

static void a_filter_that_says_nothing_is_none(void **state)
{
	static const char flow[] = "permit out 17 from any to assigned";
	const struct pfcp_sdf some[] = { { 0 }, { .flow = flow, .flow_bytes = sizeof(flow) - 1 }, { 0 } };
	const struct pfcp_sdf named = { .has_id = true, .id = 7 };

	assert_int_equal(with_filters(1, some), 0);
	assert_int_equal(to.match[live_rule(3)].n_filters, 0);
	assert_int_equal(with_filters(3, some), 0);
	assert_int_equal(to.match[live_rule(3)].n_filters, 1);
	assert_string_equal(to.match[live_rule(3)].filters[0]->flow, flow);
	assert_int_equal(with_filters(1, &named), -EPROTO); // an id alone says which
	assert_int_equal(fault.why.offending, PFCP_IE_SDF_FILTER);
	assert_int_equal(without_precedence(some), 0);
}

static void remove_put(unsigned type, unsigned of, uint32_t id)
{
	uint8_t *mark;

	pfcp_begin(&words.writer, type, &mark);
	pfcp_put_u32(&words.writer, of, id);
	pfcp_end(&words.writer, mark);
}

static void what_is_removed_twice_is_gone(void **state)
{
	subscriber(PFCP_DESTINATION_INTERFACE_ACCESS, 7);
	assert_int_equal(live_establish(), 0);
	assert_int_equal(to.session.n_rates, 1);
	live_on();
	remove_put(PFCP_IE_REMOVE_QER, PFCP_IE_QER_ID, 1);
	remove_put(PFCP_IE_REMOVE_URR, PFCP_IE_URR_ID, 1);
	remove_put(PFCP_IE_REMOVE_QER, PFCP_IE_QER_ID, 1);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.session.n_rates, 0);
	live_on(); // in another request there is nothing to remove
	remove_put(PFCP_IE_REMOVE_URR, PFCP_IE_URR_ID, 1);
	assert_int_equal(live_modify(), -EPROTO);
	assert_int_equal(fault.why.offending, PFCP_IE_URR_ID);
	live_on(); // and another rule of the same number is another
	remove_put(PFCP_IE_REMOVE_FAR, PFCP_IE_FAR_ID, 9);
	remove_put(PFCP_IE_REMOVE_QER, PFCP_IE_QER_ID, 9);
	assert_int_equal(live_modify(), -EPROTO);
	assert_int_equal(fault.kind, RULE_FAR);
}

static void a_network_without_a_name_is_none(void **state)
{
	uint8_t *mark, *parameters;

	subscriber(PFCP_DESTINATION_INTERFACE_ACCESS, 7);
	pfcp_begin(&words.writer, PFCP_IE_CREATE_FAR, &mark);
	pfcp_put_u32(&words.writer, PFCP_IE_FAR_ID, 3);
	pfcp_put_u8(&words.writer, PFCP_IE_APPLY_ACTION, PFCP_APPLY_ACTION_FORW);
	pfcp_begin(&words.writer, PFCP_IE_FORWARDING_PARAMETERS, &parameters);
	pfcp_put_u8(&words.writer, PFCP_IE_DESTINATION_INTERFACE, PFCP_DESTINATION_INTERFACE_CORE);
	pfcp_put_bytes(&words.writer, PFCP_IE_NETWORK_INSTANCE, "", 0);
	pfcp_end(&words.writer, parameters);
	pfcp_end(&words.writer, mark);
	assert_int_equal(live_establish(), 0);
	assert_string_equal(to.instance, "internet");
}

// PDR 2 from the core, to these addresses of both families.
static int addressed(const struct pfcp_address *address)
{
	const struct pfcp_ue_address ue = { .destination = true, .address = *address };
	uint8_t *mark, *pdi;

	pfcp_begin(&words.writer, PFCP_IE_CREATE_PDR, &mark);
	pfcp_put_u16(&words.writer, PFCP_IE_PDR_ID, 2);
	pfcp_put_u32(&words.writer, PFCP_IE_PRECEDENCE, 0);
	pfcp_begin(&words.writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(&words.writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_CORE);
	pfcp_put_ue_address(&words.writer, PFCP_IE_UE_IP_ADDRESS, &ue);
	pfcp_end(&words.writer, pdi);
	pfcp_put_u32(&words.writer, PFCP_IE_FAR_ID, 1);
	pfcp_end(&words.writer, mark);
	shape_far_create(&words.writer, &(struct far){ .id = 1, .action = PFCP_APPLY_ACTION_DROP, .to = -1 });
	return live_establish();
}

static void an_address_of_zeros_is_none(void **state)
{
	struct pfcp_address address = { .has_ipv4 = true, .has_ipv6 = true, .ipv4 = WORDS_UE };

	address.ipv6[15] = 9; // of ::/64
	live_begin();
	assert_int_equal(addressed(&address), 0);
	assert_int_equal(to.ue.ipv4, WORDS_UE);
	assert_false(to.pdr[0].address.address.has_ipv6);
	live_on();
	assert_int_equal(live_modify(), 0);
	address.ipv6[0] = 0x20;
	address.ipv4 = 0;
	live_begin();
	assert_int_equal(addressed(&address), 0);
	assert_int_equal(to.ue.ipv6_prefix, UINT64_C(0x20) << 56);
	assert_false(to.pdr[0].address.address.has_ipv4);
	address.ipv6[0] = 0;
	live_begin();
	assert_int_equal(addressed(&address), -EPROTO);
	assert_int_equal(fault.why.offending, PFCP_IE_UE_IP_ADDRESS);
}

// OAI's SMF names URR 0 where it has none.
static int named_urrs(uint32_t first, uint32_t second)
{
	uint8_t *mark;

	subscriber(PFCP_DESTINATION_INTERFACE_ACCESS, 7);
	assert_int_equal(live_establish(), 0);
	live_on();
	pfcp_begin(&words.writer, PFCP_IE_UPDATE_PDR, &mark);
	pfcp_put_u16(&words.writer, PFCP_IE_PDR_ID, 2);
	pfcp_put_u32(&words.writer, PFCP_IE_URR_ID, first);
	pfcp_put_u32(&words.writer, PFCP_IE_URR_ID, second);
	pfcp_end(&words.writer, mark);
	return live_modify();
}

static void urr_0_is_none_where_there_is_none(void **state)
{
	assert_int_equal(named_urrs(0, 1), 0);
	assert_int_equal(to.rule[live_rule(2)].n_measure_ids, 1);
	assert_int_equal(to.rule[live_rule(2)].measure_ids[0], 2);
	assert_int_equal(named_urrs(0, 0), 0);
	assert_int_equal(to.rule[live_rule(2)].n_measure_ids, 0);
	assert_int_equal(to.rule[live_rule(1)].n_measure_ids, 1);
	assert_int_equal(named_urrs(1, 9), -EPROTO);
	assert_int_equal(fault.why.offending, PFCP_IE_URR_ID);
}

// OAI's SMF makes a URR at each service request, and takes none away: the oldest goes that nobody names.
static void service_request(uint32_t urr, uint32_t linked)
{
	uint8_t *mark;

	live_on();
	words_urr(&words, urr);
	pfcp_begin(&words.writer, PFCP_IE_UPDATE_PDR, &mark);
	pfcp_put_u16(&words.writer, PFCP_IE_PDR_ID, 2);
	pfcp_put_u32(&words.writer, PFCP_IE_URR_ID, urr);
	pfcp_end(&words.writer, mark);
	if (!linked)
		return;
	pfcp_begin(&words.writer, PFCP_IE_UPDATE_URR, &mark);
	pfcp_put_u32(&words.writer, PFCP_IE_URR_ID, urr - 1);
	pfcp_put_u32(&words.writer, PFCP_IE_LINKED_URR_ID, linked);
	pfcp_end(&words.writer, mark);
}

static bool measured(uint32_t urr)
{
	size_t i = 0;

	while (i < to.session.n_measures && pfcp_id(to.measure[i].id) != urr)
		i++;
	return i < to.session.n_measures;
}

static void urrs_that_nobody_takes_away_go(void **state)
{
	subscriber(PFCP_DESTINATION_INTERFACE_ACCESS, 7);
	assert_int_equal(live_establish(), 0);
	for (uint32_t urr = 2; urr <= 40; urr++) {
		service_request(urr, urr == 16 ? 3 : 0);
		assert_int_equal(live_modify(), 0);
		assert_int_equal(to.session.n_measures, urr < 16 ? urr : 16);
		assert_true(measured(1) && measured(urr));           // PDRs name them
		assert_int_equal(measured(3), urr >= 3 && urr < 30); // a URR does, as long as it is there
	}
	assert_true(measured(26) && !measured(25));
	// None that the request makes or changes.
	live_on();
	for (uint32_t urr = 41; urr <= 57; urr++)
		words_urr(&words, urr);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.session.n_measures, 2 + 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outer_headers_go_unasked),
		cmocka_unit_test(ways_between_tunnels_may_be_named_later),
		cmocka_unit_test(what_is_told_of_waits),
		cmocka_unit_test(of_no_family_we_choose_ipv4),
		cmocka_unit_test(an_fteid_alone_needs_no_precedence),
		cmocka_unit_test(a_filter_that_says_nothing_is_none),
		cmocka_unit_test(what_is_removed_twice_is_gone),
		cmocka_unit_test(a_network_without_a_name_is_none),
		cmocka_unit_test(an_address_of_zeros_is_none),
		cmocka_unit_test(towards_an_unknown_radio_side_nothing_goes),
		cmocka_unit_test(urr_0_is_none_where_there_is_none),
		cmocka_unit_test(urrs_that_nobody_takes_away_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
