// test_pfcp_features.c - what control planes ask for beyond forwarding, as rules of oss.proto.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/ids.h"
#include "ctrl/pfcp/ie_get.h"
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
	shape_far_create(
	    &words.writer,
	    &(struct far){ .id = 1, .action = PFCP_APPLY_ACTION_FORW, .to = PFCP_DESTINATION_INTERFACE_CORE });
	shape_far_create(
	    &words.writer,
	    &(struct far){ .id = 2, .action = PFCP_APPLY_ACTION_FORW, .to = 0, .teid = 7, .peer = WORDS_GNB });
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_id_is_one_like_others),
		cmocka_unit_test(reflective_qos_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
