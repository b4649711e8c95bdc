// test_pfcp_bar.c - what a BAR says of packets that wait, as rules of oss.proto have it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "tests/unit/pfcp_live.h"
#include "tests/unit/pfcp_shape.h"

#define WAIT (PFCP_APPLY_ACTION_BUFF | PFCP_APPLY_ACTION_NOCP)

// PDR 1 up, PDR 2 down; both FARs name BAR 1.
static void bar_begin(uint64_t action, int packets, int delay)
{
	live_begin();
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR, &(struct pdr){ .id = 1, .tunnel = CHOOSE, .ue4 = true, .far = 1 });
	shape_pdr(&words.writer, PFCP_IE_CREATE_PDR,
		  &(struct pdr){ .id = 2, .source = 1, .ue4 = true, .far = 2, .removal = NO_REMOVAL });
	for (uint32_t id = 1; id <= 2; id++)
		shape_far_create(&words.writer, &(struct far){ .id = id,
							       .action = action,
							       .to = id == 1 ? PFCP_DESTINATION_INTERFACE_CORE
									     : PFCP_DESTINATION_INTERFACE_ACCESS,
							       .teid = id == 1 ? 0 : 7,
							       .peer = WORDS_GNB,
							       .bar = 1 });
	shape_bar(&words.writer, PFCP_IE_CREATE_BAR, &(struct bar){ 1, packets, delay });
	assert_int_equal(live_establish(), 0);
}

static void may_wait(int packets)
{
	const Shoal__Oss__Forward *down = &to.forward[live_rule(2)], *up = &to.forward[live_rule(1)];

	assert_int_equal(down->has_buffer_packets, packets >= 0);
	assert_int_equal(down->buffer_packets, packets >= 0 ? packets : 0);
	assert_false(up->has_buffer_packets); // what the UE sends does not wait
	assert_int_equal(up->buffer_packets, 0);
}

static void as_many_wait_as_it_says(void **state)
{
	static const struct {
		uint64_t action;
		int created, may; // packets; -1: not said
		unsigned verb;    // and then
		int updated, then;
	} bars[] = {
		{ WAIT, 10, 10, PFCP_IE_UPDATE_BAR, 3, 3 },
		{ WAIT, 0, 0, PFCP_IE_UPDATE_BAR, 255, 255 },
		{ WAIT, 255, 255, PFCP_IE_UPDATE_BAR, -1, 255 }, // it says nothing new
		{ WAIT, -1, -1, PFCP_IE_UPDATE_BAR, 0, 0 },
		{ WAIT, 10, 10, PFCP_IE_REMOVE_BAR, -1, -1 },
		{ PFCP_APPLY_ACTION_BUFF, 10, 10, PFCP_IE_UPDATE_BAR, 9, 9 },
		{ PFCP_APPLY_ACTION_FORW, 10, -1, PFCP_IE_UPDATE_BAR, 9, -1 }, // nothing waits
		{ PFCP_APPLY_ACTION_DROP, 10, -1, PFCP_IE_UPDATE_BAR, 9, -1 },
	};

	for (unsigned i = 0; i < sizeof(bars) / sizeof(*bars); i++) {
		bar_begin(bars[i].action, bars[i].created, -1);
		may_wait(bars[i].may);
		live_on();
		shape_bar(&words.writer, bars[i].verb, &(struct bar){ 1, bars[i].updated, -1 });
		assert_int_equal(live_modify(), 0);
		may_wait(bars[i].then);
	}
}

// What becomes idle does as its BAR says, which came with another request.
static void a_far_that_begins_to_buffer_finds_it(void **state)
{
	bar_begin(PFCP_APPLY_ACTION_FORW, 4, -1);
	live_on();
	shape_far_update(&words.writer, &(struct far){ .id = 2, .action = WAIT, .to = -1 });
	assert_int_equal(live_modify(), 0);
	may_wait(4);
	live_on();
	shape_bar(&words.writer, PFCP_IE_CREATE_BAR, &(struct bar){ 2, 8, -1 });
	shape_far_update(&words.writer, &(struct far){ .id = 2, .action = WAIT, .to = -1, .bar = 2 });
	assert_int_equal(live_modify(), 0);
	may_wait(8);
}

// In units of 50 ms; of what is told.
static void they_are_told_of_later(void **state)
{
	static const struct {
		uint64_t action;
		int created;
		uint32_t ms;
		int updated;
		uint32_t then_ms;
	} bars[] = {
		{ WAIT, -1, 0, 1, 50 },
		{ WAIT, 255, 12750, 0, 0 },
		{ WAIT, 10, 500, -1, 500 },
		{ PFCP_APPLY_ACTION_BUFF, 10, 0, 20, 0 },
		{ PFCP_APPLY_ACTION_FORW, 10, 0, 20, 0 },
	};

	for (unsigned i = 0; i < sizeof(bars) / sizeof(*bars); i++) {
		bar_begin(bars[i].action, -1, bars[i].created);
		assert_int_equal(to.forward[live_rule(2)].notify_delay_ms, bars[i].ms);
		assert_int_equal(to.forward[live_rule(1)].notify_delay_ms, 0);
		live_on();
		shape_bar(&words.writer, PFCP_IE_UPDATE_BAR, &(struct bar){ 1, -1, bars[i].updated });
		assert_int_equal(live_modify(), 0);
		assert_int_equal(to.forward[live_rule(2)].notify_delay_ms, bars[i].then_ms);
	}
}

static void one_that_is_not_there_is_refused(void **state)
{
	bar_begin(WAIT, 4, -1);
	live_on();
	shape_bar(&words.writer, PFCP_IE_UPDATE_BAR, &(struct bar){ 9, 8, -1 });
	assert_int_equal(live_modify(), -EPROTO);
	assert_int_equal(fault.why.cause, PFCP_CAUSE_RULE_FAILURE);
	assert_int_equal(fault.kind, RULE_BAR);
	assert_int_equal(fault.id, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_wait_as_it_says),
		cmocka_unit_test(a_far_that_begins_to_buffer_finds_it),
		cmocka_unit_test(they_are_told_of_later),
		cmocka_unit_test(one_that_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
