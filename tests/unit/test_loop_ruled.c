// test_loop_ruled.c - what the loop does for sessions with a sheet: cells released at their fence, and the first packet that waits is
// told. On pages of ordinary memory, with this test as its primary.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/fake_plane.h"
#include "shared/plane/ruled.h"
#include "shared/plane/verdict.h"
#include "workers/loop/loop.h"

#define SEAT 3u

static struct plane_view view;
static struct loop loop;
static const struct loop_wires no_wires = { -1, -1, -1, -1 };
static struct seat_primary_page *primary;
static struct seat_worker_page *worker;
static uint32_t in_head; // the test's own index, as the primary has one

static const struct region_shape ruled_shape = { .slots = 8, .rates = 1, .sheet = 8, .buckets = 1 };
static _Alignas(64) uint8_t ruled_zone[32768];

static void work(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	for (unsigned i = 0; i < n; i++)
		handles[i].code = VERDICT_FORWARD;
}

static int make(void **state)
{
	fake_plane_make(&view);
	primary = view.seats[SEAT].primary;
	worker = view.seats[SEAT].worker;
	in_head = 0;
	loop_open(&loop, &view, SEAT, &no_wires);
	loop_set_work(&loop, work, NULL);
	return 0;
}

static int destroy(void **state)
{
	fake_plane_free(&view);
	return 0;
}

static void lend(uint8_t code, uint32_t hint)
{
	primary->in[in_head % LANE_SLOTS] =
	    (struct lane_handle){ .hint = hint, .offset = 128, .length = 64, .turn = (uint16_t)in_head, .code = code };
	in_head++;
}

static void lend_packets(unsigned n)
{
	while (n--)
		lend(LANE_UPLINK, 0x107);
}

static void send_all(void)
{
	ring_publish(&primary->in_head, in_head);
}

// A cell with rules that holds its packets back, in a shard's memory that has room for them.
static struct ruled *rules_hold(uint32_t slot)
{
	struct ruled *ruled;

	loop.pipe.shape = ruled_shape;
	loop.pipe.shard[7] = region_at(ruled_zone, &ruled_shape, 0);
	ruled = region_room(&loop.pipe.shard[7], &ruled_shape, slot, 1);
	loop.pipe.shard[7].rest[slot].ruled = 2;
	ruled->held_until = UINT64_MAX;
	return ruled;
}

static void a_released_cell_holds_nothing_back(void **state)
{
	struct ruled *ruled, *other;

	lend(LANE_OWN, 7);
	send_all();
	loop_turn(&loop);
	ruled = rules_hold(2);
	other = rules_hold(3);
	lend(LANE_RELEASE, 7 | 2 << 16);
	lend_packets(1);
	lend(LANE_RELEASE, 8 | 3 << 16);       // not ours
	lend(LANE_RELEASE, 7 | 1 << 16);       // without rules
	lend(LANE_RELEASE, 7 | 0xffffu << 16); // no such cell
	send_all();
	assert_int_equal(loop_turn(&loop), 5);
	assert_int_equal(ruled->held_until, 0);
	assert_true(other->held_until == UINT64_MAX);
	for (unsigned i = 1; i < 6; i++) {
		assert_int_equal(worker->out[i].code, i == 2 ? VERDICT_FORWARD : VERDICT_RELEASED);
		assert_int_equal(worker->out[i].turn, i);
		assert_int_equal(worker->out[i].hint, primary->in[i].hint);
	}
}

// A sheet whose rule with the id 300 has its losses counted, in the cell's room in force.
static struct ruled_gauge *rules_count(uint32_t slot)
{
	struct ruled *ruled = rules_hold(slot);
	const struct sheet head = { .pdrs = 2, .fars = 1, .urrs = 2, .tunnels = 1 };
	struct sheet *sheet = (struct sheet *)(ruled + 1);
	struct sheet_parts parts;

	*sheet = head;
	sheet->bytes = (uint16_t)sheet_all_bytes(sheet);
	parts = sheet_parts(sheet);
	((struct sheet_pdr *)parts.pdr)[0] = (struct sheet_pdr){ .id = 299 };
	((struct sheet_pdr *)parts.pdr)[1] = (struct sheet_pdr){ .id = 300, .urrs = 1 };
	((struct sheet_urr *)parts.urr)[0] = (struct sheet_urr){ .id = 1, .serial = 1, .dropped = 2 };
	((struct sheet_urr *)parts.urr)[1] = (struct sheet_urr){ .serial = 2 };
	ruled->bytes = sheet->bytes;
	ruled->tokens = ruled->gauges = (uint16_t)((sizeof(*ruled) + sheet->bytes + 63) / 64 * 64);
	ruled->end = (uint16_t)(ruled->gauges + 2 * sizeof(struct ruled_gauge));
	ruled->teid = loop.pipe.shard[7].rest[slot].teid = 0x107;
	return (struct ruled_gauge *)((uint8_t *)ruled + ruled->gauges);
}

static void lend_lost(uint32_t hint, uint16_t rule)
{
	primary->in[in_head % LANE_SLOTS] = (struct lane_handle){
		.hint = hint, .offset = rule, .length = 700, .port = 5, .turn = (uint16_t)in_head, .code = LANE_LOST
	};
	in_head++;
}

static void what_was_dropped_while_it_waited_is_counted(void **state)
{
	struct ruled_gauge *gauge;

	lend(LANE_OWN, 7);
	send_all();
	loop_turn(&loop);
	gauge = rules_count(2);
	lend_lost(7 | 2 << 16, 300);
	lend_lost(7 | 2 << 16, 299);       // nobody counts
	lend_lost(7 | 2 << 16, 301);       // the rule is no more
	lend_lost(8 | 2 << 16, 300);       // not ours
	lend_lost(7 | 1 << 16, 300);       // without rules
	lend_lost(7 | 0xffffu << 16, 300); // no such cell
	lend_packets(1);
	lend_lost(7 | 2 << 16, 300);
	send_all();
	assert_int_equal(loop_turn(&loop), 8);
	assert_int_equal(gauge[1].packets[LINE_DOWNLINK], 10);
	assert_int_equal(gauge[1].bytes[LINE_DOWNLINK], 1400);
	assert_int_equal(gauge[1].packets[LINE_UPLINK] | gauge[0].packets[LINE_DOWNLINK], 0);
	assert_true(gauge[1].first && gauge[1].last == gauge[1].first);
	for (unsigned i = 1; i < 9; i++) {
		assert_int_equal(worker->out[i].code, i == 7 ? VERDICT_FORWARD : VERDICT_COUNTED);
		assert_int_equal(worker->out[i].turn, i);
		assert_int_equal(worker->out[i].hint, primary->in[i].hint);
	}
}

static struct ruled told;

static void work_that_tells(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	const struct ruled_tell tell = { &told, 4, 77, 5, 7, 0xb8, 9 };

	if (told.told != 77)
		ruled_tell(&loop.tells, &tell);
	work(with, handles, n, now);
}

static void what_waits_is_told_behind_its_packets_once(void **state)
{
	const struct report *report = &worker->reports[0];

	lend(LANE_OWN, 7);
	send_all();
	loop_turn(&loop);
	atomic_store(&view.shards[7].header->seq, 12);
	told = (struct ruled){ .teid = 0x107 };
	loop_set_work(&loop, work_that_tells, NULL);
	ring_publish(&view.seats[SEAT].courier->report_tail, loop.reports.head - REPORT_SLOTS); // no space
	lend_packets(2);
	send_all();
	loop_turn(&loop);
	assert_int_equal(told.told, 0);
	assert_int_equal(loop.tells.n, 0);
	ring_publish(&view.seats[SEAT].courier->report_tail, loop.reports.head);
	report = &worker->reports[loop.reports.head % REPORT_SLOTS];
	for (unsigned i = 0; i < 3; i++) {
		lend_packets(2);
		lend(LANE_CUT, 8);
		lend_packets(2);
		send_all();
		loop_turn(&loop);
	}
	assert_int_equal(told.told, 77);
	assert_int_equal(reports_space(&loop.reports), REPORT_SLOTS - 1);
	assert_int_equal(report->kind, REPORT_DATA);
	assert_int_equal(report->shard, 7);
	assert_int_equal(report->slot, 4);
	assert_int_equal(report->seq, 12);
	assert_int_equal(report->teid, 0x107);
	assert_int_equal(report->episode, 77);
	assert_int_equal(report->pdr, 5);
	assert_int_equal(report->tos, 0xb8);
	assert_int_equal(report->qfi, 9);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_released_cell_holds_nothing_back),
		TEST(what_was_dropped_while_it_waited_is_counted),
		TEST(what_waits_is_told_behind_its_packets_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
