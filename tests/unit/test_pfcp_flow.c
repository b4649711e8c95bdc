// test_pfcp_flow.c - the QFI that downlink packets go with where no QER says one, as it is told to ctrl.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "ctrl/pfcp/rules/ids.h"
#include "tests/unit/pfcp_live.h"
#include "tests/unit/pfcp_shape.h"

// Two PDRs from the radio side and two towards it, with FARs 1 and 2, as OAI's SMF leaves QERs out.
static void begin(uint8_t first, uint8_t second, uint32_t qer)
{
	live_begin();
	for (uint16_t id = 1; id <= 4; id++) {
		bool up = id <= 2;

		shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
			  &(struct pdr){ .id = id,
					 .source = up ? PFCP_SOURCE_INTERFACE_ACCESS : PFCP_SOURCE_INTERFACE_CORE,
					 .tunnel = up ? CHOOSE_5 : NO_TUNNEL,
					 .removal = up ? 0 : NO_REMOVAL,
					 .ue4 = true,
					 .flow = id & 1 ? "permit out ip from 1.1.1.1 to assigned" : NULL,
					 .qfis = { id == 1   ? first
						   : id == 2 ? second
							     : 0 },
					 .qers = { id == 3 ? qer : 0 },
					 .far = up ? 1 : 2 });
	}
	shape_fars(&words.writer);
}

static uint32_t flow_of(uint16_t pdr)
{
	const Shoal__Oss__Rule *rule = to.rules[live_rule(pdr)];

	for (size_t i = 0; i < to.session.n_rates; i++) {
		const Shoal__Oss__Rate *rate = to.rates[i];
		bool its = rate->id == rule->rate_id;

		for (size_t k = 0; k < rule->n_rate_ids; k++)
			its |= rate->id == rule->rate_ids[k];
		if (its && rate->has_qfi)
			return rate->qfi;
	}
	return 0;
}

static void it_is_the_one_that_packets_come_with(void **state)
{
	begin(9, 9, 0);
	assert_int_equal(live_establish(), 0);
	assert_int_equal(to.session.n_rates, 1);
	assert_int_equal(flow_of(1), 0);
	assert_int_equal(flow_of(3), 9);
	assert_int_equal(flow_of(4), 9);
	assert_false(to.rates[0]->uplink->gate_closed || to.rates[0]->uplink->cir_bps);
	assert_false(to.rates[0]->downlink->gate_closed || to.rates[0]->downlink->cir_bps);
}

static void of_several_none_is_guessed(void **state)
{
	begin(9, 5, 0);
	assert_int_equal(live_establish(), 0);
	assert_int_equal(to.session.n_rates, 0);
	begin(0, 0, 0); // 4G
	assert_int_equal(live_establish(), 0);
	assert_int_equal(to.session.n_rates, 0);
}

static void what_a_qer_says_counts(void **state)
{
	begin(9, 9, 1);
	words_qer(&words, 1, 8000, 7);
	assert_int_equal(live_establish(), 0);
	assert_int_equal(flow_of(3), 7);
	assert_int_equal(flow_of(4), 9);
	assert_int_equal(to.session.n_rates, 2);
	begin(9, 9, 1);
	words_qer(&words, 1, 8000, 0); // it has a rate, and says of the flow nothing
	assert_int_equal(live_establish(), 0);
	assert_int_equal(flow_of(3), 9);
	assert_int_equal(to.rule[live_rule(3)].n_rate_ids, 1);
}

static void a_qer_of_that_id_is_the_smfs(void **state)
{
	begin(9, 9, FLOW_ID);
	words_qer(&words, FLOW_ID, 8000, 0);
	assert_int_equal(live_establish(), 0);
	assert_int_equal(to.session.n_rates, 1);
	assert_int_equal(flow_of(4), 0);
}

static void nothing_goes_where_nobody_is(void **state)
{
	begin(9, 9, 0);
	assert_int_equal(live_establish(), 0);
	live_on();
	shape_far_update(&words.writer, &(struct far){ .id = 2, .action = PFCP_APPLY_ACTION_DROP, .to = -1 });
	assert_int_equal(live_modify(), 0);
	live_on();
	shape_far_update(&words.writer, &(struct far){ .id = 2,
						       .action = PFCP_APPLY_ACTION_FORW,
						       .to = PFCP_DESTINATION_INTERFACE_ACCESS,
						       .teid = 8,
						       .peer = WORDS_GNB });
	assert_int_equal(live_modify(), 0);
	assert_int_equal(flow_of(3), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_one_that_packets_come_with),
		cmocka_unit_test(of_several_none_is_guessed),
		cmocka_unit_test(what_a_qer_says_counts),
		cmocka_unit_test(a_qer_of_that_id_is_the_smfs),
		cmocka_unit_test(nothing_goes_where_nobody_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
