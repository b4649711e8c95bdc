// test_tenure.c - a shard goes to a build with other lines and comes back, with its image and without. Both banks are this build's:
// that the other one's lines are other lines is said by this test.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"
#include "tests/unit/fake_plane.h"
#include "workers/loop/loop.h"

#define SHARD 7u
#define SESSIONS 40u

static struct plane_view view, bank, other; // bank: memory of the other build's; other: what that build sees
static struct loop home, guest;
static uint32_t report_tail;

static int make(void **state)
{
	static const struct loop_wires no_wires = { -1, -1, -1, -1 };

	fake_plane_make(&view);
	fake_plane_make(&bank);
	other = bank;
	other.plane = view.plane;
	other.image = view.image;
	loop_open(&home, &view, 0, &no_wires);
	loop_open(&guest, &other, 1, &no_wires);
	report_tail = 0;
	return 0;
}

static int destroy(void **state)
{
	fake_plane_free(&view);
	fake_plane_free(&bank);
	return 0;
}

static void lend(struct loop *loop, uint8_t code, uint32_t hint)
{
	struct seat_primary_page *page = loop->seat.primary;
	uint32_t head = ring_resume(&page->in_head);

	page->in[head % LANE_SLOTS] = (struct lane_handle){ .code = code, .hint = hint };
	ring_publish(&page->in_head, head + 1);
	assert_true(loop_turn(loop) > 0);
	assert_int_equal(loop->seat.worker->out[head % LANE_SLOTS].code,
			 code == LANE_OWN ? VERDICT_OWNED : VERDICT_CUT);
	ring_publish(&page->out_tail, head + 1);
}

static void guest_takes(uint32_t hint)
{
	lend(&guest, LANE_OWN, hint);
	atomic_store(&view.image->home[SHARD], image_home("other lines"));
}

// A session a slot, with counters; `more` packets of each since.
static void use(struct loop *loop, uint32_t more)
{
	struct lines lines = tenure_lines(&loop->tenure, SHARD);

	lines.life = 1000;
	for (uint32_t slot = 0; slot < SESSIONS; slot++) {
		struct bearer bearer = fake_bearer(&view, SHARD, slot);

		assert_int_equal(lines_set(&lines, slot, &bearer), 0);
		lines.region->uplink[slot].packets += more;
	}
	atomic_store(&lines.region->header->seq, SESSIONS);
}

static struct lines_count counted(const struct loop *loop, uint32_t slot)
{
	struct lines_count count;

	assert_true(lines_count(&loop->tenure.view->shards[SHARD], slot, &count));
	return count;
}

// The next report that is no acknowledgement; kind 0: there is none.
static struct report report_next(const struct loop *loop)
{
	const struct seat_worker_page *page = loop->seat.worker;

	while (report_tail != ring_resume(&page->report_head)) {
		const struct report *report = &page->reports[report_tail++ % REPORT_SLOTS];

		if (report->kind != REPORT_ACK)
			return *report;
	}
	return (struct report){ 0 };
}

static void counters_go_along_and_come_back(void **state)
{
	lend(&home, LANE_OWN, SHARD);
	use(&home, 10);
	lend(&home, LANE_CUT, SHARD | LANE_IMAGE);
	assert_int_equal(view.shards[SHARD].header->owner, PLANE_SEAT_NONE);
	guest_takes(SHARD | LANE_IMAGE);
	assert_int_equal(counted(&guest, 5).packets[LINE_UPLINK], 10);
	use(&guest, 10);
	lend(&guest, LANE_CUT, SHARD | LANE_IMAGE);
	lend(&home, LANE_OWN, SHARD | LANE_IMAGE);
	assert_int_equal(counted(&home, 5).packets[LINE_UPLINK], 20);
	assert_int_equal(counted(&home, 5).life, 1000);
	assert_int_equal(view.shards[SHARD].header->seq, SESSIONS);
	assert_int_equal(report_next(&home).kind, REPORT_NONE);
	assert_int_equal(tenure_first(home.tenure.stale), -1);
}

// The other build's last seat died: the region stands where it was left, and ctrl knows more than it.
static void what_was_overtaken_counts_anew(void **state)
{
	lend(&home, LANE_OWN, SHARD);
	use(&home, 10);
	lend(&home, LANE_CUT, SHARD | LANE_IMAGE);
	guest_takes(SHARD | LANE_IMAGE);
	use(&guest, 10);
	lend(&home, LANE_OWN, SHARD); // no image: it is the one of before, and not read again
	for (uint32_t slot = 0; slot < SESSIONS; slot++) {
		struct report last = report_next(&home);

		assert_int_equal(last.kind, REPORT_FINAL);
		assert_int_equal(last.slot, slot);
		assert_int_equal(last.life, 1000);
		assert_int_equal(last.uplink_packets, 10);
		assert_int_equal(counted(&home, slot).packets[LINE_UPLINK], 0);
		assert_true(counted(&home, slot).life > 1000);
	}
	assert_int_equal(report_next(&home).kind, REPORT_NONE);
	assert_int_equal(view.shards[SHARD].header->seq, SESSIONS);
	assert_int_equal(atomic_load(&view.image->home[SHARD]), image_home(plane_lines));
}

// One after another of the same build: nothing ends.
static void a_successor_counts_on(void **state)
{
	static const struct loop_wires no_wires = { -1, -1, -1, -1 };
	static struct loop next;

	lend(&home, LANE_OWN, SHARD);
	use(&home, 10);
	lend(&home, LANE_CUT, SHARD | LANE_IMAGE); // it was to go, but its seat died then
	loop_open(&next, &view, 2, &no_wires);
	lend(&next, LANE_OWN, SHARD);
	assert_int_equal(counted(&next, 5).packets[LINE_UPLINK], 10);
	assert_int_equal(counted(&next, 5).life, 1000);
	use(&next, 10);
	guest_takes(SHARD | LANE_IMAGE); // and the image of then is none any more
	assert_int_equal(other.shards[SHARD].header->sessions, 0);
	assert_int_equal(other.shards[SHARD].header->seq, 0);
}

// A full report ring puts it off, and a death in between begins it again.
static void there_is_time_to_report(void **state)
{
	struct seat_courier_page *courier = home.seat.courier;

	lend(&home, LANE_OWN, SHARD);
	use(&home, 10);
	lend(&home, LANE_CUT, SHARD | LANE_IMAGE);
	guest_takes(SHARD | LANE_IMAGE);
	home.reports.head += REPORT_SLOTS - 70; // the courier has not taken those yet
	report_tail = home.reports.head;
	reports_publish(&home.reports);
	lend(&home, LANE_OWN, SHARD);
	assert_int_equal(counted(&home, 5).packets[LINE_UPLINK], 0);
	assert_int_equal(counted(&home, SESSIONS - 1).packets[LINE_UPLINK], 10);
	assert_int_equal(atomic_load(&view.image->home[SHARD]), image_home("other lines"));
	ring_publish(&courier->report_tail, ring_resume(&home.seat.worker->report_head));
	home.kept_at = 0;
	loop_keep_house(&home, home.turned_at + view.plane->net.clock_hz);
	assert_int_equal(counted(&home, SESSIONS - 1).packets[LINE_UPLINK], 0);
	assert_int_equal(atomic_load(&view.image->home[SHARD]), image_home(plane_lines));
	for (uint32_t slot = 0; slot < SESSIONS; slot++)
		assert_int_equal(report_next(&home).uplink_packets, 10);
	assert_int_equal(report_next(&home).kind, REPORT_NONE);
}

// Bursts of downlink packets of one session, every other with a hint that names its line; the last of the third is a fence.
static void bursts_lend(struct loop *loop, unsigned bursts, uint32_t address)
{
	struct seat_primary_page *page = loop->seat.primary;
	uint32_t head = ring_resume(&page->in_head);

	for (unsigned i = 0; i < bursts * LANE_BURST; i++) {
		bool fence = i == 3 * LANE_BURST - 1;

		page->in[(head + i) % LANE_SLOTS] =
		    (struct lane_handle){ .hint = fence || i % 2 ? SHARD : shard_hint(address, SHARD),
					  .offset = ROOM_HEADROOM,
					  .length = fence ? 0 : 64,
					  .code = fence ? LANE_CUT : LANE_DOWNLINK };
	}
	ring_publish(&page->in_head, head + bursts * LANE_BURST);
}

// A burst that waited while its shard was given away was looked at before; nothing of it is done here.
static void what_is_seen_ahead_is_no_promise(void **state)
{
	struct bearer bearer = fake_bearer(&view, SHARD, 3);
	struct ip4_fields fields = { 1, bearer.ue_ipv4, 64, 0, 64, IP_UDP };
	const struct lane_handle *back = home.seat.worker->out + 1;

	lend(&home, LANE_OWN, SHARD);
	use(&home, 0);
	ip4_put(room_at(&view.rooms, 0) + ROOM_HEADROOM, &fields);
	bursts_lend(&home, 5, bearer.ue_ipv4);
	for (unsigned burst = 0; burst < 5; burst++)
		assert_int_equal(loop_turn(&home), LANE_BURST);
	for (unsigned i = 0; i < 5 * LANE_BURST; i++)
		assert_int_equal(back[i].code, i < 3 * LANE_BURST - 1    ? VERDICT_FORWARD
					       : i == 3 * LANE_BURST - 1 ? VERDICT_CUT
									 : VERDICT_STEER_AGAIN);
	assert_int_equal(view.shards[SHARD].downlink[3].packets, 3 * LANE_BURST - 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)
	const struct CMUnitTest tests[] = {
		TEST(counters_go_along_and_come_back),
		TEST(what_was_overtaken_counts_anew),
		TEST(a_successor_counts_on),
		TEST(there_is_time_to_report),
		TEST(what_is_seen_ahead_is_no_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
