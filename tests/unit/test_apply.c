// test_apply.c - the rule of the chain, with this test as courier and the real lines behind it.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/fake_plane.h"
#include "workers/loop/loop.h"

#define SEAT 2u
#define SHARD 7u

static struct plane_view view;
static struct loop loop;
static struct seat_courier_page *courier;
static struct seat_worker_page *worker;
static uint32_t change_head, report_tail;

static int make(void **state)
{
	const struct loop_wires wires = { -1, -1, -1, -1 };

	fake_plane_make(&view);
	courier = view.seats[SEAT].courier;
	worker = view.seats[SEAT].worker;
	change_head = report_tail = 0;
	loop_open(&loop, &view, SEAT, &wires);
	tenure_take(&loop.tenure, SHARD, false);
	return 0;
}

static int destroy(void **state)
{
	fake_plane_free(&view);
	return 0;
}

static struct change change_of(uint8_t verb, uint64_t prev, uint64_t seq)
{
	return (struct change){ .epoch = 1, .prev = prev, .seq = seq, .shard = SHARD, .verb = verb };
}

static void post(struct change change)
{
	courier->changes[change_head++ % CHANGE_SLOTS] = change;
	ring_publish(&courier->change_head, change_head);
}

static void post_set(uint32_t slot, uint64_t prev, uint64_t seq)
{
	struct change change = change_of(CHANGE_SET, prev, seq);

	change.slot = slot;
	change.bearer = fake_bearer(&view, SHARD, slot);
	post(change);
}

// The next report; it must be of this kind.
static struct report next(uint8_t kind)
{
	struct report report;

	assert_int_not_equal(ring_resume(&worker->report_head), report_tail);
	report = worker->reports[report_tail++ % REPORT_SLOTS];
	ring_publish(&courier->report_tail, report_tail);
	assert_int_equal(report.kind, kind);
	return report;
}

static void no_more(void)
{
	assert_int_equal(ring_resume(&worker->report_head), report_tail);
}

static bool is_set(uint32_t slot)
{
	struct lines lines = { .region = &view.shards[SHARD], .shape = &view.plane->shape, .net = &view.plane->net };
	struct bearer bearer;

	return !lines_read(&lines, slot, &bearer);
}

static uint64_t seq_now(void)
{
	return atomic_load(&view.shards[SHARD].header->seq);
}

static void a_chain_applies_and_is_acknowledged_once(void **state)
{
	struct report ack;
	uint64_t digest = 0;

	for (uint32_t i = 0; i < 3; i++) {
		struct bearer bearer = fake_bearer(&view, SHARD, i);

		post_set(i, i * 10, (i + 1) * 10); // a chain may skip numbers
		digest ^= bearer_digest(i, &bearer);
	}
	assert_int_equal(apply_visit(&loop.apply), 3);
	ack = next(REPORT_ACK);
	assert_int_equal(ack.shard, SHARD);
	assert_int_equal(ack.epoch, 1);
	assert_int_equal(ack.seq, 30);
	assert_int_equal(ack.slot, 3);
	assert_true(ack.digest == digest);
	no_more();
	assert_true(is_set(0) && is_set(1) && is_set(2));
	assert_int_equal(ring_resume(&worker->change_tail), 3);
}

static void a_repeat_changes_nothing_and_is_acknowledged(void **state)
{
	post_set(0, 0, 1);
	post_set(1, 1, 2);
	apply_visit(&loop.apply);
	next(REPORT_ACK);
	post(change_of(CHANGE_CLEAR, 0, 1)); // an old number, whatever it says
	apply_visit(&loop.apply);
	assert_int_equal(next(REPORT_ACK).seq, 2);
	assert_true(is_set(0));
	post_set(1, 1, 2); // the last one
	apply_visit(&loop.apply);
	assert_int_equal(next(REPORT_ACK).seq, 2);
}

static void a_gap_is_told_and_nothing_applied(void **state)
{
	post_set(0, 0, 1);
	post_set(2, 2, 3);
	post_set(3, 3, 4);
	apply_visit(&loop.apply);
	assert_int_equal(next(REPORT_GAP).seq, 1);
	no_more();
	assert_true(is_set(0));
	assert_false(is_set(2) || is_set(3));
	post_set(1, 1, 2); // the replay
	post_set(2, 2, 3);
	post_set(3, 3, 4);
	apply_visit(&loop.apply);
	assert_int_equal(next(REPORT_ACK).seq, 4);
}

static void an_older_epoch_is_refused_a_newer_goes_on(void **state)
{
	struct change change;

	post_set(0, 0, 1);
	apply_visit(&loop.apply);
	next(REPORT_ACK);
	change = change_of(CHANGE_CLEAR, 1, 2);
	change.epoch = 0;
	post(change);
	apply_visit(&loop.apply);
	assert_int_equal(next(REPORT_GAP).seq, 1);
	change.epoch = 5;
	post(change);
	apply_visit(&loop.apply);
	next(REPORT_FINAL);
	assert_int_equal(next(REPORT_ACK).epoch, 5);
	assert_int_equal(seq_now(), 2);
}

// Where shards stand is said again and again: not when what matters more needs the room.
static void a_ring_that_is_half_full_is_left_to_others(void **state)
{
	struct reports *reports = loop.apply.reports;
	uint32_t before, space;

	for (unsigned full = 0; full < 2; full++) {
		while (reports_space(reports) > REPORT_SLOTS / 2 - full)
			*reports_next(reports) = (struct report){ .kind = REPORT_FINAL };
		reports_publish(reports);
		before = reports_space(reports);
		apply_stand(&loop.apply);
		space = reports_space(reports);
		assert_true(full ? space == before : space < before);
	}
}

static void a_shard_not_ours_is_left_alone(void **state)
{
	struct change change = change_of(CHANGE_SET, 0, 1);

	change.shard = SHARD + 1;
	change.bearer = fake_bearer(&view, SHARD + 1, 0);
	post(change);
	apply_visit(&loop.apply);
	assert_int_equal(next(REPORT_NOT_MINE).shard, SHARD + 1);
	assert_int_equal(atomic_load(&view.shards[SHARD + 1].header->seq), 0);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct change change = change_of(CHANGE_SET, 0, 1);
	struct report report;

	change.slot = FAKE_SLOTS; // no such cell
	change.bearer = fake_bearer(&view, SHARD, 0);
	post(change);
	change.verb = CHANGE_VERBS;
	change.seq = 2;
	post(change);
	change.verb = CHANGE_RATE;
	change.rate_index = 0;
	change.seq = 3;
	post(change);
	apply_visit(&loop.apply);
	for (uint64_t seq = 1; seq <= 3; seq++) {
		report = next(REPORT_REFUSED);
		assert_int_equal(report.seq, seq);
		assert_int_equal(report.slot, FAKE_SLOTS);
	}
	no_more();
	assert_int_equal(seq_now(), 0);
	assert_int_equal(loop.apply.refused, 3);
}

static void a_clear_brings_the_last_counters(void **state)
{
	struct bearer bearer = fake_bearer(&view, SHARD, 4);
	struct report final;

	post_set(4, 0, 1);
	apply_visit(&loop.apply);
	next(REPORT_ACK);
	view.shards[SHARD].uplink[4].packets = 11;
	view.shards[SHARD].uplink[4].bytes = 1100;
	view.shards[SHARD].downlink[4].packets = 22;
	view.shards[SHARD].downlink[4].bytes = 2200;
	view.shards[SHARD].rest[4].red_packets[LINE_UPLINK] = 33;
	struct change change = change_of(CHANGE_CLEAR, 1, 2);

	change.slot = 4;
	change.bearer.teid = bearer.teid;
	post(change);
	apply_visit(&loop.apply);
	final = next(REPORT_FINAL);
	assert_int_equal(final.teid, bearer.teid);
	assert_int_equal(final.slot, 4);
	assert_int_equal(final.uplink_packets, 11);
	assert_int_equal(final.uplink_bytes, 1100);
	assert_int_equal(final.downlink_packets, 22);
	assert_int_equal(final.downlink_bytes, 2200);
	assert_int_equal(final.red_packets, 33);
	assert_true(final.life && final.life == view.shards[SHARD].rest[4].life);
	assert_int_equal(next(REPORT_ACK).slot, 0);
	assert_false(is_set(4));
}

// ctrl may have died between the deletion and its CLEAR: it then only knows the cell's next session.
static void who_was_there_before_is_counted_first(void **state)
{
	struct change change = change_of(CHANGE_SET, 1, 2);
	struct report final;
	uint64_t life;

	post_set(4, 0, 1);
	apply_visit(&loop.apply);
	next(REPORT_ACK);
	life = view.shards[SHARD].rest[4].life;
	view.shards[SHARD].uplink[4].bytes = 1100;
	change.slot = 4;
	change.bearer = fake_bearer(&view, SHARD, 4);
	change.bearer.teid = shard_teid(2, 4, SHARD, view.plane->net.slot_bits);
	change.life = 1ull << 62; // ctrl has counted a later life: its clock, or its store, has seen more
	post(change);
	apply_visit(&loop.apply);
	final = next(REPORT_FINAL);
	assert_int_equal(final.teid, fake_bearer(&view, SHARD, 4).teid);
	assert_int_equal(final.uplink_bytes, 1100);
	assert_true(final.life == life);
	next(REPORT_ACK);
	assert_true(view.shards[SHARD].rest[4].life == (1ull << 62) + 1);
	assert_int_equal(view.shards[SHARD].uplink[4].bytes, 0);
}

static void a_snapshot_clears_what_it_does_not_name(void **state)
{
	unsigned finals = 0;

	for (uint32_t i = 0; i < 40; i++)
		post_set(i, i, i + 1);
	while (apply_visit(&loop.apply))
		;
	while (ring_resume(&worker->report_head) != report_tail)
		next(REPORT_ACK);
	post(change_of(CHANGE_SWEEP_BEGIN, 0, 7)); // back to 7, from wherever it stood
	post_set(3, 7, 8);
	post(change_of(CHANGE_SWEEP_END, 8, 9));
	post_set(50, 9, 10); // behind the end: must wait for it
	while (apply_visit(&loop.apply))
		;
	while (ring_resume(&worker->report_head) != report_tail)
		finals += worker->reports[report_tail++ % REPORT_SLOTS].kind == REPORT_FINAL;
	assert_int_equal(finals, 39);
	assert_int_equal(seq_now(), 10);
	for (uint32_t i = 0; i < FAKE_SLOTS; i++)
		assert_int_equal(is_set(i), i == 3 || i == 50);
	assert_int_equal(atomic_load(&view.shards[SHARD].header->sessions), 2);
}

static void an_unfinished_end_stays_in_the_ring(void **state)
{
	for (uint32_t i = 0; i < 40; i++)
		post_set(i, i, i + 1);
	post(change_of(CHANGE_SWEEP_BEGIN, 40, 41));
	post(change_of(CHANGE_SWEEP_END, 41, 42));
	while (seq_now() != 41)
		apply_visit(&loop.apply);
	assert_int_equal(ring_resume(&worker->change_tail), 41);
	assert_true(apply_waiting(&loop.apply));
}

static void no_space_to_report_no_change(void **state)
{
	while (reports_space(&loop.reports) >= 8)
		reports_next(&loop.reports)->kind = REPORT_ACK;
	reports_publish(&loop.reports);
	post_set(0, 0, 1);
	assert_false(apply_waiting(&loop.apply));
	assert_int_equal(apply_visit(&loop.apply), 0);
	assert_false(is_set(0));
	ring_publish(&courier->report_tail, ring_resume(&worker->report_head));
	assert_true(apply_waiting(&loop.apply));
	assert_int_equal(apply_visit(&loop.apply), 1);
	assert_true(is_set(0));
}

static void a_visit_is_bounded(void **state)
{
	for (uint32_t i = 0; i < APPLY_VISIT + 5; i++)
		post_set(i, i, i + 1);
	assert_int_equal(apply_visit(&loop.apply), APPLY_VISIT);
	assert_int_equal(apply_visit(&loop.apply), 5);
	assert_int_equal(apply_visit(&loop.apply), 0);
}

// The bursts that pass from one visit to the next.
static unsigned bursts_pass(void)
{
	for (unsigned burst = 1; burst < APPLY_EVERY; burst++)
		assert_int_equal(apply_between(&loop.apply), 0);
	return apply_between(&loop.apply);
}

// Between bursts a change is seen, fetched, and then applied; whoever has time takes them at once, seen before or not.
static void packets_go_before_changes(void **state)
{
	for (uint32_t i = 0; i < 4 * APPLY_BETWEEN + 1; i++)
		post_set(i, i, i + 1);
	assert_int_equal(bursts_pass(), 0);
	assert_int_equal(bursts_pass(), 0);
	assert_int_equal(bursts_pass(), APPLY_BETWEEN);
	assert_int_equal(bursts_pass(), APPLY_BETWEEN);
	assert_false(is_set(2 * APPLY_BETWEEN));
	assert_int_equal(apply_visit(&loop.apply), 2 * APPLY_BETWEEN + 1);
	assert_true(is_set(4 * APPLY_BETWEEN));
	assert_int_equal(bursts_pass(), 0);
	post_set(0, 4 * APPLY_BETWEEN + 1, 4 * APPLY_BETWEEN + 2);
	for (unsigned visits = 0; visits < 3; visits++)
		bursts_pass();
	assert_int_equal(loop.apply.applied, 4 * APPLY_BETWEEN + 2);
}

static void an_impossible_index_moves_nothing(void **state)
{
	ring_publish(&courier->change_head, CHANGE_SLOTS + 1);
	assert_int_equal(apply_visit(&loop.apply), 0);
	ring_publish(&courier->report_tail, 1); // of reports we never made
	assert_int_equal(reports_space(&loop.reports), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_chain_applies_and_is_acknowledged_once),
		TEST(a_repeat_changes_nothing_and_is_acknowledged),
		TEST(a_gap_is_told_and_nothing_applied),
		TEST(an_older_epoch_is_refused_a_newer_goes_on),
		TEST(a_ring_that_is_half_full_is_left_to_others),
		TEST(a_shard_not_ours_is_left_alone),
		TEST(what_does_not_fit_is_refused),
		TEST(a_clear_brings_the_last_counters),
		TEST(who_was_there_before_is_counted_first),
		TEST(a_snapshot_clears_what_it_does_not_name),
		TEST(an_unfinished_end_stays_in_the_ring),
		TEST(no_space_to_report_no_change),
		TEST(a_visit_is_bounded),
		TEST(packets_go_before_changes),
		TEST(an_impossible_index_moves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
