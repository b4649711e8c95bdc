// test_pfcp_features.c - what control planes ask for beyond forwarding, as rules of oss.proto.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/ids.h"
#include "ctrl/pfcp/session/answer.h"
#include "tests/unit/pfcp_live.h"
#include "tests/unit/pfcp_shape.h"

// PDR 1 up, PDR 2 down, with QER 1.
static void two_way(void)
{
	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 1, .tunnel = CHOOSE, .ue4 = true, .far = 1, .qers = { 1 } });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 2, .source = 1, .ue4 = true, .far = 2, .removal = NO_REMOVAL, .qers = { 1 } });
	shape_fars(&words.writer);
}

// A PDR's id may be any number of 16 bits, and its tunnel stays its own.
static void the_last_id_is_one_like_others(void **state)
{
	live_begin();
	for (uint16_t id = UINT16_MAX; id > UINT16_MAX - 2; id--)
		shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = id, .tunnel = CHOOSE, .far = 2 });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 0, .source = 1, .ue4 = true, .far = 3, .removal = NO_REMOVAL });
	shape_far_create(
	    &words.writer,
	    &(struct far){ .id = 2, .action = PFCP_APPLY_ACTION_FORW, .to = PFCP_DESTINATION_INTERFACE_CORE });
	shape_far_create(&words.writer, &(struct far){ .id = 3, .action = PFCP_APPLY_ACTION_DROP, .to = -1 });
	assert_int_equal(live_establish(), 0);
	assert_int_equal(to.rule[live_rule(UINT16_MAX)].id, 65536);
	assert_int_equal(pfcp_id(0) & UINT16_MAX, UINT16_MAX);
	assert_int_equal(to.match[live_rule(UINT16_MAX)].tunnel, 0);
	assert_int_equal(to.match[live_rule(UINT16_MAX - 1)].tunnel, 1);
	live_on();
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.match[live_rule(UINT16_MAX)].tunnel, 0);
	assert_int_equal(to.match[live_rule(UINT16_MAX - 1)].tunnel, 1);
}

static void reflective_qos_is_asked_for(void **state)
{
	uint8_t *mark;

	two_way();
	words_qer(&words, 1, 60000, 9);
	assert_int_equal(live_establish(), 0);
	assert_false(to.rate[0].reflective);
	live_on();
	pfcp_begin(&words.writer, PFCP_IE_UPDATE_QER, &mark);
	pfcp_put_u32(&words.writer, PFCP_IE_QER_ID, 1);
	pfcp_put_u8(&words.writer, PFCP_IE_RQI, 1);
	pfcp_end(&words.writer, mark);
	assert_int_equal(live_modify(), 0);
	assert_true(to.rate[0].reflective);
}

static void a_flow_s_qfi_goes_before_the_session_s(void **state)
{
	uint8_t *mark;

	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 1, .tunnel = CHOOSE, .far = 1, .qers = { 1 } });
	shape_pdr(
	    &words.writer, PFCP_IE_CREATE_PDR,
	    &(struct pdr){ .id = 2, .source = 1, .ue4 = true, .far = 2, .removal = NO_REMOVAL, .qers = { 1, 2 } });
	shape_fars(&words.writer);
	words_qer(&words, 1, 60000, 1); // the session's
	words_qer(&words, 2, 8000, 9);
	assert_int_equal(live_establish(), 0);
	assert_true(to.rates[0]->qfi == 9 && to.qer[0]->id == 2);
	live_on(); // the flow's says 0
	pfcp_begin(&words.writer, PFCP_IE_UPDATE_QER, &mark);
	pfcp_put_u32(&words.writer, PFCP_IE_QER_ID, 2);
	pfcp_put_u8(&words.writer, PFCP_IE_QFI, 0);
	pfcp_end(&words.writer, mark);
	assert_int_equal(live_modify(), 0);
	assert_true(to.rates[0]->qfi == 1 && to.qer[0]->id == 1);
}

// PDR 1 from the radio side, PDR 2 from the PGW; the radio side is not known yet.
static void sgw(void)
{
	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = 1, .tunnel = CHOOSE, .far = 1 });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 2, .source = 1, .tunnel = CHOOSE, .far = 2, .qfis = { 5 } });
	shape_far_create(&words.writer, &(struct far){ .id = 1,
						       .action = PFCP_APPLY_ACTION_FORW,
						       .to = PFCP_DESTINATION_INTERFACE_CORE,
						       .teid = 9,
						       .peer = WORDS_GNB + 1 });
	shape_far_create(&words.writer,
			 &(struct far){ .id = 2, .action = PFCP_APPLY_ACTION_BUFF | PFCP_APPLY_ACTION_NOCP, .to = -1 });
}

static void an_sgw_session_has_no_address(void **state)
{
	sgw();
	assert_int_equal(live_establish(), 0);
	assert_true(to.ue.none);
	assert_false(to.match[0].tunnelled);
	assert_true(to.match[1].tunnelled);
	assert_int_equal(to.match[1].source, SHOAL__OSS__INTERFACE__CORE);
	assert_int_equal(to.match[1].tunnel, 1);
	assert_int_equal(to.match[1].n_qfis, 1);
	assert_int_equal(to.forward[0].peer_teid, 9);
	assert_true(to.forward[1].buffer);
	assert_true(to.forward[1].notify);
	assert_string_equal(to.instance, "");
	live_on();
	shape_far_update(&words.writer, &(struct far){ .id = 2,
						       .action = PFCP_APPLY_ACTION_FORW,
						       .to = PFCP_DESTINATION_INTERFACE_ACCESS,
						       .teid = 7,
						       .peer = WORDS_GNB });
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.match[1].tunnel, 1);
	assert_int_equal(to.forward[1].peer_teid, 7);
}

// At first nothing is known of the PGW either, and what comes for it waits: nothing is kept of that (translate_far.c).
static void an_sgw_session_waits_both_ways_at_first(void **state)
{
	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = 1, .tunnel = CHOOSE, .far = 1 });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = 2, .source = 1, .tunnel = CHOOSE, .far = 2 });
	for (uint32_t id = 1; id <= 2; id++)
		shape_far_create(&words.writer,
				 &(struct far){ .id = id,
						.action = PFCP_APPLY_ACTION_BUFF | PFCP_APPLY_ACTION_NOCP,
						.to = id == 1 ? PFCP_DESTINATION_INTERFACE_CORE
							      : PFCP_DESTINATION_INTERFACE_ACCESS });
	assert_int_equal(live_establish(), 0);
	assert_true(to.ue.none);
	assert_true(to.forward[0].drop);
	assert_true(to.forward[1].buffer);
}

// Where something goes to the core as it is, answers would find nobody.
static void without_an_address_nothing_goes_untunnelled(void **state)
{
	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = 3, .tunnel = CHOOSE, .far = 3 });
	shape_far_create(
	    &words.writer,
	    &(struct far){ .id = 3, .action = PFCP_APPLY_ACTION_FORW, .to = PFCP_DESTINATION_INTERFACE_CORE });
	assert_int_equal(live_establish(), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_CONDITIONAL_MISSING);
	assert_int_equal(fault.why.offending, PFCP_IE_UE_IP_ADDRESS);
}

static void endpoint_put(uint8_t id, bool tunnel)
{
	struct pfcp_fteid fteid = { .choose = true, .address.has_ipv4 = true };
	struct pfcp_ue_address ue = { .choose_ipv4 = true };
	uint8_t *mark;

	pfcp_begin(&words.writer, PFCP_IE_CREATE_TRAFFIC_ENDPOINT, &mark);
	pfcp_put_u8(&words.writer, PFCP_IE_TRAFFIC_ENDPOINT_ID, id);
	if (tunnel)
		pfcp_put_fteid(&words.writer, PFCP_IE_F_TEID, &fteid);
	pfcp_put_ue_address(&words.writer, PFCP_IE_UE_IP_ADDRESS, &ue);
	pfcp_end(&words.writer, mark);
}

static void pdr_at(uint16_t id, uint8_t endpoint, uint8_t source)
{
	uint8_t *mark, *inner;

	pfcp_begin(&words.writer, PFCP_IE_CREATE_PDR, &mark);
	pfcp_put_u16(&words.writer, PFCP_IE_PDR_ID, id);
	pfcp_put_u32(&words.writer, PFCP_IE_PRECEDENCE, id);
	pfcp_begin(&words.writer, PFCP_IE_PDI, &inner);
	pfcp_put_u8(&words.writer, PFCP_IE_SOURCE_INTERFACE, source);
	pfcp_put_u8(&words.writer, PFCP_IE_TRAFFIC_ENDPOINT_ID, endpoint);
	pfcp_end(&words.writer, inner);
	if (!source)
		pfcp_put_u8(&words.writer, PFCP_IE_OUTER_HEADER_REMOVAL, 0);
	pfcp_put_u32(&words.writer, PFCP_IE_FAR_ID, source ? 2 : 1);
	pfcp_end(&words.writer, mark);
}

// Endpoint 1: PDRs 1 and 2, up. Endpoint 2: PDR 3, down.
static void endpoints(void)
{
	live_begin();
	endpoint_put(1, true);
	endpoint_put(2, false);
	pdr_at(1, 1, 0);
	pdr_at(2, 1, 0);
	pdr_at(3, 2, 1);
	shape_fars(&words.writer);
}

// What the answer says was chosen, as IEs of its body in `tree`.
static const struct pfcp_ie *told(void)
{
	static uint8_t body[512];
	static struct answer_names names;
	struct pfcp_writer writer = pfcp_writer_over(body, sizeof(body));
	Shoal__Oss__UeAddress ue = SHOAL__OSS__UE_ADDRESS__INIT;

	ue.ipv4 = 0x0a2d0007;
	to.session.teid = 0x1000;
	to.session.ue = &ue;
	answer_remember(&to, &names);
	pfcp_put_u8(&writer, PFCP_IE_CAUSE, PFCP_CAUSE_ACCEPTED);
	answer_created(&writer, &names, &to.session);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_MODIFICATION_RESPONSE), body, (size_t)(writer.at - body),
				   &tree, &fault.why),
			 0);
	assert_null(pfcp_first(&tree, NULL, PFCP_IE_CREATED_PDR));
	return pfcp_first(&tree, NULL, PFCP_IE_CREATED_TRAFFIC_ENDPOINT);
}

static void traffic_endpoints_say_where_packets_come_from(void **state)
{
	const struct pfcp_ie *ie;
	struct pfcp_fteid fteid;

	endpoints();
	assert_int_equal(live_establish(), 0);
	assert_true(to.ue.want_ipv4);
	assert_int_equal(to.match[0].tunnel, 0);
	assert_int_equal(to.match[1].tunnel, 0);
	assert_int_equal(to.match[2].source, SHOAL__OSS__INTERFACE__CORE);
	assert_false(to.match[2].tunnelled);
	ie = told();
	assert_non_null(ie);
	assert_int_equal(pfcp_number(pfcp_first(&tree, ie, PFCP_IE_TRAFFIC_ENDPOINT_ID)), 1);
	assert_int_equal(pfcp_get_fteid(pfcp_first(&tree, ie, PFCP_IE_F_TEID), &fteid), 0);
	assert_int_equal(fteid.teid, 0x1000);
	ie = pfcp_again(&tree, ie);
	assert_non_null(ie);
	assert_int_equal(pfcp_number(pfcp_first(&tree, ie, PFCP_IE_TRAFFIC_ENDPOINT_ID)), 2);
	assert_null(pfcp_first(&tree, ie, PFCP_IE_F_TEID));
	assert_non_null(pfcp_first(&tree, ie, PFCP_IE_UE_IP_ADDRESS));
	assert_null(pfcp_again(&tree, ie));
}

// A new PDR in place of those that had its tunnel; then another endpoint beside.
static void traffic_endpoints_keep_their_tunnel(void **state)
{
	uint8_t *mark;

	endpoints();
	assert_int_equal(live_establish(), 0);
	to.ue.ipv4 = 0x0a2d0007;
	live_on();
	for (uint16_t id = 1; id <= 2; id++) {
		pfcp_begin(&words.writer, PFCP_IE_REMOVE_PDR, &mark);
		pfcp_put_u16(&words.writer, PFCP_IE_PDR_ID, id);
		pfcp_end(&words.writer, mark);
	}
	pdr_at(5, 1, 0);
	endpoint_put(4, true);
	pdr_at(6, 4, 0);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.match[live_rule(5)].tunnel, 0);
	assert_int_equal(to.match[live_rule(6)].tunnel, 1);
	assert_int_equal(pfcp_number(pfcp_first(&tree, told(), PFCP_IE_TRAFFIC_ENDPOINT_ID)), 4);
	live_on();
	pfcp_begin(&words.writer, PFCP_IE_REMOVE_TRAFFIC_ENDPOINT, &mark);
	pfcp_put_u8(&words.writer, PFCP_IE_TRAFFIC_ENDPOINT_ID, 4);
	pfcp_end(&words.writer, mark);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.pdrs, 2); // its PDR went with it
}

static void linked_put(unsigned verb, unsigned parameters, uint32_t far, uint8_t endpoint)
{
	uint8_t *mark, *inner;

	pfcp_begin(&words.writer, verb, &mark);
	pfcp_put_u32(&words.writer, PFCP_IE_FAR_ID, far);
	pfcp_put_u8(&words.writer, PFCP_IE_APPLY_ACTION, PFCP_APPLY_ACTION_FORW);
	pfcp_begin(&words.writer, parameters, &inner);
	pfcp_put_u8(&words.writer, PFCP_IE_DESTINATION_INTERFACE, PFCP_DESTINATION_INTERFACE_CORE);
	pfcp_put_u8(&words.writer, PFCP_IE_TRAFFIC_ENDPOINT_ID, endpoint);
	pfcp_end(&words.writer, inner);
	pfcp_end(&words.writer, mark);
}

// A FAR says which one receives the other direction (7.5.2.3): whatever becomes of that, packets go where it says.
static void traffic_endpoints_are_linked_with_fars(void **state)
{
	uint8_t *mark;

	endpoints();
	linked_put(PFCP_IE_CREATE_FAR, PFCP_IE_FORWARDING_PARAMETERS, 3, 2);
	assert_int_equal(live_establish(), 0);
	to.ue.ipv4 = 0x0a2d0007;
	live_on();
	linked_put(PFCP_IE_UPDATE_FAR, PFCP_IE_UPDATE_FORWARDING_PARAMETERS, 1, 2);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.forward[live_rule(1)].destination, SHOAL__OSS__INTERFACE__CORE);
	live_on();
	pfcp_begin(&words.writer, PFCP_IE_REMOVE_TRAFFIC_ENDPOINT, &mark);
	pfcp_put_u8(&words.writer, PFCP_IE_TRAFFIC_ENDPOINT_ID, 2);
	pfcp_end(&words.writer, mark);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.pdrs, 2);
	assert_int_equal(to.forward[live_rule(1)].destination, SHOAL__OSS__INTERFACE__CORE);
}

static void traffic_endpoints_are_there_and_named(void **state)
{
	endpoints();
	pdr_at(9, 8, 0);
	assert_int_equal(live_establish(), -EPROTO);
	assert_int_equal(fault.why.offending, PFCP_IE_TRAFFIC_ENDPOINT_ID);
	assert_int_equal(fault.id, 9);
	endpoints();
	endpoint_put(8, true);
	assert_int_equal(live_establish(), -EPROTO);
	assert_int_equal(fault.why.offending, PFCP_IE_CREATE_TRAFFIC_ENDPOINT);
	assert_false(fault.of_rule);
	endpoints();
	endpoint_put(1, true);
	pdr_at(9, 1, 0);
	assert_int_equal(live_establish(), -EPROTO); // twice
	assert_int_equal(fault.why.offending, PFCP_IE_TRAFFIC_ENDPOINT_ID);
	assert_false(fault.of_rule);
}

static void endpoint_update(uint8_t id, const struct pfcp_fteid *fteid)
{
	uint8_t *mark;

	pfcp_begin(&words.writer, PFCP_IE_UPDATE_TRAFFIC_ENDPOINT, &mark);
	pfcp_put_u8(&words.writer, PFCP_IE_TRAFFIC_ENDPOINT_ID, id);
	pfcp_put_fteid(&words.writer, PFCP_IE_F_TEID, fteid);
	pfcp_end(&words.writer, mark);
}

// Its packets come by another F-TEID from now on, ours to choose or the CP function's; its PDRs' are all the same. As long as nobody says so it stays.
static void traffic_endpoints_get_another_f_teid(void **state)
{
	static const struct pfcp_fteid ours = { .choose = true, .address.has_ipv4 = true };
	static const struct pfcp_fteid theirs = { .teid = 0x777, .address = { .has_ipv4 = true, .ipv4 = WORDS_OURS } };
	static const struct pfcp_fteid nobodys = { .teid = 0x778, .address = { .has_ipv4 = true, .ipv4 = 1 } };
	const struct pfcp_ie *ie;

	endpoints();
	assert_int_equal(live_establish(), 0);
	to.ue.ipv4 = 0x0a2d0007;
	live_on();
	endpoint_update(1, &ours);
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.match[live_rule(1)].tunnel, 1);
	assert_int_equal(to.match[live_rule(2)].tunnel, 1);
	ie = told();
	assert_int_equal(pfcp_number(pfcp_first(&tree, ie, PFCP_IE_TRAFFIC_ENDPOINT_ID)), 1);
	assert_non_null(pfcp_first(&tree, ie, PFCP_IE_F_TEID));
	assert_null(pfcp_again(&tree, ie));
	live_on();
	shape_far_update(&words.writer, &(struct far){ .id = 2, .action = PFCP_APPLY_ACTION_DROP });
	assert_int_equal(live_modify(), 0);
	assert_int_equal(to.match[live_rule(1)].tunnel, 1);
	assert_null(told());
	live_on();
	endpoint_update(1, &theirs);
	assert_int_equal(live_modify(), 0);
	assert_true(to.match[live_rule(1)].tunnel != 1);
	assert_int_equal(to.match[live_rule(1)].teid, 0x777);
	assert_int_equal(to.match[live_rule(2)].tunnel, to.match[live_rule(1)].tunnel);
	live_on();
	endpoint_update(1, &nobodys);
	assert_int_equal(live_modify(), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_INVALID_F_TEID_ALLOCATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_id_is_one_like_others),
		cmocka_unit_test(reflective_qos_is_asked_for),
		cmocka_unit_test(a_flow_s_qfi_goes_before_the_session_s),
		cmocka_unit_test(an_sgw_session_has_no_address),
		cmocka_unit_test(an_sgw_session_waits_both_ways_at_first),
		cmocka_unit_test(without_an_address_nothing_goes_untunnelled),
		cmocka_unit_test(traffic_endpoints_say_where_packets_come_from),
		cmocka_unit_test(traffic_endpoints_keep_their_tunnel),
		cmocka_unit_test(traffic_endpoints_are_linked_with_fars),
		cmocka_unit_test(traffic_endpoints_are_there_and_named),
		cmocka_unit_test(traffic_endpoints_get_another_f_teid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
