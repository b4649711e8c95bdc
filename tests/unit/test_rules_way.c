// test_rules_way.c - from the change ring to the packet: rules that come while packets do are theirs at once; what has to wait is told,
// held when the waiting ends, and released at its fence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"
#include "tests/unit/rules_stand.h"

#define BYTES 64u
#define OFFSET 142u

static uint32_t in_head; // the test's own index, as the primary has one

static int open(void **state)
{
	int result = rules_open(state);

	in_head = 0;
	view.plane->net.access_mtu = view.plane->net.core_mtu = 1500;
	urr_add(1, 1);
	sheets_write(&sheets);
	return result;
}

static struct lane_handle lend(uint8_t code, uint32_t hint)
{
	struct seat_primary_page *primary = view.seats[SEAT].primary;
	uint32_t at = in_head++;
	struct ip4_fields fields = { 0x08080808, bearer_of().ue_ipv4, BYTES, 0, 64, IP_UDP };

	ip4_put(room_at(&view.rooms, 0) + OFFSET, &fields);
	primary->in[at % LANE_SLOTS] =
	    (struct lane_handle){ .hint = hint, .offset = OFFSET, .length = BYTES, .turn = (uint16_t)at, .code = code };
	ring_publish(&primary->in_head, in_head);
	loop_turn(&loop);
	return worker->out[at % LANE_SLOTS];
}

static struct lane_handle down(void)
{
	return lend(LANE_DOWNLINK, SHARD);
}

static void ruled_by(void)
{
	struct bearer bearer;

	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	acked(&bearer);
}

static void what_waits_is_told_held_and_released(void **state)
{
	struct report report;
	struct lane_handle handle;

	sheets.head.episode = 41;
	sheets.far[1].action = SHEET_BUFFER;
	sheets.far[1].flags |= SHEET_NOTIFY;
	ruled_by();
	for (unsigned i = 0; i < 3; i++) {
		handle = down();
		assert_int_equal(handle.code, VERDICT_BUFFER);
		assert_int_equal(handle.hint, SLOT);
	}
	report = next(REPORT_DATA);
	no_more();
	assert_int_equal(report.slot, SLOT);
	assert_int_equal(report.shard, SHARD);
	assert_int_equal(report.teid, bearer_of().teid);
	assert_int_equal(report.episode, 41);
	assert_int_equal(report.pdr, 2);
	sheets.far[1].action = SHEET_FORWARD;
	ruled_by();
	((struct ruled *)room_now().ruled)->held_until = UINT64_MAX; // however slow this machine is
	assert_int_equal(down().code, VERDICT_BUFFER);
	assert_int_equal(lend(LANE_RELEASE, SHARD | SLOT << 16).code, VERDICT_RELEASED);
	assert_int_equal(room_now().gauges[0].packets[LINE_DOWNLINK], 0);
	assert_int_equal(down().code, VERDICT_FORWARD);
	assert_int_equal(room_now().gauges[0].packets[LINE_DOWNLINK], 1);
	assert_int_equal(room_now().gauges[0].bytes[LINE_DOWNLINK], BYTES);
	no_more();
}

static void a_quota_is_renewed_by_the_next_sheet(void **state)
{
	sheets.urr[0].flags = SHEET_QUOTA;
	sheets.urr[0].quota[SHEET_TOTAL] = 2 * BYTES;
	sheets.urr[0].quota[SHEET_UP] = sheets.urr[0].quota[SHEET_DOWN] = UINT64_MAX;
	ruled_by();
	assert_int_equal(down().code, VERDICT_FORWARD);
	assert_int_equal(down().code, VERDICT_FORWARD);
	assert_int_equal(down().code, VERDICT_QUOTA);
	sheets.urr[0].quota[SHEET_TOTAL] = 3 * BYTES;
	ruled_by();
	assert_int_equal(down().code, VERDICT_FORWARD);
	assert_int_equal(down().code, VERDICT_QUOTA);
}

static void rules_end_with_their_sheet(void **state)
{
	struct bearer plain;

	sheets.far[1].action = SHEET_DROP;
	ruled_by();
	assert_int_equal(down().code, VERDICT_RULE_DROP);
	plain = fake_bearer(&view, SHARD, SLOT);
	post_set(&plain);
	visits();
	assert_int_equal(down().code, VERDICT_FORWARD);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open, rules_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_waits_is_told_held_and_released),
		TEST(a_quota_is_renewed_by_the_next_sheet),
		TEST(rules_end_with_their_sheet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
