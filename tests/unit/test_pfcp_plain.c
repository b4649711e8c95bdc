// test_pfcp_plain.c - reports to CP functions that do not understand all of them. Peers, clock and controller are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/report/report.h"
#include "ctrl/pfcp/rules/ids.h"
#include "tests/unit/outbox_play.h"

// Whether the i-th question tells more of the packet than its PDR, which is 7.
static bool tells_more(struct world *world, unsigned i)
{
	const struct asked *asked = &world->question[i];
	const struct pfcp_ie *data;
	struct pfcp_fault fault;

	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_REPORT_REQUEST), asked->body, asked->question.bytes,
				   &world->tree, &fault),
			 0);
	data = pfcp_first(&world->tree, NULL, PFCP_IE_DOWNLINK_DATA_REPORT);
	assert_int_equal(pfcp_number(pfcp_first(&world->tree, data, PFCP_IE_PDR_ID)), 7);
	return pfcp_first(&world->tree, data, PFCP_IE_DOWNLINK_DATA_SERVICE_INFORMATION);
}

static void waits(struct world *world, uint64_t number)
{
	const struct wish wish = { ONE_OWNER, number, number };
	Shoal__Oss__Report report = made(world, &wish);

	report.kind = SHOAL__OSS__REPORT_KIND__REPORT_DATA;
	report.rule = oss_id(7);
	report.tos = 46 << 2;
	report.has_qfi = true;
	report.qfi = 9;
	hear_from(world, "", &report, 0);
	tick(world, 1);
}

// Open5GS serves no paging policies.
static void who_does_not_serve_it_hears_less(void **state)
{
	struct world *world = *state;

	waits(world, 1);
	assert_true(tells_more(world, 0));
	answer(world, 0, PFCP_CAUSE_SERVICE_NOT_SUPPORTED);
	assert_int_equal(world->asked, 2);
	assert_false(tells_more(world, 1));
	answer(world, 1, PFCP_CAUSE_ACCEPTED);
	tick(world, 1);
	assert_int_equal(world->numbers, 1);
	assert_int_equal(world->tally[TALLY_REPORTS_REFUSED], 0);
}

// OAI throws away what it does not know all of.
static void who_does_not_answer_hears_less(void **state)
{
	struct world *world = *state;

	waits(world, 1);
	answer(world, 0, 0);
	tick(world, 2 * SECOND);
	assert_int_equal(world->asked, 2);
	assert_false(tells_more(world, 1));
	answer(world, 1, 0);
	tick(world, 4 * SECOND);
	assert_int_equal(world->asked, 3);
	assert_false(tells_more(world, 2));
	answer(world, 2, PFCP_CAUSE_ACCEPTED);
	tick(world, 1);
	assert_int_equal(world->numbers, 1);
}

static void less_is_refused_in_the_end(void **state)
{
	struct world *world = *state;

	waits(world, 1);
	answer(world, 0, PFCP_CAUSE_REJECTED);
	answer(world, 1, PFCP_CAUSE_REJECTED);
	assert_int_equal(world->asked, 2);
	assert_int_equal(world->tally[TALLY_REPORTS_REFUSED], 1);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)
	const struct CMUnitTest tests[] = {
		ONE(who_does_not_serve_it_hears_less),
		ONE(who_does_not_answer_hears_less),
		ONE(less_is_refused_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
