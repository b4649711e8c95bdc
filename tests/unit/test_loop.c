// test_loop.c - the loop on pages of ordinary memory, with this test as its primary.
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/fake_plane.h"
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/plane/verdict.h"
#include "workers/loop/loop.h"

#define SEAT 3u
#define WAIT_NS 20000000000u

static struct plane_view view;
static struct loop loop;
static const struct loop_wires no_wires = { -1, -1, -1, -1 };
static struct seat_primary_page *primary;
static struct seat_worker_page *worker;
static uint32_t in_head; // the test's own index, as the primary has one

// What the packet function saw.
static struct {
	unsigned calls, handles;
	uint32_t in_tail, out_head; // published at that moment
	bool owns_7;
} seen;

static void work(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	seen.calls++;
	seen.handles += n;
	seen.in_tail = ring_resume(&worker->in_tail);
	seen.out_head = ring_resume(&worker->out_head);
	seen.owns_7 = loop.pipe.shard[7].header != NULL;
	for (unsigned i = 0; i < n; i++)
		handles[i].code = VERDICT_FORWARD;
}

static int make(void **state)
{
	fake_plane_make(&view);
	primary = view.seats[SEAT].primary;
	worker = view.seats[SEAT].worker;
	in_head = 0;
	memset(&seen, 0, sizeof(seen));
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
	primary->in[in_head % LANE_SLOTS] = (struct lane_handle){
		.room = code == LANE_UPLINK ? in_head % FAKE_ROOMS : 0,
		.hint = hint,
		.offset = 128,
		.length = 64,
		.turn = (uint16_t)in_head,
		.code = code,
	};
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

static void a_burst_comes_back_in_order(void **state)
{
	lend_packets(40);
	send_all();
	assert_int_equal(loop_turn(&loop), LANE_BURST);
	assert_int_equal(ring_resume(&worker->out_head), LANE_BURST);
	assert_int_equal(ring_resume(&worker->in_tail), LANE_BURST);
	assert_int_equal(loop_turn(&loop), 8);
	assert_int_equal(loop_turn(&loop), 0);
	assert_int_equal(ring_resume(&worker->out_head), 40);
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(worker->out[i].turn, i);
		assert_int_equal(worker->out[i].room, primary->in[i].room);
		assert_int_equal(worker->out[i].code, VERDICT_FORWARD);
	}
}

static void nothing_is_given_back_before_it_is_done(void **state)
{
	lend_packets(5);
	send_all();
	loop_turn(&loop);
	assert_int_equal(seen.handles, 5);
	assert_int_equal(seen.in_tail, 0);
	assert_int_equal(seen.out_head, 0);
}

static void fences_keep_their_place(void **state)
{
	lend(LANE_OWN, 7);
	lend_packets(3);
	lend(LANE_CUT, 7);
	lend_packets(2);
	send_all();
	assert_int_equal(loop_turn(&loop), 7);
	assert_int_equal(seen.calls, 2);
	assert_int_equal(seen.handles, 5);
	assert_false(seen.owns_7); // at the second run
	assert_int_equal(worker->out[0].code, VERDICT_OWNED);
	assert_int_equal(worker->out[0].hint, 7);
	assert_int_equal(worker->out[3].code, VERDICT_FORWARD);
	assert_int_equal(worker->out[4].code, VERDICT_CUT);
	assert_int_equal(worker->out[4].turn, 4);
	assert_int_equal(view.shards[7].header->owner, PLANE_SEAT_NONE);
}

static void a_shard_taken_is_owned(void **state)
{
	lend(LANE_OWN, 7);
	lend_packets(1);
	send_all();
	loop_turn(&loop);
	assert_true(seen.owns_7);
	assert_int_equal(view.shards[7].header->owner, SEAT);
	assert_int_equal(loop.tenure.held, 1);
	lend(LANE_OWN, 7); // again: still one
	send_all();
	loop_turn(&loop);
	assert_int_equal(loop.tenure.held, 1);
}

static void a_spoilt_header_is_taken_at_zero(void **state)
{
	struct region_header *header = view.shards[7].header;

	header->magic = 1;
	atomic_store(&header->seq, 99);
	atomic_store(&header->epoch, 5);
	lend(LANE_OWN, 7);
	send_all();
	loop_turn(&loop);
	assert_int_equal(worker->out[0].code, VERDICT_OWNED);
	assert_true(header->magic == REGION_MAGIC);
	assert_int_equal(atomic_load(&header->seq), 0);
	assert_int_equal(atomic_load(&header->epoch), 0);
}

static void impossible_indices_move_nothing(void **state)
{
	lend_packets(3);
	ring_publish(&primary->in_head, LANE_SLOTS + 1);
	assert_int_equal(loop_turn(&loop), 0);
	ring_publish(&primary->in_head, UINT32_MAX);
	assert_int_equal(loop_turn(&loop), 0);
	send_all();
	ring_publish(&primary->out_tail, 1); // of handles we never returned
	assert_int_equal(loop_turn(&loop), 0);
	ring_publish(&primary->out_tail, 0);
	assert_int_equal(loop_turn(&loop), 3);
}

static void a_full_lane_out_is_waited_for(void **state)
{
	lend_packets(LANE_SLOTS);
	send_all();
	while (loop_turn(&loop))
		;
	assert_int_equal(ring_resume(&worker->out_head), LANE_SLOTS);
	lend_packets(4); // more than the credit
	send_all();
	assert_int_equal(loop_turn(&loop), 0);
	ring_publish(&primary->out_tail, 3);
	assert_int_equal(loop_turn(&loop), 3);
	ring_publish(&primary->out_tail, 4);
	assert_int_equal(loop_turn(&loop), 1);
}

static void a_successor_goes_on_where_the_lane_stands(void **state)
{
	lend_packets(10);
	send_all();
	loop_turn(&loop);
	loop_open(&loop, &view, SEAT, &no_wires);
	loop_set_work(&loop, work, NULL);
	assert_int_equal(loop_turn(&loop), 0);
	lend_packets(2);
	send_all();
	assert_int_equal(loop_turn(&loop), 2);
	assert_int_equal(worker->out[11].turn, 11);
}

static void it_leaves_with_empty_hands(void **state)
{
	lend(LANE_OWN, 7);
	lend_packets(50);
	lend(LANE_CUT, 7);
	send_all();
	atomic_store(&primary->wanted, SEAT_STOP);
	loop_run(&loop);
	assert_int_equal(ring_resume(&worker->out_head), 52);
	assert_int_equal(loop.tenure.held, 0);
	assert_null(loop.pipe.shard[7].header);
	assert_int_equal(loop.pipe.shard[7].slots, 0); // the short way of the pipe goes by it alone
	assert_int_equal(worker->stats.packets, 52);
	assert_true(worker->stats.bursts >= 2);
	assert_true(worker->stats.busy_ticks > 0);
}

static void stands_are_reported_soon_after_a_take_over(void **state)
{
	atomic_store(&view.shards[7].header->seq, 11);
	atomic_store(&view.shards[7].header->epoch, 2);
	lend(LANE_OWN, 7);
	lend(LANE_OWN, 9);
	send_all();
	loop_turn(&loop);
	loop_turn(&loop);
	loop_keep_house(&loop, loop.turned_at);
	assert_int_equal(ring_resume(&worker->report_head), 2);
	assert_int_equal(worker->reports[0].kind, REPORT_ACK);
	assert_int_equal(worker->reports[0].shard, 7);
	assert_int_equal(worker->reports[0].seq, 11);
	assert_int_equal(worker->reports[0].epoch, 2);
	assert_int_equal(worker->reports[1].shard, 9);
	loop_keep_house(&loop, loop.turned_at + view.plane->net.clock_hz / 2);
	assert_int_equal(ring_resume(&worker->report_head), 2);
	loop_keep_house(&loop, loop.turned_at + view.plane->net.clock_hz);
	assert_int_equal(ring_resume(&worker->report_head), 4);
	lend(LANE_OWN, 11); // another: no second goes by before it is told
	send_all();
	loop_turn(&loop);
	loop_keep_house(&loop, loop.kept_at + loop.house_ticks);
	assert_int_equal(ring_resume(&worker->report_head), 7);
}

static void bad_cells_of_a_shard_taken_are_dropped(void **state)
{
	struct lines lines;
	struct bearer bearer = fake_bearer(&view, 7, 5);

	lend(LANE_OWN, 7);
	send_all();
	loop_turn(&loop);
	lines = tenure_lines(&loop.tenure, 7);
	assert_int_equal(lines_set(&lines, 5, &bearer), 0);
	lend(LANE_CUT, 7);
	lend(LANE_OWN, 7);
	send_all();
	loop_turn(&loop);
	view.shards[7].uplink[5].peer_ipv4 ^= 1;                           // a stray write
	loop_keep_house(&loop, loop.turned_at + view.plane->net.clock_hz); // a second has passed
	assert_int_equal(lines_read(&lines, 5, &bearer), -ENOENT);
}

static void *run(void *with)
{
	loop_run(&loop);
	return NULL;
}

// Spins until *word is `value`; false after a generous while.
static bool becomes(_Atomic uint32_t *word, uint32_t value)
{
	uint64_t end = clock_ns() + WAIT_NS;

	while (atomic_load(word) != value && clock_ns() < end)
		sched_yield();
	return atomic_load(word) == value;
}

static void it_sleeps_and_wakes(void **state)
{
	struct loop_wires wires = { bell_make(), bell_make(), -1, -1 };
	struct pollfd bell = { wires.bell_primary, POLLIN, 0 };
	pthread_t thread;

	loop_open(&loop, &view, SEAT, &wires);
	loop_set_work(&loop, work, NULL);
	atomic_store(&view.plane->sleeping, 1);
	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
	for (uint32_t i = 1; i <= 20; i++) {
		assert_true(becomes(&worker->sleeping, 1));
		lend_packets(1);
		send_all();
		bell_ring_if(&worker->sleeping, wires.bell);
		assert_true(becomes(&worker->out_head.value, i));
	}
	assert_int_equal(poll(&bell, 1, 0), 1);
	atomic_store(&primary->wanted, SEAT_STOP);
	bell_ring(wires.bell);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(loop.stats.sleeps > 0);
	close(wires.bell);
	close(wires.bell_primary);
}

// It is seen to doze in the first turn without a burst, and rung for once.
static void a_primary_that_dozes_off_over_a_burst_is_rung_for(void **state)
{
	struct loop_wires wires = { -1, bell_make(), -1, -1 };
	uint64_t rings = 0;

	loop_open(&loop, &view, SEAT, &wires);
	loop_set_work(&loop, work, NULL);
	lend_packets(1);
	send_all();
	assert_int_equal(loop_turn(&loop), 1);
	bell_doze(&view.plane->sleeping);
	assert_int_equal(read(wires.bell_primary, &rings, sizeof(rings)), -1);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(loop_turn(&loop), 0);
	assert_int_equal(read(wires.bell_primary, &rings, sizeof(rings)), sizeof(rings));
	assert_int_equal(rings, 1);
	close(wires.bell_primary);
}

static void it_stays_while_it_holds_a_shard(void **state)
{
	struct loop_wires wires = { bell_make(), -1, -1, -1 };
	pthread_t thread;

	loop_open(&loop, &view, SEAT, &wires);
	loop_set_work(&loop, work, NULL);
	lend(LANE_OWN, 7);
	send_all();
	atomic_store(&primary->wanted, SEAT_STOP);
	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
	assert_true(becomes(&worker->sleeping, 1)); // it waits for the fence
	lend(LANE_CUT, 7);
	send_all();
	bell_ring_if(&worker->sleeping, wires.bell);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(view.shards[7].header->owner, PLANE_SEAT_NONE);
	close(wires.bell);
}

static void it_leaves_when_the_primary_is_gone(void **state)
{
	pid_t pid = fork();
	struct loop_wires wires = no_wires;

	if (!pid)
		_exit(0);
	wires.primary_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(wires.primary_pidfd >= 0);
	loop_open(&loop, &view, SEAT, &wires);
	loop_set_work(&loop, work, NULL);
	lend(LANE_OWN, 7); // still holding a shard: that must not keep it
	send_all();
	loop_run(&loop);
	assert_true(loop.primary_gone);
	close(wires.primary_pidfd);
	waitpid(pid, NULL, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_burst_comes_back_in_order),
		TEST(nothing_is_given_back_before_it_is_done),
		TEST(fences_keep_their_place),
		TEST(a_shard_taken_is_owned),
		TEST(a_spoilt_header_is_taken_at_zero),
		TEST(impossible_indices_move_nothing),
		TEST(a_full_lane_out_is_waited_for),
		TEST(a_successor_goes_on_where_the_lane_stands),
		TEST(it_leaves_with_empty_hands),
		TEST(stands_are_reported_soon_after_a_take_over),
		TEST(bad_cells_of_a_shard_taken_are_dropped),
		TEST(it_sleeps_and_wakes),
		TEST(a_primary_that_dozes_off_over_a_burst_is_rung_for),
		TEST(it_stays_while_it_holds_a_shard),
		TEST(it_leaves_when_the_primary_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
